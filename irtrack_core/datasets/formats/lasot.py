"""LaSOT.

| | |
|---|---|
| files | NAME/img/00000001.jpg ..., `groundtruth.txt`, `full_occlusion.txt`, `out_of_view.txt` |
| row | x,y,w,h with commas; the two other files hold 0,0,1,... in one line |
| pixels | from 0, corner and size (provisional: the toolkits take the numbers as they are; whole numbers) |
| frames | row k is the k-th image |
| absent | 1 in either file, whatever the row says; a row 0,0,0,0, or without a size such as 1,1,-1,-1 |
| several targets | no |
| source | got10k 0.1.3, got10k/datasets/lasot.py; LaSOT_Evaluation_Toolkit |
"""

from irtrack_core.datasets.formats import row_truth
from irtrack_core.datasets.formats.row_truth import Layout
from irtrack_core.datasets.names import listed

LAYOUT = Layout("lasot", ("groundtruth.txt",))
MARKS = ("full_occlusion.txt", "out_of_view.txt")


def items(root, *, first_pixel=0, fps=30.0, dataset="lasot"):
    """The sequences in folder `root`, or in its categories' folders: [(name, read)]; options and errors as of `got10k`."""
    return row_truth.items(root, row_truth.with_options(LAYOUT, first_pixel, fps, dataset))


def detect(root):
    """(certainty, why) when `root` looks like LaSOT, else None."""
    for mark in MARKS:
        if any((root / mark).is_file() or listed(root, f"{part}/{mark}") for part in ("*", "*/*")):
            return 0.95, f"groundtruth.txt and {mark}"
    return None
