"""One target a sequence from annotations that name several objects in a frame, with or without identities."""

import numpy as np

from irtrack_core.boxes import centers, iou
from irtrack_core.optional import need


def link(frames, *, max_gap=0):
    """Tracks (T, N, 4) of annotated boxes that carry no identity; NaN rows where a track has no box.

    frames: N lists of boxes (4,). From frame to frame the pairing with the largest total overlap is taken; boxes that
    do not overlap may be one object when their centres are less than one mean side apart. A track ends after `max_gap`
    frames without a partner. Longest track first.
    """
    match = need("scipy.optimize", "readers").linear_sum_assignment
    count, tracks, seen = len(frames), [], []  # seen: the last frame of each track
    for index, boxes in enumerate(frames):
        boxes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
        live = [k for k, last in enumerate(seen) if index - last <= max_gap + 1]
        owner = {}  # box -> track
        if live and len(boxes):
            last = np.array([tracks[k][seen[k]] for k in live])[:, None]
            distance = np.linalg.norm(centers(last) - centers(boxes), axis=-1) / last[..., 2:].mean(axis=-1)
            # overlap decides; among boxes without overlap the nearer one
            gain = iou(last, boxes) + 1e-3 * np.clip(1 - distance, 0, None)
            owner = {j: live[i] for i, j in zip(*match(-gain)) if gain[i, j] > 0}
        for j, box in enumerate(boxes):
            k = owner.get(j, len(tracks))
            if k == len(tracks):
                tracks.append(np.full((count, 4), np.nan))
                seen.append(index)
            tracks[k][index], seen[k] = box, index
    order = np.argsort([-np.isfinite(track[:, 0]).sum() for track in tracks], kind="stable")
    return np.array([tracks[i] for i in order]).reshape(-1, count, 4)


def follow(frames, numbers, *, max_step, max_gap=0):
    """Boxes (N, 4) of each object in N lists of (identity or None, box), None for a frame that nobody annotated.

    By identity where there are any; else linked, but not over steps of more than `max_step` between the frames' numbers.
    """
    known = [i for i, frame in enumerate(frames) if frame is not None]
    if any(who is not None for i in known for who, _ in frames[i]):
        return list(by_identity([frame or [] for frame in frames]).values())
    jumps, tracks = np.diff([numbers[i] for i in known]) > max_step, []
    for run in np.split(np.array(known), np.flatnonzero(jumps) + 1):
        for part in link([[box for _, box in frames[i]] for i in run], max_gap=max_gap):
            boxes = np.full((len(frames), 4), np.nan)
            boxes[run] = part
            tracks.append(boxes)
    return tracks


def by_identity(frames):
    """{identity: boxes (N, 4)} of N lists of (identity, box); NaN rows where the identity is absent.

    Raises ValueError when an identity has two boxes in one frame.
    """
    tracks = {}
    for index, objects in enumerate(frames):
        for identity, box in objects:
            track = tracks.setdefault(identity, np.full((len(frames), 4), np.nan))
            if not np.isnan(track[index, 0]):
                raise ValueError(f"object {identity} has two boxes in frame {index}")
            track[index] = box
    return tracks
