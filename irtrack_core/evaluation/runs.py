"""Cross-validation folds, runs of trackers over sequences, and the tables of their measures.

The protocol: a tracker is given the box of the first annotated frame and then only frames. That first frame is left out
of every measure. Each measure is taken for each sequence, then averaged over the sequences of a recording and then over
recordings, so that neither a long sequence nor a recording that was cut into many weighs more than another.
"""

from functools import partial
from time import perf_counter

import numpy as np

from irtrack_core import metrics
from irtrack_core.boxes import as_boxes, iou
from irtrack_core.datasets.unreadable import attempt, tell
from irtrack_core.evaluation.detection import detection, pfa_by_frame
from irtrack_core.evaluation.grouping import OF_SIZE, check_sized, recording_of
from irtrack_core.evaluation.raw_boxes import TrackResult
from irtrack_core.filtering.baselines import negative
from irtrack_core.optional import Lazy

pd = Lazy("pandas", "evaluation")


def folds(sequences, k=5, seed=0):
    """k (train, test) pairs of lists of whole recordings; each test fold holds 1/k of every dataset's recordings.

    Splitting by recording and not by frame or sequence: neighbouring frames, and clips cut from one recording, are nearly
    equal, so that a tracker would be tested on what it was trained on. The order of `sequences` does not matter.
    Raises ValueError for fewer recordings than folds, or two sequences of one name.
    """
    known = by_key(sequences)
    recordings = {}
    for (dataset, _), one in sorted(known.items()):
        recordings.setdefault((dataset, recording_of(one)), []).append(one)
    if not 2 <= k <= len(recordings):
        raise ValueError(f"{len(recordings)} recordings cannot be split into {k} folds: need 2 <= k <= recordings")
    rng, tests = np.random.default_rng(seed), [[] for _ in range(k)]
    dealt = 0  # where a dataset does not divide by k, the next one starts at the fold that is a recording short
    for dataset in sorted({d for d, _ in recordings}):
        names = sorted(name for d, name in recordings if d == dataset)
        for i in rng.permutation(len(names)):
            tests[dealt % k].append((dataset, names[i]))
            dealt += 1
    return [
        (
            [one for key, each in recordings.items() if key not in test for one in each],
            [one for key in sorted(test) for one in recordings[key]],
        )
        for test in tests
    ]


def run(tracker, sequence, *, stride=1, start=None, box=None, protocol="OPE", trial=0, progress=None, resets=None):
    """The TrackResult of a tracker on `sequence`, from its first annotated frame to its end, every `stride`-th frame.

    tracker: any object with init(frame, box) and update(frame) -> box. progress: e.g. tqdm, wraps the frame numbers.
    start, box: the frame to start on and the box given there, where they are not the first annotated one and the true one;
    protocol, trial: only noted in the result.
    resets: None, or VOT's protocol: after an overlap of 0 the tracker waits this many frames and is given the true box
    again; the boxes in between are NaN, so that `statistics.reset_summary(overlaps(result, sequence))` can count.
    A frame that cannot be read, or that a tracker refuses for its NaN, gets a box of NaN and the score 0: a miss where the
    target is annotated; a warning tells. Where it is the first one, the run starts on the next annotated frame.
    Raises ValueError when no frame is annotated or the tracker returns something other than four numbers, the error of the
    first frame when none can be read.
    """
    truth = as_boxes(sequence.boxes)
    annotated = np.flatnonzero(~np.isnan(truth).any(axis=1))
    where = f"{sequence.dataset}/{sequence.name}"
    if annotated.size == 0:
        raise ValueError(f"sequence {where} has no annotated frame to start on")
    if stride < 1 or (resets is not None and resets < 1):
        raise ValueError(f"stride and resets are numbers of frames, 1 or more; got {stride} and {resets}")
    start = int(annotated[0]) if start is None else int(start)
    if start not in annotated:
        raise ValueError(f"sequence {where} has no true box in frame {start}: start on an annotated frame")
    given = truth[start] if box is None else np.asarray(box, dtype=np.float64)
    first, problems = _first_readable(sequence.frames, annotated[annotated >= start])
    if first != start:  # the box given there is as wrong as the one asked for
        given, start = truth[first] + (given - truth[start]), first
    numbers = range(start, min(len(sequence.frames), len(truth)), stride)
    boxes, scores = np.full((len(numbers), 4), np.nan), np.full(len(numbers), np.nan)
    seconds, updates, restart = 0.0, 0, 0
    for i, number in enumerate(numbers if progress is None else progress(numbers)):
        if restart is not None and (i < restart or np.isnan(truth[number]).any()):
            continue
        frame, problem = (None, problems[number]) if number in problems else attempt(sequence.frames, number)
        begin = perf_counter()
        if problem is None and restart is not None:
            told = given if number == start else truth[number]
            tracker.init(frame, told.copy())
            boxes[i], scores[i], restart = told, 1.0, None
            continue
        if problem is None:
            box, problem = _updated(tracker, frame)
            seconds += perf_counter() - begin
            updates += 1
        if problem is not None:
            problems[number], scores[i] = problem, 0.0
            if getattr(problem, "final", False):  # nothing after it can be read either
                problems |= dict.fromkeys(numbers[i:], problem)
            continue
        box = np.asarray(box, dtype=np.float64)
        if box.shape != (4,):
            raise ValueError(f"{_name(tracker)} returned a box of shape {box.shape} on frame {number} of {where}")
        boxes[i], scores[i] = box, getattr(tracker, "score", np.nan)
        if resets is not None and iou(box, truth[number]) == 0:
            restart = i + resets
    tell(where, problems, "count as missed where the target is annotated")
    found = (boxes, scores, seconds, updates, start, int(stride), protocol, trial, len(problems))
    return TrackResult(sequence.name, sequence.dataset, _name(tracker), *found)


