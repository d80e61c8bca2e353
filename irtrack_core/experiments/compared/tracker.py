"""The methods that the paper compares itself with or builds on as trackers: reconstructions; of [8]-[11] only [11] is one.

The paper names them and shows their results, but not what was run. Each stands here in one and the same frame (crops of the
preset `paper`, the three-scale search of SiamFC, the paper's training), without the paper's own modules, so that what is
compared is the network: `compared.nets`. What had to be assumed is listed in `compared.notes`.
"""

from functools import partial
from pathlib import Path

import numpy as np
import torch

from irtrack_core.config import PyramidSettings, TrackerSettings
from irtrack_core.experiments.compared.nets import HISTORY, NETS, ComparedSettings, build
from irtrack_core.experiments.compared.notes import BARE, BARE_REGION
from irtrack_core.experiments.compared.pairs import PairCropMaker, state_rows
from irtrack_core.network.crops import template_side
from irtrack_core.network.weights import SHIPPED, fill, read_tensors
from irtrack_core.trackers.base import to_gray
from irtrack_core.trackers.pyramid import PyramidTracker
from irtrack_core.trackers.siamese import SiameseTracker

NO_WEIGHTS = (
    "no weights at {path}: none of the compared methods is shipped; notebook 07 trains them, or "
    "`python -m irtrack_core.experiments.jobs`"
)


class ComparedTracker(PyramidTracker):
    """A PyramidTracker for any of the nets: it keeps the history for ref9, and takes paired frames for ref10.

    A net with `visible=True` takes frames (H, W, 2), infrared and visible, of uint8, uint16 or float32; see `with_visible`.
    """

    def __init__(self, net, *, settings=None, name=None, device_name="cpu"):
        settings = settings or PyramidSettings(**BARE)
        super().__init__(net, settings=settings, name=name or net.settings.method, device_name=device_name)
        if net.settings.visible:
            self.checked, self.crop_maker = read_pair, PairCropMaker

    def init(self, frame, box):
        super().init(frame, box)
        self.past = [(self.center.copy(), self.size.copy(), 1.0)]

    def update(self, frame):
        if self.net.settings.method == "ref9":
            s = self.net.settings
            side = template_side(self.size, s) * s.search_size / s.template_size
            rows = state_rows(*zip(*self.past), center=self.center, side=side, given=self.initial_size)
            self.engine.kernels = (self.engine.kernels[0], torch.from_numpy(rows)[None].to(self.engine.device))
        box = super().update(frame)
        self.past = [*self.past[1 - HISTORY :], (self.center.copy(), self.size.copy(), self.score)]
        return box


def read_pair(frame, shape=None):
    """A frame (H, W, 2) checked plane by plane, as `to_gray` checks one. Raises ValueError for another shape."""
    frame = np.asarray(frame)
    if frame.ndim != 3 or frame.shape[2] != 2:
        raise ValueError(
            f"a net with a visible stream takes frames (H, W, 2), infrared and visible; got {frame.shape}: see with_visible"
        )
    return np.stack([to_gray(frame[..., plane], shape) for plane in (0, 1)], axis=2)


def load_compared(path, method=None):
    """The net stored at `path` in eval mode. method: the one it must be, one of NETS; None takes any.

    Raises FileNotFoundError, or ValueError when the file holds another net.
    """
    try:
        tensors, metadata = read_tensors(path)
    except FileNotFoundError:
        raise FileNotFoundError(NO_WEIGHTS.format(path=path)) from None
    found = metadata.get("settings", {}).get("method")
    if found is None or found != (method or found):
        raise ValueError(f"{path} holds weights of {found or 'another network'}, not of {method or ' or '.join(NETS)}")
    return fill(build(ComparedSettings(**metadata["settings"])), tensors, path).eval()


def create(method, weights=None, **options):
    """The tracker of a compared method. weights: a file that notebook 07 made, e.g.
    results/<profile>/weights/ref8_fold0_seed0.safetensors; none is shipped, so without it data/weights/ref8.safetensors
    must have been put there. See `load_compared` for the errors."""
    return ComparedTracker(load_compared(Path(weights or SHIPPED / f"{method}.safetensors"), method), **options)


create_ref8, create_ref9, create_ref10, create_ref11, create_ref15, create_ref16 = (partial(create, n) for n in NETS)


def create_ref14(weights=None, **options):
    """The tracker of [14]: the head "fcpp", in one crop a frame. weights and errors: as of `create`."""
    path = Path(weights or SHIPPED / "ref14.safetensors")
    if not path.is_file():
        raise FileNotFoundError(NO_WEIGHTS.format(path=path))
    if (head := read_tensors(path)[1].get("settings", {}).get("head")) != "fcpp":
        raise ValueError(f"{path} holds weights of {head or 'another network'}, not of ref14, whose head is 'fcpp'")
    options = {"name": "ref14", "settings": TrackerSettings(**BARE_REGION)} | options
    return SiameseTracker.from_weights(path, preset="paper", **options)
