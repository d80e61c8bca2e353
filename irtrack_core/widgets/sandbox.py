"""The sandbox that `make demo` serves: a clip, a filter, a tracker, a box drawn on the first frame, and what comes of it."""

import tempfile
from pathlib import Path

import ipywidgets

from irtrack_core import datasets, trackers
from irtrack_core.datasets.open_frames import open_frames
from irtrack_core.filtering import line_elements, multilevel_filter, rectangle
from irtrack_core.widgets.base import WHOLE, impossible
from irtrack_core.widgets.tracking import pick_and_track

CLIPS = ("sim-aircraft", "sim-pedestrian", "sim-otcbvs")  # of datasets.GENERATED: there without a download
FILTERS = {
    "none: the frames as they are": "I",
    "background taken off, U of eq. (3)": "U",
    "and opened by s, M of eq. (4)": "M",
}
TRACKERS = ("siamese", "motion", "peak")  # they run without torch
FRAMES = 60
WRONG = (ValueError, TypeError, OSError, ImportError)  # of a clip, or of a package that reads its kind
LOOK = {"style": {"description_width": "6em"}, "layout": {"width": "36em", "max_width": WHOLE}}


class Filtered:
    """Lazy frames behind the multi-level filter: what a tracker sees that is given U or M in place of the image."""

    def __init__(self, frames, level):
        self.frames, self.level = frames, level
        self.elements, self.s = line_elements(15, 4), rectangle(3, 3)

    def __len__(self):
        return len(self.frames)

    def __getitem__(self, index):
        _, U, M = multilevel_filter(trackers.to_gray(self.frames[index]), self.elements, self.s)
        return U if self.level == "U" else M


def sandbox():
    """A widget: menus for clip, filter and tracker, a button to upload a clip, and `pick_and_track` for what is chosen."""
    return _Sandbox().box


class _Sandbox:
    def __init__(self):
        self.uploaded = None  # (name, frames)
        self.folder = tempfile.TemporaryDirectory(prefix="irtrack-demo-")
        self.clip = ipywidgets.Dropdown(options=self._clips(), description="clip", **LOOK)
        self.upload = ipywidgets.FileUpload(
            accept="video/*,.tif,.tiff,.npy,.cptv", description="a clip of yours", layout={"width": "auto"}
        )
        self.filter = ipywidgets.Dropdown(options=FILTERS, description="filter", **LOOK)
        self.tracker = ipywidgets.Dropdown(options=TRACKERS, description="tracker", **LOOK)
        self.text, self.place = ipywidgets.HTML(), ipywidgets.VBox([])
        for control in (self.clip, self.filter, self.tracker):
            control.observe(self._show, names="value")
        self.upload.observe(self._uploaded, names="value")
        first = ipywidgets.HBox(
            [self.clip, self.upload], layout={"flex_flow": "row wrap"}
        )  # below each other on a phone
        controls = [first, self.filter, self.tracker]
        self.box = ipywidgets.VBox([*controls, self.text, self.place])
        self.box.add_class("irtrack-sandbox")
        self.box.sandbox = self  # lives as long as the box
        self._show()

    def _clips(self):
        return [*CLIPS] if self.uploaded is None else [self.uploaded[0], *CLIPS]

    def _uploaded(self, change):
        if not change["new"]:
            return
        one = change["new"][-1]
        # the name alone, for no path is of this machine; in a folder of its own: one before it may still be shown
        path = Path(tempfile.mkdtemp(dir=self.folder.name)) / Path(one["name"]).name
        try:
            path.write_bytes(bytes(one["content"]))
            frames = open_frames(path)
        except WRONG as error:
            self.text.value = impossible(error)
            return
        self.uploaded = path.name, frames
        self.clip.unobserve(self._show, names="value")  # each of the two would draw
        self.clip.options = self._clips()
        self.clip.value = path.name
        self.clip.observe(self._show, names="value")
        self._show()

    def _frames(self):
        name = self.clip.value
        frames = self.uploaded[1] if self.uploaded and name == self.uploaded[0] else _simulated(name)
        return frames if self.filter.value == "I" else Filtered(frames, self.filter.value)

    def _show(self, _=None):
        self.text.value = ""
        try:
            picker = pick_and_track(self._frames(), tracker=self.tracker.value, most=300, name=self.clip.value)
        except WRONG as error:
            self.text.value, self.place.children = impossible(error), ()
            return
        self.place.children = (picker,)


def _simulated(name):
    return datasets.load(name, frames=FRAMES)[0].frames