def _first_readable(frames, numbers):
    """(the first of the numbers whose frame can be read, {number: error} of those before it)."""
    problems = {}
    for number in map(int, numbers):
        _, problem = attempt(frames, number)
        if problem is None:
            return number, problems
        problems[number] = problem
    raise next(iter(problems.values()))


def _updated(tracker, frame):
    """(what the tracker returns, None), or (None, the ValueError by which it refuses a frame that holds NaN)."""
    try:
        return tracker.update(frame), None
    except ValueError as error:
        if frame.dtype != np.float32 or np.isfinite(frame).all():
            raise
        return None, error


def overlaps(result, sequence):
    """Raw IoU (N,) of each tracked frame, the given first one too; NaN: no target or box. ValueError for points."""
    check_sized(sequence)
    return iou(result.boxes, _truth(result, sequence))


def evaluate(results, sequences):
    """Table with a row for each result: the measures of `metrics`, the first frame left out.

    Columns: dataset, sequence, recording, tracker, protocol, trial, stride, frames (timed), unreadable (frames that could not
    be used), seconds, annotated (frames measured), aor, sr50, sr75, auc, p3, p5, p20, norm_auc, rmse (px, or samples), rmse_d
    (detector widths, NaN where the sensor is unknown), loss_rate, first_loss (frames), fps. Of points
    (`Sequence.points`) those that need a size are NaN. Raises KeyError for an unknown sequence.
    """
    known, rows = by_key(sequences), []
    for result in results:
        sequence = _sequence(result, known)
        truth, boxes = _truth(result, sequence)[1:], result.boxes[1:]
        # samples per detector width may differ along x and y
        detector = np.tile(getattr(sequence, "oversampling", None) or (np.nan, np.nan), 2)
        if np.isnan(truth).any(axis=1).all():
            raise ValueError(f"sequence {result.dataset}/{result.sequence}: only its first frame is annotated")
        row = {"dataset": result.dataset, "sequence": result.sequence}
        row |= {"recording": recording_of(sequence), "tracker": result.tracker}
        row |= {"protocol": result.protocol, "trial": result.trial, "stride": result.stride}
        row |= {"frames": result.frames, "unreadable": result.unreadable, "seconds": result.seconds}
        row |= {"annotated": int((~np.isnan(truth).any(axis=1)).sum()), "aor": metrics.aor(boxes, truth)}
        row |= {f"sr{int(100 * t)}": metrics.success_rate(boxes, truth, t) for t in (0.5, 0.75)}
        row |= {"auc": metrics.auc(metrics.success_curve(boxes, truth))}
        row |= {f"p{t}": metrics.precision(boxes, truth, t) for t in (3, 5, 20)}
        row |= {"norm_auc": metrics.auc(metrics.normalized_precision_curve(boxes, truth))}
        row |= {"rmse": metrics.centroid_rmse(boxes, truth), "rmse_d": float("nan")}
        if np.isfinite(detector).all():
            row |= {"rmse_d": metrics.centroid_rmse(boxes / detector, truth / detector)}
        row |= {"loss_rate": metrics.loss_rate(boxes, truth)}
        row |= {"first_loss": metrics.first_loss(boxes, truth)}
        row |= {"fps": metrics.fps([result.frames], [result.seconds]) if result.seconds > 0 else float("nan")}
        rows.append(row | dict.fromkeys(OF_SIZE, float("nan")) if getattr(sequence, "points", False) else row)
    if not rows:
        raise ValueError("no results to evaluate")
    return pd.DataFrame(rows)


