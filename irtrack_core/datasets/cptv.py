"""CPTV, raw 16-bit thermal clips of the Cacophony Project, 160 x 120.

| | |
|---|---|
| files | NAME.cptv; NAME.txt beside it, JSON with tracks, where there is one |
| label | {"tracks": [{"positions": [{"frame_number", "x", "y", "width", "height", "blank"}, ...]}, ...]} |
| pixels | from 0, corner and size |
| frames | frame_number from 0; the camera's own background frame is not counted |
| absent | no position, or blank |
| several targets | the track with the most positions is taken |
| source | a tracker's output, not truth; the clips' package cptv |
"""

import json
from functools import partial

import numpy as np

from irtrack_core.datasets.cptv_frames import CptvFrames
from irtrack_core.datasets.names import inside, listed
from irtrack_core.datasets.sequence import Sequence


def items(root):
    """The clip `root`, or the clips in a folder: [(name, read)]; boxes are those of the longest track in NAME.txt, else NaN.

    Raises FileNotFoundError without clips, ValueError when a clip is bad.
    """
    root = inside(root, "cptv")
    files = listed(root, "*.cptv") if root.is_dir() else [root]
    if not files:
        raise FileNotFoundError(f"no *.cptv in {root}")
    return [(file.stem, partial(_read, file)) for file in files]


def _read(path):
    frames = CptvFrames(path)
    boxes = np.full((len(frames), 4), np.nan)
    metadata = path.with_suffix(".txt")
    notes = ("no boxes: a clip has none of its own",)
    if metadata.is_file():
        try:
            tracks = json.loads(metadata.read_text(encoding="utf-8"))["tracks"]
            longest = max(tracks, key=lambda track: len(track["positions"]))["positions"]
            for p in longest:
                if not p.get("blank") and 0 <= p["frame_number"] < len(boxes):
                    boxes[p["frame_number"]] = p["x"], p["y"], p["width"], p["height"]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"{metadata} is not a CPTV track file ({error!r})") from error
        notes = (f"boxes of {metadata.name} are a tracker's output, not truth",)
    if not frames.complete:
        notes += (f"the clip breaks off after {len(frames)} frames: copy it again",)
    return [Sequence(path.stem, "cptv", frames, boxes, frames.fps, notes=notes)]
