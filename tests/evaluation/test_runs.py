"""evaluation.py on made sequences whose answers are known."""

import tracemalloc
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irtrack_core import evaluation, metrics
from irtrack_core.evaluation import (
    TrackResult,
    evaluate,
    folds,
    load_boxes,
    overlaps,
    run,
    save_boxes,
    statistics,
    summarize,
)
from irtrack_core.evaluation.raw_boxes import ROWS


def sequence(name="a", dataset="set", n=12, absent=(), step=1.0):
    """Frame i is filled with i; the box moves `step` px a frame to the right."""
    boxes = np.column_stack([10 + step * np.arange(n), np.full((n, 1), 10), np.full((n, 2), 4)]).astype(float)
    boxes[list(absent)] = np.nan
    frames = [np.full((32, 64), i, np.uint8) for i in range(n)]
    return SimpleNamespace(name=name, dataset=dataset, frames=frames, boxes=boxes, fps=30.0)


class Scripted:
    """Answers the first box shifted by drift px for each frame number seen; notes what it was given."""

    name = "scripted"

    def __init__(self, drift=1.0):
        self.drift, self.seen, self.started = drift, [], []

    def init(self, frame, box):
        self.first, self.box = int(frame[0, 0]), box
        self.started.append(self.first)

    def update(self, frame):
        number = int(frame[0, 0])
        self.seen.append(number)
        self.score = number / 100
        return self.box + [self.drift * (number - self.first), 0, 0, 0]


def test_run_follows_the_protocol():
    tracker, s = Scripted(), sequence(absent=[0, 1, 5])
    result = run(tracker, s)
    assert tracker.started == [2] and tracker.seen == list(range(3, 12))  # absent frames are shown to the tracker too
    assert (result.start, result.stride, result.frames) == (2, 1, 9)
    np.testing.assert_array_equal(result.boxes[0], s.boxes[2])
    np.testing.assert_allclose(result.boxes[:, 0], np.arange(12, 22))
    assert not np.isnan(result.boxes).any()
    np.testing.assert_allclose(result.scores, [1, *np.arange(3, 12) / 100])
    assert result.seconds > 0
    np.testing.assert_allclose(overlaps(result, s), [1, 1, 1, np.nan, 1, 1, 1, 1, 1, 1])


def test_run_stride_and_progress():
    shown = []

    def bar(numbers):
        for number in numbers:
            shown.append(number)
            yield number

    tracker = Scripted()
    result = run(tracker, sequence(absent=[0]), stride=4, progress=bar)
    assert shown == [1, 5, 9] and tracker.seen == [5, 9]
    table = evaluate([result], [sequence(absent=[0])])
    assert table.loc[0, "aor"] == 1 and table.loc[0, "annotated"] == 2 and table.loc[0, "stride"] == 4


def test_run_with_resets():
    # still while the target moves 1 px a frame: 4 px later nothing overlaps
    s = sequence(n=20)
    result = run(Scripted(drift=0), s, resets=3)
    raw = overlaps(result, s)
    assert raw[0] == 1 and raw[4] == 0 and np.isnan(raw[5:7]).all() and raw[7] == 1 and raw[11] == 0
    assert statistics.reset_summary(raw, burn_in=2)["failures"] == 3
    assert run(Scripted(drift=0), s).frames == 19


def test_run_on_the_project_s_own_types():
    from irtrack_core.datasets import Sequence
    from irtrack_core.trackers import IdentityTracker

    plain = sequence(step=0)
    real = Sequence(name="a", dataset="set", frames=np.stack(plain.frames), boxes=plain.boxes)
    result = run(IdentityTracker(), real)
    assert evaluate([result], [real]).loc[0, "aor"] == 1 and result.tracker == "identity"


def test_run_refuses():
    with pytest.raises(ValueError, match="no annotated frame"):
        run(Scripted(), sequence(absent=range(12)))
    with pytest.raises(ValueError, match="stride"):
        run(Scripted(), sequence(), stride=0)

    class Two(Scripted):
        def update(self, frame):
            return [1, 2]

    with pytest.raises(ValueError, match="shape"):
        run(Two(), sequence())


