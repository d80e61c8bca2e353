"""Copy-paste augmentation: real targets in simulated scenes, for the frames of a real set show few kinds of background."""

import numpy as np

from irtrack_core import boxes as bx
from irtrack_core.datasets import Sequence
from irtrack_core.network.crops import crop


def cut_out(frame, box):
    """The target in `box` less its background: a signed residual (n, n) float32, n odd, centred on the box.

    The background is the median along the border of the patch; the residual fades out beyond the box's ellipse.
    """
    size = np.asarray(box[2:], float)
    reach = int(np.ceil(0.75 * size.max())) + 3
    side = 2 * reach + 1
    patch = crop(frame, bx.centers(box), side, side)
    edge = np.median(np.concatenate([patch[0], patch[-1], patch[:, 0], patch[:, -1]]))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    fade = np.clip(1.6 - np.hypot(x / (0.62 * size[0]), y / (0.62 * size[1])), 0, 1)
    return ((patch - edge) * fade).astype(np.float32)


def paste(frame, residual, corner):
    """A copy of frame (H, W) float32 with the residual added, its upper left pixel at `corner` (x, y), clipped there."""
    frame, (height, width) = frame.copy(), frame.shape
    x, y = (int(v) for v in corner)
    n = len(residual)
    rows, columns = slice(max(y, 0), min(y + n, height)), slice(max(x, 0), min(x + n, width))
    frame[rows, columns] += residual[rows.start - y : rows.stop - y, columns.start - x : columns.stop - x]
    return frame


def transplant(real, scene, rng, *, gain=(0.3, 1.2)):
    """A sequence with the target of `real` in the frames of `scene`, as many frames as `scene` has, uint8.

    The frames of `real` are a random run of annotated ones, evenly apart; the target moves from frame to frame at random
    and stays inside. The targets of `scene` stay, unannotated, as distractors.
    Raises ValueError when `real` has no annotated frame.
    """
    present = np.flatnonzero(real.present)
    if not len(present):
        raise ValueError(f"sequence {real.name} has no annotated frame")
    count = len(scene.frames)
    step = int(rng.integers(1, max(2, min(30, len(present) // count + 1))))
    first = int(rng.integers(max(1, len(present) - step * (count - 1))))
    chosen = present[np.minimum(first + step * np.arange(count), len(present) - 1)]
    factor = np.exp(rng.uniform(*np.log(gain)))
    frames, boxes = [], []
    for number, source in enumerate(chosen):
        box = real.boxes[source]
        residual = factor * cut_out(real.frames[int(source)], box)
        picture = np.asarray(scene.frames[number], np.float32)
        if scene.frames.dtype != np.uint8:
            low, high = np.percentile(picture, [0.5, 99.5])
            picture = np.clip((picture - low) * (200 / max(high - low, 1e-6)) + 20, 0, 255)
        reach = len(residual) // 2
        room = np.array(picture.shape[::-1]) - 2 * reach - 1
        corner = rng.integers(np.minimum(-reach // 2, room), np.maximum(room + reach // 2, 1))
        frames.append(np.rint(np.clip(paste(picture, residual, corner), 0, 255)).astype(np.uint8))
        boxes.append(bx.from_centers(corner + reach + 0.5, box[2:]))
    return Sequence(
        name=f"{real.name}-moved", dataset="transplant", frames=np.stack(frames), boxes=np.array(boxes), fps=real.fps
    )
