"""Can a picture tell that a first box was drawn wrong? A small network learns it, and is asked where it has not learnt.

    IRTRACK_DATA=FOLDER python benchmarks/box_conventions.py [--steps 600] [--out FILE.csv]

A crop about a wrong box (sides off by up to e^0.4, centre by a normal deviation of 0.12 sides) is shown to four convolutions,
which tell the logarithms of the true sides over the drawn ones. It learns from the Svanstrom training list, in five folds by
recording, and is asked (a) on the recordings left out, (b) on simulated targets, whose boxes another rule draws, by the
network of the last fold. Boxes are as given, or wrong by a quarter of each side, about what the protocol SRE-strong draws.
Did it see where a target ends, its answers would follow the box as well in (b) as in (a), and be 0 for boxes that are right.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch
from torch import nn

from irtrack_core import boxes as bx
from irtrack_core import datasets
from irtrack_core.network.crops import crop
from irtrack_core.trackers.base import to_gray

SIDE, EXTENT = 32, 2.5  # pixels of a crop, and what it shows in sides of the drawn box
FOLDS, FRAMES, BATCH = 5, 40, 64  # frames of a training clip, evenly spread
SCALE, SHIFT = 0.4, 0.12  # largest logarithm of a drawn side over the true one; deviation of the centre, in true sides
QUARTERS = [(0.75, 0.75), (1.25, 1.25), (0.75, 1.25), (1.25, 0.75)]


def picture(frame, center, size):
    """The crop (SIDE, SIDE) float32 of EXTENT drawn sides each way, the target bright, its largest value about 1."""
    wide = EXTENT * np.asarray(size, float)
    square = cv2.resize(
        frame, None, fx=1.0, fy=float(wide[0] / wide[1]), interpolation=cv2.INTER_LINEAR
    )  # so that a square crop shows both sides alike
    made = crop(square, (center[0], center[1] * wide[0] / wide[1]), float(wide[0]), SIDE)
    edge = np.concatenate([made[:3].ravel(), made[-3:].ravel(), made[:, :3].ravel(), made[:, -3:].ravel()])
    made = made - np.median(edge)
    middle = made[SIDE // 2 - 5 : SIDE // 2 + 5, SIDE // 2 - 5 : SIDE // 2 + 5]
    made = made * np.sign(middle.mean() or 1.0)
    return np.clip(made / (np.abs(made[6:-6, 6:-6]).max() + 1e-3), -2, 2)


def cut(sequences, frames):
    """[(recording, patch (h, w), centre (2,) in it, size (2,))] of so many annotated frames of each sequence."""
    found = []
    for one in sequences:
        truth = np.asarray(one.boxes)
        usable = np.flatnonzero(np.isfinite(truth).all(axis=1) & (truth[:, 2:] >= 2).all(axis=1))
        for k in usable[np.unique(np.linspace(0, len(usable) - 1, frames).astype(int))]:
            frame = to_gray(one.frames[int(k)], finite=False).astype(np.float32)
            center, size = bx.centers(truth[k]), truth[k, 2:]
            half = np.ceil(3.2 * size + 4).astype(int)
            low = np.maximum(np.floor(center).astype(int) - half, 0)
            high = np.floor(center).astype(int) + half + 1
            found.append((one.recording, frame[low[1] : high[1], low[0] : high[0]], center - low, size))
    return found


class Reader(nn.Module):
    """Logarithms (B, 2) of the true sides over the drawn ones, from crops (B, 1, SIDE, SIDE) and drawn sizes (B, 2), px."""

    def __init__(self, width=24):
        super().__init__()
        layers, before = [], 3
        for channels, stride in ((width, 1), (width, 2), (2 * width, 2), (2 * width, 2)):
            layers += [nn.Conv2d(before, channels, 3, stride, 1), nn.BatchNorm2d(channels), nn.ReLU()]
            before = channels
        self.features = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.3))
        self.answer = nn.Sequential(nn.Linear(2 * width * 16 + 2, 64), nn.ReLU(), nn.Linear(64, 2))
        along = torch.linspace(-1, 1, SIDE)
        self.register_buffer("where", torch.stack(torch.meshgrid(along, along, indexing="xy")))

    def forward(self, crops, sizes):
        crops = torch.cat([crops, self.where.expand(len(crops), -1, -1, -1)], dim=1)
        return self.answer(torch.cat([self.features(crops), torch.log(sizes / 16)], dim=1))


def drawn(item, scale, shift=(0.0, 0.0)):
    """(crop, drawn size) of an item of `cut` whose box is drawn `scale` (2,) times as large and moved by `shift` sides."""
    _, patch, center, size = item
    return picture(patch, center + np.asarray(shift) * size, size * scale), size * scale


def learn(items, steps, seed):
    """A Reader after so many steps on wrong boxes of the items."""
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    net = Reader()
    descent = torch.optim.AdamW(net.parameters(), weight_decay=0.02)
    rates = torch.optim.lr_scheduler.OneCycleLR(descent, 2e-3, steps)
    _, which, counts = np.unique([one[0] for one in items], return_inverse=True, return_counts=True)
    share = 1 / np.sqrt(counts[which])  # a recording with many clips counts for less than their number
    for _ in range(steps):
        chosen = rng.choice(len(items), BATCH, p=share / share.sum())
        scales = np.exp(rng.uniform(-SCALE, SCALE, (BATCH, 2)))
        made = [drawn(items[i], s, rng.normal(0, SHIFT, 2)) for i, s in zip(chosen, scales)]
        crops = np.array([one[:: rng.choice([-1, 1]), :: rng.choice([-1, 1])] for one, _ in made])
        crops = crops + rng.normal(0, 0.03, crops.shape)
        said = net(*tensors(crops, [size for _, size in made]))
        loss = nn.functional.smooth_l1_loss(said, torch.tensor(-np.log(scales), dtype=torch.float32), beta=0.05)
        descent.zero_grad()
        loss.backward()
        descent.step()
        rates.step()
    return net.eval()


def tensors(crops, sizes):
    return torch.tensor(np.array(crops), dtype=torch.float32)[:, None], torch.tensor(
        np.array(sizes), dtype=torch.float32
    )


@torch.no_grad()
def asked(net, items, kind):
    """Rows (kind, recording, true, said) of logarithms, two a box, for boxes as given and wrong by a quarter."""
    rows = []
    for scale in [(1.0, 1.0), *QUARTERS]:
        for item in items:
            made, size = drawn(item, np.array(scale))
            said = net(*tensors([made], [size]))[0].tolist()
            rows += [(kind, item[0], -np.log(s), each) for s, each in zip(scale, said)]
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--out", type=Path, help="a row a box and side")
    options = parser.parse_args()
    torch.set_num_threads(1)
    sequences = datasets.load("svanstrom", split="train")
    items, starts = cut(sequences, FRAMES), cut(sequences, 1)
    recordings = np.random.default_rng(1).permutation(sorted({one[0] for one in items}))
    rows = []
    for fold in range(FOLDS):
        left_out = set(recordings[fold::FOLDS])
        net = learn([one for one in items if one[0] not in left_out], options.steps, fold)
        rows += asked(net, [one for one in starts if one[0] in left_out], "recordings not learnt from")
    for name in datasets.SIMULATED:
        rows += asked(net, cut(datasets.load(name, sequences=20, frames=4, seed=78), 2), name)
    table = pd.DataFrame(rows, columns=["boxes", "recording", "true", "said"]).round(4)
    if options.out:
        table.to_csv(options.out, index=False, lineterminator="\n")
    print("logarithms of true over drawn sides: what is said, as a line over what is true")
    for kind, part in table.groupby("boxes", sort=False):
        slope, offset = np.polyfit(part["true"], part["said"], 1)
        rest = part["said"] - slope * part["true"] - offset
        right = part[part["true"] == 0]["said"]
        print(
            f"{kind:28} slope {slope:.2f}, at boxes that are right {right.mean():+.2f} +- {right.std():.2f}, "
            f"rest {rest.std():.2f}"
        )


if __name__ == "__main__":
    main()
