"""OPE, TRE and SRE: which passes there are, and that processes, saving and old tables change nothing."""

from functools import partial

import numpy as np
import pytest

from irtrack_core import boxes, datasets, evaluation, trackers
from irtrack_core.evaluation import protocols


@pytest.fixture(scope="module")
def sequences():
    return datasets.load("sim-aircraft", frames=20, sequences=3, seed=5)


def test_passes_of_ope_and_tre(sequences):
    truth = sequences[0].boxes.copy()
    truth[[0, 1, 10]] = np.nan  # annotated: 2..9, 11..19
    (one,) = [datasets.Sequence("a", "set", sequences[0].frames, truth)]
    assert evaluation.passes(one) == [protocols.Trial("OPE", 0, 2)]
    starts = [(trial.protocol, trial.start) for trial in evaluation.passes(one, ("OPE", "TRE"))]
    assert starts == [("OPE", 2), ("TRE", 5), ("TRE", 8), ("TRE", 13), ("TRE", 16)]
    with pytest.raises(ValueError, match="unknown protocol 'VOT'"):
        evaluation.passes(one, ("VOT",))


def test_wrong_boxes_are_shifted_and_scaled_by_what_the_benchmark_says():
    given = np.array([100.0, 50.0, 20.0, 10.0])
    wrong = protocols.wrong_boxes(given)
    np.testing.assert_allclose(wrong[:4, 2:], np.tile(given[2:], (4, 1)))
    np.testing.assert_allclose(wrong[:4, :2] - given[:2], [(-2, 0), (2, 0), (0, -1), (0, 1)])
    np.testing.assert_allclose(boxes.centers(wrong[4:]), np.tile(boxes.centers(given), (4, 1)))
    np.testing.assert_allclose(wrong[4:, 2] / 20, [0.8, 0.9, 1.1, 1.2])


def test_rough_boxes_are_as_wrong_as_they_say():
    given, rng = np.array([100.0, 50.0, 20.0, 10.0]), np.random.default_rng(0)
    drawn = np.stack([protocols.rough_box(given, rng) for _ in range(4000)])
    np.testing.assert_allclose(np.log(drawn[:, 2:] / given[2:]).std(axis=0), 0.25, rtol=0.05)
    shift = (boxes.centers(drawn) - boxes.centers(given)) / given[2:]
    np.testing.assert_allclose(shift.std(axis=0), 0.1, rtol=0.05)
    np.testing.assert_allclose(shift.mean(axis=0), 0, atol=0.01)


def test_the_rough_box_depends_on_the_sequence_and_the_seed_alone(sequences):
    one, other = (evaluation.passes(each, ("SRE-strong",))[0].box for each in sequences[:2])
    assert evaluation.passes(sequences[0], ("SRE-strong",))[0].box == one
    relative = [np.subtract(box, each.boxes[0]) for box, each in zip((one, other), sequences)]
    assert np.abs(relative[0] - relative[1]).max() > 1e-3
    assert evaluation.passes(sequences[0], ("SRE-strong",), seed=1)[0].box != one


def test_first_boxes_stay_in_the_frame():
    truth = np.tile([-9.5, -9.8, 20.0, 20.0], (3, 1))  # its centre is 0.2 px from the corner
    one = datasets.Sequence("edge", "set", np.zeros((3, 32, 48), np.uint8), truth)
    for trial in evaluation.passes(one, ("SRE", "SRE-strong")):
        boxes.check_box(trial.box, one.shape)


def test_a_pass_starts_where_and_with_what_it_says(sequences):
    held = sequences[0]
    results = evaluation.run_sequence(trackers.create("identity"), held, protocols.PROTOCOLS, (1, 3))
    assert len(results) == 2 * (1 + 4 + 8 + 1)
    for result in results:
        if result.protocol in ("OPE", "TRE"):
            np.testing.assert_array_equal(result.boxes[0], held.boxes[result.start])
        else:
            assert not np.array_equal(result.boxes[0], held.boxes[0])
        assert len(result.boxes) == len(range(result.start, len(held), result.stride))
    table = evaluation.evaluate(results, sequences)
    assert list(table.groupby(["protocol", "stride"]).size()) == [1, 1, 8, 8, 1, 1, 4, 4]
    doubled = evaluation.with_first_passes(results)
    assert sum(one.protocol == "TRE" for one in doubled) == 10 and len(doubled) == len(results) + 2


def test_processes_change_no_box(sequences):
    make = partial(trackers.create, "peak")
    alone = evaluation.run_all(make, sequences, ("OPE", "SRE-strong"), (1, 6))
    beside = evaluation.run_all(make, sequences, ("OPE", "SRE-strong"), (1, 6), processes=2)
    assert len(alone) == len(beside) == 12
    for one, other in zip(alone, beside):
        assert (one.sequence, one.protocol, one.stride) == (other.sequence, other.protocol, other.stride)
        np.testing.assert_array_equal(one.boxes, other.boxes)


def test_progress_is_told_of_each_sequence(sequences):
    told = []

    def progress(done, total):
        for one in done:
            told.append(total)
            yield one

    evaluation.run_all(partial(trackers.create, "identity"), sequences, progress=progress)
    assert told == [3, 3, 3]


def test_passes_are_saved_and_tables_of_before_are_read(sequences, tmp_path):
    results = evaluation.run_sequence(trackers.create("identity"), sequences[0], ("OPE", "SRE"))
    path = evaluation.save_boxes(results, tmp_path / "boxes.csv")
    loaded = evaluation.load_boxes(path)
    assert [(one.protocol, one.trial) for one in loaded] == [("OPE", 0), *[("SRE", k) for k in range(8)]]
    rows = [line.split(",") for line in evaluation.save_boxes(results[:1], path).read_text().splitlines()]
    kept = [i for i, name in enumerate(rows[0]) if name not in ("protocol", "trial")]
    path.write_text("".join(",".join(row[i] for i in kept) + "\n" for row in rows))
    (old,) = evaluation.load_boxes(path)
    assert (old.protocol, old.trial) == ("OPE", 0)
    np.testing.assert_array_equal(old.boxes, results[0].boxes)


def test_a_start_without_a_true_box_is_refused(sequences):
    truth = sequences[0].boxes.copy()
    truth[4] = np.nan
    one = datasets.Sequence("a", "set", sequences[0].frames, truth)
    with pytest.raises(ValueError, match="no true box in frame 4: start on an annotated frame"):
        evaluation.run(trackers.create("identity"), one, start=4)


def test_frames_are_decoded_once_for_all_trackers_but_not_held_where_they_do_not_fit(sequences, monkeypatch):
    reads = []
    frames = datasets.FunctionFrames(
        20, sequences[0].shape, sequences[0].frames.dtype, lambda k: reads.append(k) or sequences[0].frames[k]
    )
    one = datasets.Sequence("one", "set", frames, sequences[0].boxes)
    both = [trackers.create("identity"), trackers.create("identity")]
    results = protocols.run_sequence(both, one)
    assert len(results) == 2 and len(reads) == 20
    monkeypatch.setattr(protocols, "HELD", 20 * 4)
    reads.clear()
    again = protocols.run_sequence(both, one)
    assert len(reads) > 20
    np.testing.assert_array_equal(results[1].boxes, again[1].boxes)