def test_evaluate_leaves_the_first_frame_out():
    s = sequence(n=3)
    boxes = s.boxes.copy()
    boxes[1:, 0] += [2, 40]  # IoU 1/3 and 0
    result = TrackResult("a", "set", "t", boxes, np.ones(3), seconds=0.5, frames=2)
    row = evaluate([result], [s]).loc[0]
    assert row["aor"] == pytest.approx(1 / 6)
    assert row["sr50"] == 0 and row["p3"] == 0.5 and row["p20"] == 0.5
    assert row["fps"] == 4 and row["annotated"] == 2 and row["first_loss"] == 1
    assert row["rmse"] == pytest.approx(np.sqrt((4 + 1600) / 2))
    # each column is the function of metrics on the same boxes
    assert row["auc"] == metrics.auc(metrics.success_curve(boxes[1:], s.boxes[1:]))
    assert row["norm_auc"] == metrics.auc(metrics.normalized_precision_curve(boxes[1:], s.boxes[1:]))


def test_evaluate_refuses():
    s = sequence(n=3)
    with pytest.raises(KeyError, match="not among"):
        evaluate([TrackResult("b", "set", "t", s.boxes, np.ones(3), 1.0, 2)], [s])
    with pytest.raises(ValueError, match="more frames"):
        evaluate([TrackResult("a", "set", "t", np.ones((9, 4)), np.ones(9), 1.0, 2)], [s])
    with pytest.raises(ValueError, match="no results"):
        evaluate([], [s])
    lonely = sequence(n=3, absent=[1, 2])
    with pytest.raises(ValueError, match="only its first frame"):
        evaluate([run(Scripted(), lonely)], [lonely])
    with pytest.raises(ValueError, match="same dataset and name"):
        evaluate([], [s, s])


def test_summary_weighs_sequences_alike_and_pools_time():
    table = pd.DataFrame(
        {
            "dataset": ["x", "x", "y"],
            "sequence": ["a", "b", "a"],
            "tracker": ["t", "t", "t"],
            "stride": 1,
            "frames": [1000, 10, 10],
            "seconds": [10.0, 1.0, 1.0],
            "aor": [0.0, 0.6, 0.9],
            "fps": [100.0, 10.0, 10.0],
        }
    )
    summary = summarize(table)
    assert summary.loc[0, "aor"] == pytest.approx(0.5) and summary.loc[0, "sequences"] == 3
    assert summary.loc[0, "fps"] == pytest.approx(1020 / 12)
    by_set = summarize(table, by=("dataset", "tracker"))
    assert by_set["aor"].tolist() == pytest.approx([0.3, 0.9])


def test_curves_are_macro_averages():
    short, long = sequence("short", n=3), sequence("long", n=30, step=0.5)
    results = [run(Scripted(1), short), run(Scripted(0), long)]
    expected = [metrics.success_curve(r.boxes[1:], s.boxes[1:]) for r, s in zip(results, (short, long))]
    np.testing.assert_allclose(evaluation.curves(results, [short, long])["scripted"], np.mean(expected, axis=0))
    errors = evaluation.curves(results, [short, long], metrics.precision_curve)["scripted"]
    assert errors[0] == pytest.approx(0.5) and errors[50] == 1


# -- one frame through a filter


def test_evaluate_filter_by_hand():
    """Background 9 and 11, target 2 x 2 of 30 above it; the response keeps half of it on a background of 0 and 1."""
    board = np.where(np.indices((80, 80)).sum(axis=0) % 2, 1, -1)
    image, target = (10 + board).astype(np.float32), np.zeros((80, 80), np.float32)
    target[40:42, 40:42] = 30
    image[40:42, 40:42] = 10
    response = ((board + 1) / 2 + target / 2).astype(np.float32)
    response[40:42, 40:42] = 15
    response[3, 3] = 99
    none, filtered = evaluation.evaluate_filter(
        image + target, {"F": response}, (40, 40, 2, 2), floor=0.1, without=(image, {"F": response - target / 2})
    )
    assert (none["filter"], filtered["filter"]) == ("none", "F")
    assert none["snr"] == pytest.approx(30) and none["snr_literal"] == pytest.approx(40)
    assert none["db"] == none["db_no_floor"] == pytest.approx(29.54, abs=0.01)
    assert none["scrg"] == none["bsf"] == none["retention"] == 1
    # of 6400 - 64 px away from box and guard, 4 a box, none is as strong as the target
    assert none["pfa_frame"] == none["pfa_frame_least"] == pytest.approx(1 / (1 + 6336 / 4))
    assert filtered["snr"] == pytest.approx((15 - 0.5) / 0.5)
    assert filtered["bsf"] == pytest.approx(2) and filtered["retention"] == pytest.approx(0.5)
    # four of the background boxes hold the pixel of 99; 79 x 79 places less the 9 x 9 that touch the guarded box
    assert filtered["pfa_frame"] == pytest.approx((1 + 1584 * 4 / (79**2 - 81)) / 1585)
    assert filtered["zero_share"] == pytest.approx(0.5, abs=0.01)


