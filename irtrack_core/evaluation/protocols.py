"""OPE, TRE and SRE: one pass, passes from later frames, passes from wrong first boxes; sequences side by side.

Y. Wu, J. Lim, M.-H. Yang, "Object tracking benchmark", TPAMI 37, 2015. A pass is a `Trial`; `passes` makes those of a
sequence, `run_all` tracks them over many sequences in several processes, each of which decodes a sequence once.
"""

import os
import warnings
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from threading import Thread
from zlib import crc32

import cv2
import numpy as np

from irtrack_core.boxes import centers, from_centers
from irtrack_core.datasets import in_memory
from irtrack_core.evaluation.runs import run
from irtrack_core.provenance import limit_threads

PROTOCOLS = ("OPE", "TRE", "SRE", "SRE-strong")
STARTS = 5  # start frames of TRE, the first of which is OPE's
SHIFT = 0.1  # of SRE, in sides of the box: left, right, up, down
SCALES = (0.8, 0.9, 1.1, 1.2)  # of SRE, about the centre
HELD = 2**29  # bytes of the largest recording that is held in memory
STRONG = (0.25, 0.1)  # of SRE-strong: deviations of the sides' logarithm and of the centre in sides


@dataclass(frozen=True)
class Trial:
    """One pass over a sequence: protocol, number in it, first frame, and the box given there (None: the true one)."""

    protocol: str
    number: int
    start: int
    box: tuple | None = None


