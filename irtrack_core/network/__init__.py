"""The improved Siamese network, eqs. (5)-(11): crops in, scores and boxes out; and what runs it.

`siamese` and `losses` need torch; `crops`, `anchors`, `weights` and `inference` do not.
"""
