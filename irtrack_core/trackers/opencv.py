"""What users would pick instead: CSRT, KCF and MIL of OpenCV; NanoTrack, VitTrack, DaSiamRPN where weights are given.

CSRT and KCF come with the contrib build alone, which cannot live beside the plain one: `make baselines` makes an environment
for it and runs them there. Their boxes are whole pixels, as OpenCV gives them.
"""

from functools import partial
from pathlib import Path

import cv2
import numpy as np

from irtrack_core.boxes import centers, check_box, from_centers
from irtrack_core.trackers.base import shape_of, to_gray
from irtrack_core.trackers.onnx_inputs import check_fed

MAKERS = {"csrt": "TrackerCSRT", "kcf": "TrackerKCF", "mil": "TrackerMIL"}
LEAST_SIDE = 12  # pixels: smaller boxes hold too little to correlate with and are widened about their centre
HOW = "`make baselines` makes an environment with it (opencv-contrib-python) and runs these trackers there"


def version():
    """OpenCV's version and whether it is the contrib build, e.g. "5.0.0 contrib"."""
    return f"{cv2.__version__}{' contrib' if _find('TrackerCSRT') else ''}"


def available():
    """Names of the trackers that the installed OpenCV has, without NanoTrack, which needs weights."""
    return [name for name, kind in MAKERS.items() if _find(kind)]


def _find(kind):
    """create() of a tracker class, wherever this version of OpenCV keeps it; None when it has none."""
    for place in (cv2, getattr(cv2, "legacy", None)):
        maker = getattr(place, kind, None)
        if maker is not None:
            return maker.create
    return None


class OpenCVTracker:
    """One of OpenCV's trackers under our protocol.

    name: "csrt", "kcf" or "mil"; make: a function that makes another. least_side: boxes are widened to it, in pixels, and
    what comes out is narrowed by the same factor. seed: of OpenCV's generator, set at every init (MIL draws from it, and
    is not deterministic even so). Frames of uint16 and float32 are scaled to 8 bits by the range of the first one.
    Raises ImportError when the installed OpenCV lacks the tracker.
    """

    def __init__(self, name, *, make=None, least_side=LEAST_SIDE, seed=0):
        self.name, self.least_side, self.seed, self.score = name, least_side, seed, 0.0
        if make is None and name not in MAKERS:
            raise ValueError(f"unknown tracker of OpenCV {name!r}: use one of {sorted(MAKERS)}")
        self.make = make or _find(MAKERS[name])
        if self.make is None:
            raise ImportError(f"this OpenCV ({version()}) has no tracker {name!r}: {HOW}")

    def __getstate__(self):
        if hasattr(self, "tracker"):  # OpenCV's object: Python can neither copy it nor look into it
            raise TypeError(
                f"the tracker {self.name!r} cannot be copied or pickled once it is started: do it before init"
            )
        return self.__dict__

    def init(self, frame, box):
        frame = to_gray(frame)
        self.shape, self.box = frame.shape, check_box(box, frame.shape)
        self.range = np.percentile(frame, [0.1, 99.9]) if frame.dtype != np.uint8 else None
        low = np.maximum(np.round(centers(self.box) - np.maximum(self.box[2:], self.least_side) / 2), 0)
        side = np.round(np.maximum(self.box[2:], self.least_side))
        side = np.maximum(np.minimum(side, self.shape[::-1] - low), 1)
        given = np.concatenate([low, side])
        # what whole pixels and the border changed, to be taken back from every answer
        self.shrink, self.offset = self.box[2:] / side, centers(self.box) - centers(given)
        cv2.setRNGSeed(self.seed)
        self.tracker, self.score = self.make(), 1.0
        try:
            self.tracker.init(self._color(frame), tuple(int(v) for v in given))
        except cv2.error as error:
            raise ValueError(
                f"OpenCV's tracker {self.name!r} cannot start on the box {self.box.tolist()} in a frame of {self.shape} "
                "(H, W): it may be too large, or too near to the border"
            ) from error

    def update(self, frame):
        """The target's box (4,); the last one, with score 0, where OpenCV reports that it is lost, or fails."""
        frame = to_gray(frame, shape_of(self))
        try:
            found, box = self.tracker.update(self._color(frame))
        except cv2.error:  # where it looks, it finds nothing to compare with
            found, box = False, None
        self.score = float(found)
        if found:
            box = np.asarray(box, dtype=np.float64)
            self.box = from_centers(centers(box) + self.offset, np.maximum(box[2:] * self.shrink, 1e-3))
        return self.box.copy()

    def _color(self, frame):
        if self.range is not None:
            low, high = self.range
            frame = np.clip((frame - low) * (255 / max(high - low, 1e-12)), 0, 255).astype(np.uint8)
        return cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR)