def passes(sequence, protocols=("OPE",), *, seed=0):
    """The list of Trials of a sequence under the protocols, of OPE, TRE, SRE and SRE-strong.

    OPE: from the first annotated frame. TRE: from those at 1/5 ... 4/5 of the annotated frames too; the pass from
    the first one is OPE's and is not tracked again. SRE: eight wrong first boxes, four shifts of 10 % of the side and
    four scales 0.8-1.2. SRE-strong: one box, its sides times exp(N(0, 0.25)), its centre shifted by N(0, 0.1) sides, drawn
    from `seed` and the sequence's name. Raises ValueError for an unknown protocol.
    """
    unknown = set(protocols) - set(PROTOCOLS)
    if unknown:
        raise ValueError(f"unknown protocol {sorted(unknown)[0]!r}: use some of {', '.join(PROTOCOLS)}")
    first, annotated = sequence.first, np.flatnonzero(sequence.present)
    box, trials = sequence.boxes[first], []
    if {"OPE", "TRE"} & set(protocols):
        trials.append(Trial("OPE", 0, first))
    if "TRE" in protocols:
        later = [int(annotated[len(annotated) * k // STARTS]) for k in range(1, STARTS)]
        trials += [Trial("TRE", k, start) for k, start in enumerate(later, start=1) if start > first]
    name = crc32(f"{sequence.dataset}/{sequence.name}".encode())
    rough = rough_box(box, np.random.default_rng([seed, name]))
    wrong = {"SRE": wrong_boxes(box), "SRE-strong": rough[None]}
    for name in ("SRE", "SRE-strong"):
        if name in protocols:
            trials += [Trial(name, k, first, tuple(one)) for k, one in enumerate(_inside(wrong[name], sequence.shape))]
    return trials


def wrong_boxes(box):
    """(8, 4) boxes xywh: the given one shifted by 10 % of its side in four directions, and scaled by 0.8, 0.9, 1.1, 1.2."""
    box = np.asarray(box, dtype=np.float64)
    center, size = centers(box), box[2:]
    shifts = SHIFT * np.array([(-1, 0), (1, 0), (0, -1), (0, 1)])
    shifted = [from_centers(center + shift * size, size) for shift in shifts]
    return np.stack(shifted + [from_centers(center, scale * size) for scale in SCALES])


def rough_box(box, rng):
    """(4,) the box as somebody draws it roughly: sides times exp(N(0, 0.25)), centre shifted by N(0, 0.1) sides."""
    box, (scale, shift) = np.asarray(box, dtype=np.float64), STRONG
    size = box[2:] * np.exp(rng.normal(0, scale, 2))
    return from_centers(centers(box) + rng.normal(0, shift, 2) * box[2:], size)


def _inside(boxes, shape):
    """The boxes (N, 4) as lists, moved so far that their centres lie in the frame: others are no start for a tracker."""
    center = np.clip(centers(boxes), 0, np.array(shape[1::-1]) - 0.5)
    return from_centers(center, boxes[:, 2:]).tolist()


def run_sequence(tracker, sequence, protocols=("OPE",), strides=(1,), *, seed=0):
    """The TrackResults of a tracker, or of each of a list, under the protocols at each stride.

    The frames are decoded once and held in memory for it; of a recording of more than HELD bytes, which would not fit, and
    where there is one pass, they are read one by one.
    """
    trackers = tracker if isinstance(tracker, list) else [tracker]
    trials = [
        (stride, trial)
        for stride in strides
        for trial in passes(sequence, protocols, seed=seed)
        if np.isfinite(sequence.boxes[trial.start :: stride][1:, 0]).any()  # else nothing of it could be measured
    ]
    size = len(sequence) * np.prod(sequence.shape, dtype=np.int64) * np.dtype(sequence.frames.dtype).itemsize
    held = in_memory(sequence) if len(trials) * len(trackers) > 1 and size <= HELD else sequence
    return [
        run(one, held, stride=stride, start=trial.start, box=trial.box, protocol=trial.protocol, trial=trial.number)
        for one in trackers
        for stride, trial in trials
    ]


def run_all(make, sequences, protocols=("OPE",), strides=(1,), *, seed=0, processes=1, progress=None, keep=None):
    """The TrackResults of the tracker that `make()` returns over all sequences, in their order.

    make: a callable that can be pickled, e.g. partial(trackers.create, "peak"); called once a process; it may return a list
    of trackers, too. processes: how many sequences are tracked side by side; each uses one thread, and the results do not
    depend on it, but for their times. progress: e.g. tqdm, wraps an iterable of finished sequences and gets its total.
    keep: called with (sequence, its results) as soon as a sequence is tracked, to store them.
    """
    known, work = list(sequences), partial(run_sequence, protocols=protocols, strides=strides, seed=seed)
    wrap, keep = progress or (lambda done, **_: done), keep or (lambda sequence, results: None)
    if processes <= 1:
        tracker, every = make(), []
        for one in wrap(known, total=len(known)):
            results = work(tracker, one)
            keep(one, results)
            every += results
        return every
    # long sequences first, so that no process is left alone with one at the end
    order, found = sorted(range(len(known)), key=lambda i: -len(known[i])), {}
    context = get_context("spawn")  # a forked process would inherit the threads' locks of OpenCV and ONNX Runtime
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_begin, initargs=(make,)) as pool:
        futures = {pool.submit(_track, work, known[i]): i for i in order}
        try:
            for future in wrap(as_completed(futures), total=len(known)):
                found[futures[future]], told = future.result()
                keep(known[futures[future]], found[futures[future]])
                for message in told:
                    warnings.warn(message, stacklevel=2)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [result for i in range(len(known)) for result in found[i]]


_tracker = None


def _begin(make):
    global _tracker
    Thread(target=_end_with_parent, daemon=True).start()
    limit_threads(1)
    cv2.setNumThreads(1)
    _tracker = make()


def _end_with_parent():
    """Ends this process when the one that started it is killed: it would else wait for work for ever."""
    wait([parent_process().sentinel])
    os._exit(1)


def _track(work, sequence):
    """(results, texts of the warnings, each once): a warning of this process would reach nobody."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        results = work(_tracker, sequence)
    return results, list(dict.fromkeys(str(one.message) for one in caught))


def with_first_passes(results):
    """The results, and those of OPE once more as TRE's first passes where TRE was run: a table then has all five of them."""
    begun = {(one.tracker, one.dataset, one.sequence, one.stride) for one in results if one.protocol == "TRE"}
    also = [
        replace(one, protocol="TRE")
        for one in results
        if one.protocol == "OPE" and (one.tracker, one.dataset, one.sequence, one.stride) in begun
    ]
    return [*results, *also]
