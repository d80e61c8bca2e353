"""Readers of the field's formats, one module a family, each with the table of its conventions; docs/formats.md lists them.

A module has `items(root, **options) -> [(name, read)]`, see `datasets.items`, and `detect(root) -> (certainty, why)` or
None (those of label files of objects stand in `signs`).
Certainty: 0.9 where nothing else looks like it, 0.6 where another format might, 0.3 where it is a guess.
"""