def curves(results, sequences, curve=metrics.success_curve):
    """Macro-averaged curve of each tracker: dict tracker -> array. curve: of metrics; points have `precision_curve` alone."""
    known, values = by_key(sequences), {}
    for result in results:
        sequence = _sequence(result, known)
        if curve is not metrics.precision_curve:
            check_sized(sequence)
        clips = values.setdefault(result.tracker, {}).setdefault((result.dataset, recording_of(sequence)), {})
        runs = clips.setdefault(result.sequence, [])  # one a seed
        runs.append(curve(result.boxes[1:], _truth(result, sequence)[1:]))
    mean = partial(np.mean, axis=0)
    return {
        tracker: mean([mean([mean(runs) for runs in clips.values()]) for clips in each.values()])
        for tracker, each in values.items()
    }


def evaluate_filter(image, responses, box, *, floor=None, without=None, dark=False, guard=3, detections=None):
    """Experiment 1 on one frame: a list of dicts, one for each filter's response and first the image itself, "none".

    image, responses (dict name -> (H, W)): before and after; box: the true one. floor: least sigma; None: `noise_sigma`
    of the image. dark: the target is darker than its surroundings, so that the image's negative stands for "none".
    without: (image, responses) of the same frame less its target, where that is known: the retention is then what the
    target itself adds to the response, over what it adds to the image, and not the peak of target, noise and clouds.
    guard: px around the box in which no background box lies. detections: dict name -> `detection.detection` of the
    responses, "none" included, where they are known already; made here if not.
    Keys: filter, snr_literal and snr of eq. (13), db, db_no_floor, scrg, bsf, retention (1 of "none"), zero_share, pfa_frame
    and pfa_frame_least (`detection.pfa_by_frame`). One background region, from the box, serves all but the last two.
    """
    image = np.asarray(image)
    floor = metrics.noise_sigma(image) if floor is None else floor
    before = negative(image) if dark else image
    region = metrics.background_region(image.shape, box)
    responses, rows = {"none": before, **responses}, []
    measured = {name: metrics.levels(after, box, region) for name, after in responses.items()}
    raw = measured["none"]
    if without:
        kept = metrics.target_retention(image, responses, *without, box)
    else:
        kept = {name: found.retention(raw) for name, found in measured.items()}
    for name, after in responses.items():
        found = measured[name]
        one = detections[name] if detections else detection(after, box, guard=guard)
        (pfa,), (least,) = pfa_by_frame([one])
        usable = found.snr(floor=floor)
        rows.append(
            {
                "filter": name,
                "snr_literal": found.snr(literal=True, floor=floor),
                "snr": usable,
                "db": metrics.decibel(usable),
                "db_no_floor": metrics.decibel(found.snr()),
                "scrg": found.scrg(raw, floor=floor),
                "bsf": found.bsf(raw, floor=floor),
                "retention": kept[name],
                "zero_share": metrics.zero_share(after),
                "pfa_frame": float(pfa),
                "pfa_frame_least": float(least),
            }
        )
    return rows


def by_key(sequences):
    """The sequences by (dataset, name): a dict. Raises ValueError where two have the same."""
    known = {(s.dataset, s.name): s for s in sequences}
    if len(known) < len(sequences):
        raise ValueError("two sequences have the same dataset and name: they could not be told apart in a table")
    return known


def _sequence(result, known):
    if (result.dataset, result.sequence) not in known:
        raise KeyError(f"sequence {result.dataset}/{result.sequence} of a result is not among the sequences given")
    return known[result.dataset, result.sequence]


def _name(tracker):
    return getattr(tracker, "name", type(tracker).__name__)


def _truth(result, sequence):
    """True boxes of the frames that the result holds."""
    truth = as_boxes(sequence.boxes)[result.start :: result.stride][: len(result.boxes)]
    if len(truth) != len(result.boxes):
        raise ValueError(f"the result on {result.dataset}/{result.sequence} has more frames than the sequence")
    return truth
