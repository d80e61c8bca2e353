"""The improved Siamese network, eqs. (5)-(11): from crops to scores and boxes; and the backends that run it.

`siamese` and `losses` need torch; `crops`, `anchors`, `weights` and `inference` do not.
"""

from pathlib import Path

SHIPPED = Path(__file__).resolve().parent / "shipped"  # folder of the weights that come with the package
