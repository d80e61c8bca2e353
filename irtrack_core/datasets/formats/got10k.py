"""GOT-10k, and any folder in its manner: images and a row a frame.

| | |
|---|---|
| files | NAME/00000001.jpg ..., `groundtruth.txt`, `absence.label`; a `groundtruth_rect.txt` is read as OTB's |
| row | x,y,w,h with commas; tabs, semicolons and blanks are read, too |
| pixels | from 0, corner and size, fractions allowed (provisional: the toolkit takes the numbers as they are) |
| frames | row k is the k-th image; images are numbered from 1 |
| absent | 1 in `absence.label`; a row 0,0,0,0 or NaN; width and height of 0 or less |
| several targets | no |
| source | got10k 0.1.3, got10k/datasets/got10k.py |
"""

from irtrack_core.datasets.formats import row_truth
from irtrack_core.datasets.formats.row_truth import Layout
from irtrack_core.datasets.names import listed

RECT = "groundtruth_rect*.txt"
LAYOUT = Layout("got10k", ("groundtruth.txt", RECT))


def items(root, *, first_pixel=None, fps=30.0, dataset="got10k"):
    """The sequence in folder `root`, or those in its folders: [(name, read)].

    first_pixel: the number of the upper left pixel in the file; None: 1 for OTB's groundtruth_rect.txt, 0 for
    groundtruth.txt. fps, dataset: what the sequences get. Several truth files in a folder give NAME-1, NAME-2, ...
    Raises FileNotFoundError without images or truth, ValueError (file and line) when a box is bad.
    """
    found = row_truth.items(root, row_truth.with_options(LAYOUT, first_pixel, fps, dataset))
    if first_pixel is not None:
        return found
    return [(name, _with_first_pixel(read)) for name, read in found]


def _with_first_pixel(read):
    """The same reading, with pixels from 1 where the truth is OTB's."""
    folder, layout = read.args
    files = row_truth.truth_files(folder, layout.truths)
    from_1 = bool(files) and files[0].match(RECT)
    return type(read)(read.func, folder, row_truth.with_options(layout, first_pixel=int(from_1)))


def detect(root):
    """(certainty, why) when `root` looks like GOT-10k, else None."""
    file = next((file for part in (".", "*", "*/*") for file in listed(root, f"{part}/groundtruth.txt")), None)
    if file is None:
        return None
    label = (file.parent / "absence.label").is_file()
    return (0.9, "groundtruth.txt and absence.label") if label else (0.6, "groundtruth.txt, four numbers a row")