def test_evaluate_filter_of_a_dark_target_uses_the_negative():
    rng = np.random.default_rng(0)
    image = rng.integers(100, 110, (80, 80)).astype(np.uint8)
    image[40:42, 40:42] = 20
    (dark,) = evaluation.evaluate_filter(image, {}, (40, 40, 2, 2), dark=True)
    (bright,) = evaluation.evaluate_filter(255 - image, {}, (40, 40, 2, 2))
    assert dark == bright and dark["pfa_frame"] == dark["pfa_frame_least"] < 1e-3
    (wrong,) = evaluation.evaluate_filter(image, {}, (40, 40, 2, 2))
    assert wrong["snr"] < 0 and wrong["db"] == -np.inf


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("contrast", [2, 40])
def test_retention_is_what_the_target_adds(dark, contrast):
    """However strong noise and clouds are beside it: 1 without a filter, 0 of a filter that leaves all but the target."""
    rng, target = np.random.default_rng(4), np.zeros((80, 80), np.float32)
    target[40:44, 50:53] = -contrast if dark else contrast
    empty = (100 + rng.normal(0, 5, (80, 80)) + 9 * np.sin(np.arange(80) / 9)).astype(np.float32)
    bright = -(empty + target) if dark else empty + target
    alone = -empty if dark else empty
    responses, others = {"half": bright / 2, "gone": alone.copy()}, {"half": alone / 2, "gone": alone}
    rows = evaluation.evaluate_filter(
        empty + target, responses, (50, 40, 3, 4), dark=dark, without=(empty, others), floor=1
    )
    assert [row["retention"] for row in rows] == pytest.approx([1, 0.5, 0], abs=1e-4)
    raw = evaluation.evaluate_filter(empty + target, responses, (50, 40, 3, 4), dark=dark, floor=1)
    assert raw[0]["retention"] == 1  # of the raw peak, where the target alone is not known


# -- folds


def named(dataset, count):
    return [sequence(f"s{i:02d}", dataset, n=1) for i in range(count)]


def keys(sequences):
    return {(s.dataset, s.name) for s in sequences}


def test_folds_of_thirty_sequences():
    sequences = [*named("x", 10), *named("y", 10), *named("z", 10)]
    split = folds(sequences)
    assert len(split) == 5
    for train, test in split:
        assert (len(train), len(test)) == (24, 6)
        assert [sum(s.dataset == d for s in test) for d in "xyz"] == [2, 2, 2]
        assert not keys(train) & keys(test) and keys(train) | keys(test) == keys(sequences)
    assert set.union(*(keys(test) for _, test in split)) == keys(sequences)
    again = folds(sequences[::-1])
    assert [keys(test) for _, test in again] == [keys(test) for _, test in split]
    assert [keys(test) for _, test in folds(sequences, seed=1)] != [keys(test) for _, test in split]


@given(st.lists(st.integers(1, 13), min_size=1, max_size=4), st.integers(2, 5), st.integers(0, 9))
@settings(max_examples=50, deadline=None)
def test_folds_are_disjoint_complete_and_even(counts, k, seed):
    sequences = [s for i, count in enumerate(counts) for s in named(str(i), count)]
    if len(sequences) < k:
        with pytest.raises(ValueError, match="folds"):
            folds(sequences, k, seed)
        return
    split = folds(sequences, k, seed)
    tests = [keys(test) for _, test in split]
    assert sum(map(len, tests)) == len(set.union(*tests)) == len(sequences)
    assert max(map(len, tests)) - min(map(len, tests)) <= 1
    for i, count in enumerate(counts):
        shares = [sum(d == str(i) for d, _ in test) for test in tests]
        assert max(shares) - min(shares) <= 1 and sum(shares) == count


# -- files


def test_boxes_survive_the_file_bit_by_bit(tmp_path):
    rng = np.random.default_rng(0)
    results = []
    for name in ("001", "NA"):
        boxes = rng.normal(0, 100, (20, 4)) / 3
        boxes[7] = np.nan
        results.append(TrackResult(name, "set", "t", boxes, rng.random(20), float(rng.random()), 19, 3, 2))
    path = save_boxes(results, tmp_path / "new" / "boxes.csv")
    back = load_boxes(path)
    assert len(back) == 2
    for a, b in zip(results, back):
        np.testing.assert_array_equal(a.boxes, b.boxes)
        np.testing.assert_array_equal(a.scores, b.scores)
        assert (a.sequence, a.dataset, a.tracker, a.seconds) == (b.sequence, b.dataset, b.tracker, b.seconds)
        assert (a.frames, a.start, a.stride) == (b.frames, b.start, b.stride)
    assert pd.read_csv(path)["frame"].tolist()[:3] == [3, 5, 7]


