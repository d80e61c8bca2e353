"""LightTrack from two ONNX files, by OpenCV's DNN module.

B. Yan, H. Peng, K. Wu, D. Wang, J. Fu, H. Lu, "LightTrack: Finding lightweight neural networks for object tracking via
one-shot architecture search", CVPR 2021. Neither code nor weights of it are here; the search below follows its description:
crops of 128 and 256, a map of 16 x 16 at stride 16, four distances at each place, penalty of changes and cosine window.
"""

from pathlib import Path

import cv2
import numpy as np

from irtrack_core.boxes import centers, check_box, from_centers
from irtrack_core.network.crops import crop
from irtrack_core.trackers.base import shape_of, to_gray
from irtrack_core.trackers.onnx_inputs import check_fed
from irtrack_core.trackers.opencv import reason

TEMPLATE, SEARCH, CELLS, STRIDE = 128, 256, 16, 16
MEAN, DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])  # of ImageNet, R, G, B
PENALTY, WINDOW, RATE = 0.062, 0.15, 0.765
NEEDS = (
    "give the template's branch (z -> zf) and the search branch with its head (zf, x -> cls, reg) as ONNX files, cls with "
    "its sigmoid"
)


class LightTracker:
    """LightTrack under our protocol. template, search: its two ONNX files; none is shipped.

    Raises ValueError without them, or for files that are other graphs, FileNotFoundError when one is missing. Frames of
    uint16 and float32 are scaled by the range of the first one.
    """

    name = "lighttrack"

    def __init__(self, template=None, search=None):
        if template is None or search is None:
            raise ValueError("LightTrack needs its weights: create('lighttrack', template='….onnx', search='….onnx')")
        for path in (template, search):
            if not Path(path).is_file():
                raise FileNotFoundError(f"no weights of LightTrack at {path}")
        self.score = 0.0
        try:
            self.nets = [cv2.dnn.readNetFromONNX(str(path)) for path in (template, search)]
            self.kernel = self._kernel(np.zeros((TEMPLATE, TEMPLATE), np.float32))
            # files of two models: OpenCV computes on with any number of channels
            check_fed(search, {"zf": self.kernel.shape, "x": (1, 3, SEARCH, SEARCH)})
            self._answers(np.zeros((SEARCH, SEARCH), np.float32))
        except (cv2.error, ValueError) as error:
            words = f"OpenCV cannot run LightTrack from {template} and {search}: {NEEDS} ({reason(error)})"
            raise ValueError(words) from error
        profile = np.hanning(CELLS)
        self.window, self.places = np.outer(profile, profile), np.arange(CELLS) * STRIDE - SEARCH / 2

    def __getstate__(self):
        raise TypeError("the tracker 'lighttrack' cannot be copied or pickled: make another with the same files")

    def init(self, frame, box):
        frame = to_gray(frame)
        box = check_box(box, frame.shape)
        self.shape, self.center, self.size, self.score = frame.shape, centers(box), box[2:].copy(), 1.0
        self.range = np.percentile(frame, [0.1, 99.9]) if frame.dtype != np.uint8 else (0, 255)
        self.kernel = self._kernel(self._crop(frame, self._side(self.size), TEMPLATE))

    def update(self, frame):
        """The target's box (4,) in the next frame."""
        frame = to_gray(frame, shape_of(self))
        zoom = TEMPLATE / self._side(self.size)
        scores, reach = self._answers(self._crop(frame, SEARCH / zoom, SEARCH))
        left, top, right, low = reach
        size = np.stack([left + right, top + low])  # (2, n, n), crop pixels
        old = self.size * zoom
        change = [self._side(size) / self._side(old), (old[0] / old[1]) / (size[0] / size[1])]
        penalty = np.exp(-PENALTY * (np.prod([np.maximum(c, 1 / c) for c in change], axis=0) - 1))
        mixed = (1 - WINDOW) * penalty * scores + WINDOW * self.window
        row, column = np.unravel_index(int(np.argmax(mixed)), mixed.shape)
        here = np.array([self.places[column], self.places[row]])
        shift = here + [(right - left)[row, column] / 2, (low - top)[row, column] / 2]
        rate = (RATE * penalty * scores)[row, column] ** 2  # as there, the size is smoothed twice
        self.center = np.clip(self.center + shift / zoom, 0, np.array(self.shape[::-1]) - 1e-6)
        self.size = np.clip((1 - rate) * self.size + rate * size[:, row, column] / zoom, 1, self.shape[::-1])
        self.score = float(scores[row, column])
        return from_centers(self.center, self.size)

    @staticmethod
    def _side(size):
        """Of the template's window for a target of size (2, ...), in the same unit."""
        return np.sqrt((size[0] + size.sum(axis=0) / 2) * (size[1] + size.sum(axis=0) / 2))

    def _crop(self, frame, side, cells):
        low, high = self.range
        return np.clip((crop(frame, self.center, side, cells) - low) / max(high - low, 1e-12), 0, 1)

    def _kernel(self, picture):
        self.nets[0].setInput(_blob(picture), "z")
        return self.nets[0].forward("zf").copy()

    def _answers(self, picture):
        """(scores (n, n), distances left, top, right, low (4, n, n)) of a search crop (S, S) from 0 to 1."""
        net = self.nets[1]
        net.setInput(self.kernel, "zf")
        net.setInput(_blob(picture), "x")
        scores, reach = net.forward(["cls", "reg"])
        if scores.shape != (1, 1, CELLS, CELLS) or reach.shape != (1, 4, CELLS, CELLS):
            raise ValueError(f"cls is {scores.shape} and reg {reach.shape}, not (1, 1, 16, 16) and (1, 4, 16, 16)")
        if not (scores.min() >= 0 and scores.max() <= 1):
            raise ValueError("the scores are no probabilities")
        return scores[0, 0].astype(np.float64), np.maximum(reach[0].astype(np.float64), 1e-3)


def _blob(picture):
    """(1, 3, S, S) float32 of a grey picture from 0 to 1, as the network was trained."""
    return ((picture[None] - MEAN[:, None, None]) / DEVIATION[:, None, None])[None].astype(np.float32)
