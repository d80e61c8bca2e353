"""TrackingNet.

| | |
|---|---|
| files | TRAIN_0/frames/NAME/0.jpg, 1.jpg, ...; TRAIN_0/anno/NAME.txt; TEST/... |
| row | x,y,w,h with commas, fractions |
| pixels | from 0, corner and size (provisional: the toolkits take the numbers as they are) |
| frames | row k is the k-th image in the order of the numbers, which begin at 0 and have no leading zeros |
| absent | not annotated; a row 0,0,0,0 or without a size is read as absent |
| several targets | no |
| source | got10k 0.1.3 and vot-toolkit 0.9.0, trackingnet.py; the test part has one row a file |
"""

from functools import partial
from pathlib import Path

from irtrack_core.datasets.formats import row_truth
from irtrack_core.datasets.formats.row_truth import Layout
from irtrack_core.datasets.names import folders_in, listed

LAYOUT = Layout("trackingnet", ())


def items(root, *, first_pixel=0, fps=30.0, dataset="trackingnet"):
    """The sequences of the set at `root`, or of one of its parts: [(name, read)]; errors as of `got10k`."""
    root = Path(root)
    parts = [root] if (root / "anno").is_dir() else [p for p in folders_in(root) if (p / "anno").is_dir()]
    files = [file for part in parts for file in listed(part / "anno", "*.txt")]
    if not files:
        raise FileNotFoundError(f"no anno/*.txt in {root} or its parts TRAIN_0, ..., TEST")
    layout = row_truth.with_options(LAYOUT, first_pixel, fps, dataset)
    return [(file.stem, partial(_read, file, layout)) for file in files]


def _read(file, layout):
    folder = file.parent.parent / "frames" / file.stem
    images = row_truth.images_in(folder, (".",)) if folder.is_dir() else []
    return row_truth.read_folder(folder, layout, files=[file], images=images)


def detect(root):
    """(certainty, why) when `root` looks like TrackingNet, else None."""
    parts = [root, *folders_in(root)]
    found = any((part / "anno").is_dir() and (part / "frames").is_dir() for part in parts)
    return (0.9, "anno and frames") if found else None
