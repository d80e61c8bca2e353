"""Small folders in the formats of the field, made as their sources say, and not with the project's own writers."""

import media
import numpy as np

COUNT = 6
# x, y, w, h from 0 of a target that moves to the right in 64 x 48 frames
BOXES = np.array([[10.0 + 3 * i, 12, 5, 4] for i in range(COUNT)])


def images(folder, count=COUNT, suffix=".jpg", first=1, digits=8):
    """A folder of images numbered from `first`; after 48 of them they repeat."""
    frames = media.clip(min(count, 48))[np.arange(count) % 48]
    return media.write_images(folder, frames, suffix, name=lambda i: f"{i + first:0{digits}d}")


def lines(rows, mark=","):
    """Rows of numbers as text, without needless zeros."""
    return "".join(mark.join(f"{value:g}" for value in row) + "\n" for row in rows)


def write(path, text):
    """A text file in a folder that is made for it; the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