def test_a_long_result_is_written_and_read_in_parts(tmp_path):
    rng = np.random.default_rng(1)
    rows = 2 * ROWS + 5
    results = [
        TrackResult(name, "set", "t", rng.random((rows, 4)), rng.random(rows), 1.5, rows - 1, 2, 3) for name in "ab"
    ]
    path = tmp_path / "boxes.csv"
    most = []
    for work in (lambda: save_boxes(results, path), lambda: load_boxes(path)):
        tracemalloc.start()
        back = work()
        most.append(tracemalloc.get_traced_memory()[1] / (2 * rows))
        tracemalloc.stop()
    assert max(most) < 600, most  # bytes a row; as one table of text it takes more
    assert [one.sequence for one in back] == ["a", "b"]
    for one, other in zip(results, back):
        np.testing.assert_array_equal(one.boxes, other.boxes)
        np.testing.assert_array_equal(one.scores, other.scores)
    assert pd.read_csv(path)["frame"].tolist() == 2 * [2 + 3 * k for k in range(rows)]


def test_tables_can_be_recomputed_from_the_file(tmp_path):
    sequences = [sequence("a", absent=[0, 4]), sequence("b", step=1.3)]
    results = [run(Scripted(d), s) for d in (0.7, 1.1) for s in sequences]
    table = evaluate(results, sequences)
    again = evaluate(load_boxes(save_boxes(results, tmp_path / "boxes.csv")), sequences)
    pd.testing.assert_frame_equal(table, again, check_exact=True)


def test_load_refuses_another_table(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_boxes(tmp_path / "none.csv")
    (tmp_path / "other.csv").write_text("x,y\n1,2\n")
    with pytest.raises(ValueError, match="lacks the columns"):
        load_boxes(tmp_path / "other.csv")
    with pytest.raises(ValueError, match="no results"):
        save_boxes([], tmp_path / "empty.csv")


# -- in widths of a detector, and against got10k from the raw boxes


def test_rmse_counts_in_detector_widths_where_the_sensor_is_known():
    one = sequence("a", n=3)
    one.oversampling = (2.0, 4.0)
    boxes = one.boxes.copy()
    boxes[1:, 0] += 3
    boxes[1:, 1] += 8
    result = TrackResult("a", "set", "t", boxes, np.ones(3), seconds=0.5, frames=2)
    row = evaluate([result], [one]).loc[0]
    assert row["rmse"] == pytest.approx(np.hypot(3, 8)) and row["rmse_d"] == pytest.approx(np.hypot(1.5, 2))
    one.oversampling = None
    assert np.isnan(evaluate([result], [one]).loc[0, "rmse_d"])


def test_a_table_says_what_it_was_made_with(tmp_path):
    result = run(Scripted(), sequence("a"))
    path = save_boxes([result], tmp_path / "boxes.csv", provenance="abc123")
    assert evaluation.provenance_of(path) == "abc123" and evaluation.provenance_of(tmp_path / "none.csv") == ""
    pd.testing.assert_frame_equal(evaluate(load_boxes(path), [sequence("a")]), evaluate([result], [sequence("a")]))


def test_the_table_equals_got10k_on_the_raw_boxes(tmp_path):
    from test_metrics import got10k_metrics

    theirs = got10k_metrics()
    rng = np.random.default_rng(4)
    one = sequence("a", n=60, step=0.7)
    boxes = one.boxes + rng.normal(0, [2, 2, 0.5, 0.5], (60, 4))
    boxes[0] = one.boxes[0]
    path = save_boxes([TrackResult("a", "set", "t", boxes, np.ones(60), 1.0, 59)], tmp_path / "boxes.csv")
    raw = pd.read_csv(path)[["x", "y", "w", "h"]].to_numpy()[1:]
    ious, errors = theirs.rect_iou(raw, one.boxes[1:]), theirs.center_error(raw, one.boxes[1:])
    row = evaluate(load_boxes(path), [one]).loc[0]
    assert row["aor"] == pytest.approx(ious.mean(), abs=1e-12)
    assert row["sr50"] == np.mean(ious > 0.5) and row["sr75"] == np.mean(ious > 0.75)
    assert [row["p3"], row["p5"], row["p20"]] == [np.mean(errors <= t) for t in (3, 5, 20)]
    assert row["auc"] == pytest.approx(np.mean([np.mean(ious > t) for t in np.linspace(0, 1, 21)]))