def create_nanotrack(backbone=None, head=None, **options):
    """NanoTrack by OpenCV's DNN module. backbone, head: its two ONNX files; none is shipped.

    Raises ValueError without them, or for files that OpenCV cannot run as NanoTrack, FileNotFoundError when one is missing.
    """
    needs = "its backbone and its head as ONNX files, both of one version"
    files = {"backbone": backbone, "neckhead": head}
    return _by_files("NanoTrack", "TrackerNano", files, needs, check=_of_one_version, **options)


def _of_one_version(backbone, head):
    """Raises ValueError where the head takes other features than the backbone gives: OpenCV computes on with any number."""
    net = cv2.dnn.readNetFromONNX(str(backbone))
    net.setInput(np.zeros((1, 3, 127, 127), np.float32))
    channels = net.forward().shape[1]
    check_fed(head, {name: (None, channels, None, None) for name in ("input1", "input2")})


def create_vit(net=None, **options):
    """VitTrack by OpenCV's DNN module. net: its ONNX file (OpenCV's model zoo has one); errors as of `create_nanotrack`."""
    needs = "one ONNX file with inputs template, search and outputs output1, output2, output3"
    sides = {"template": (1, 3, 128, 128), "search": (1, 3, 256, 256)}
    check = partial(check_fed, fed=sides)
    return _by_files("VitTrack", "TrackerVit", {"net": net}, needs, check=check, **options)


def create_dasiamrpn(model=None, kernel_r1=None, kernel_cls1=None, **options):
    """DaSiamRPN by OpenCV's DNN module. model, kernel_r1, kernel_cls1: its three ONNX files; errors as of NanoTrack."""
    needs = "the network and the kernels of regression and classification, in this order, as OpenCV's sample names them"
    files = {"model": model, "kernel_r1": kernel_r1, "kernel_cls1": kernel_cls1}
    return _by_files("DaSiamRPN", "TrackerDaSiamRPN", files, needs, **options)


def _by_files(title, kind, files, needs, check=None, **options):
    """The OpenCVTracker of a class of cv2 whose parameters name files; a trial step shows whether they are the right ones.

    check: called with the files before it; raises ValueError or cv2.error for wrong ones that the step would not show.
    """
    if None in files.values():
        words = ", ".join(f"{'head' if name == 'neckhead' else name}='….onnx'" for name in files)
        raise ValueError(f"{title} needs its weights: create({title.lower()!r}, {words})")
    for path in files.values():
        if not Path(path).is_file():
            raise FileNotFoundError(f"no weights of {title} at {path}")
    if not hasattr(cv2, kind):
        raise ImportError(f"this OpenCV ({version()}) has no {kind}")
    parameters = getattr(cv2, kind).Params()
    for name, path in files.items():
        setattr(parameters, name, str(path))

    def make():
        return getattr(cv2, kind).create(parameters)

    try:
        if check:
            check(*files.values())
        trial, frame = make(), np.random.default_rng(0).integers(0, 256, (256, 256, 3)).astype(np.uint8)
        trial.init(frame, (108, 108, 40, 40))
        trial.update(frame)  # a wrong name or shape shows only here, and would pass for a lost target later
    except (cv2.error, ValueError) as error:
        raise ValueError(
            f"OpenCV cannot read {title} from {' and '.join(map(str, files.values()))}: give {needs} ({reason(error)})"
        ) from error
    return OpenCVTracker(title.lower(), make=make, **options)


def reason(error):
    """What an error of OpenCV says, in one line, without the place in its source."""
    return " ".join(str(error).split("error: ")[-1].split(" in function")[0].split())


create_csrt, create_kcf, create_mil = (partial(OpenCVTracker, name) for name in MAKERS)
