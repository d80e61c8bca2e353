"""A temporal-profile detector: the values of each pixel along time through a small one-dimensional network.

Detectors of this kind look at one pixel's past and present and at nothing beside it. Here the past frames are laid onto the
present one first (`tps`), or any moving camera would blind it; the network is trained on `in_time.scene_video` alone, in two
seconds, with scenes that no table uses. A stand-in for the kind, not for any one paper.
"""

from functools import lru_cache

import numpy as np
import torch
from torch import nn

from irtrack_core.experiments.compared import tps
from irtrack_core.experiments.in_time import scene_video

GAPS = (20, 16, 12, 8, 4)  # frames back, oldest first, and then the present one: as the filter in time
SCENES, STEPS, RATE = 16, 200, 0.01  # of the training
NEAR, OTHERS = 1.5, 120  # px of the centre within which a pixel is the target's; other pixels of a scene
FIRST_SEED = 1000  # of the training scenes


def network(seed=0):
    """(N, 1, 6) profiles -> (N, 1) logits: two convolutions along time, 168 learned numbers."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Conv1d(1, 8, 3), nn.ReLU(), nn.Conv1d(8, 5, 3), nn.ReLU(), nn.Flatten(), nn.Linear(10, 1)
        )


def profiles(present, known):
    """(H, W, 6) float32: each pixel's values less their median, over the frame's rms of the last change.

    known: `tps.background` of the frames in the order of GAPS.
    """
    stack = np.moveaxis(np.concatenate([known, present[None].astype(np.float32)]), 0, -1)
    stack = stack - np.median(stack, axis=-1, keepdims=True)
    rest = stack[..., -1] - stack[..., -2]
    return stack / max(float(np.sqrt(np.mean(rest**2))), 1e-6)


@lru_cache(maxsize=1)
def trained(seed=0):
    """The network, trained on profiles of SCENES simulated scenes: of the target's pixels and of others."""
    rng, given, wanted = np.random.default_rng([seed, FIRST_SEED]), [], []
    for k in range(SCENES):
        speed, pan, height = rng.uniform(0.4, 2.0), rng.uniform(0, 2.0), rng.uniform(15, 50)
        frames, boxes = scene_video(speed, pan, height=height, seed=FIRST_SEED + k)
        known = tps.background(frames[-1], [frames[-1 - gap] for gap in GAPS])
        if known is None or len(known) < len(GAPS):
            continue
        found = profiles(frames[-1], known)
        y, x = np.mgrid[: found.shape[0], : found.shape[1]] + 0.5
        apart = np.hypot(*(axis - place for axis, place in zip((x, y), boxes[-1][:2] + boxes[-1][2:] / 2)))
        mine, others = np.flatnonzero(apart < NEAR), np.flatnonzero(apart > 3 * NEAR)
        chosen = np.concatenate([mine, rng.choice(others, OTHERS, replace=False)])
        given.append(found.reshape(-1, found.shape[-1])[chosen])
        wanted.append(np.arange(len(chosen)) < len(mine))
    x = torch.from_numpy(np.concatenate(given))[:, None]
    y = torch.from_numpy(np.concatenate(wanted).astype(np.float32))[:, None]
    net, weight = network(seed), (1 - y.mean()) / y.mean()
    loss = nn.BCEWithLogitsLoss(pos_weight=weight)
    optimizer = torch.optim.Adam(net.parameters(), lr=RATE)
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss(net(x), y).backward()
        optimizer.step()
    return net.eval()


def response(present, known):
    """(H, W) float32, ln of the odds of target over background. known: as of `profiles`; all 0 where one of them is lacking.

    For dark targets give negatives.
    """
    if known is None or len(known) < len(GAPS):
        return np.zeros(present.shape, np.float32)
    found, net = profiles(present, known), trained()
    with torch.no_grad():
        odds = net(torch.from_numpy(found.reshape(-1, 1, found.shape[-1])))
    return odds.numpy().reshape(present.shape)
