"""A set such as somebody brings along: a folder a sequence, images and a box file."""

import cv2
import numpy as np

from irtrack_core.datasets.writers import write

FRAMES = 8


def got10k_set(folder, names, *, absent=(), speed=2.0):
    """A set in GOT-10k's layout: a bright square that moves over noise."""
    for number, name in enumerate(names):
        rng, boxes = np.random.default_rng(number), []
        (folder / name).mkdir(parents=True)
        for k in range(FRAMES):
            frame = rng.normal(60, 3, (48, 64))
            x, y = 10 + speed * k, 12 + number
            frame[int(y) : int(y) + 6, int(x) : int(x) + 6] += 120
            boxes.append([np.nan] * 4 if k in absent else [x, y, 6, 6])
            cv2.imwrite(str(folder / name / f"{k + 1:08d}.png"), frame.clip(0, 255).astype(np.uint8))
        write("got10k", folder / name, np.array(boxes))
    return folder
