"""Tracking as jobs: what they leave is what notebook 11 reads, and a card says when it is complete."""

import json
import shutil
import subprocess
import sys

import numpy as np
import papermill
import pytest

from irtrack_core import config, evaluation
from irtrack_core.datasets import Sequence
from irtrack_core.experiments import jobs, protocol, real_sets, study
from irtrack_core.experiments.compared import train_methods
from irtrack_core.network.weights import save_weights

SMALL = config.profile("quick").replace(frames=6, width=0.03125)


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setitem(config.PROFILES, "quick", SMALL)
    monkeypatch.delenv("IRTRACK_DATA", raising=False)


@pytest.fixture
def runs(monkeypatch):
    """What is tracked, not read: [(tracker, sequence, resets)]."""
    calls, run = [], evaluation.run

    def counted(tracker, sequence, **options):
        calls.append((tracker.name, sequence.name, options.get("resets")))
        return run(tracker, sequence, **options)

    monkeypatch.setattr(evaluation, "run", counted)
    return calls


def test_jobs_are_all_that_the_notebooks_read(monkeypatch, tmp_path):
    found = {name: jobs.groups(config.profile(name)) for name in ("quick", "medium", "full")}
    # quick: two processes; else one a training, and one for the trackers without any
    assert [len(found[name]) for name in found] == [2, 5 + 5 * 2 * 17, 5 + 5 * 3 * 17]
    for name, groups in found.items():
        tracked = [(one, fold, seed) for names, fold, seed in groups for one in names]
        assert len(set(tracked)) == len(tracked)
        assert sorted(run for run in tracked if run[0] in protocol.TRAINED) == sorted(
            protocol.runs(config.profile(name))
        )
        rest = (*protocol.BASELINES, *protocol.UNTRAINED)
        assert {run for run in tracked if run[0] in rest} == {
            (one, fold, 0) for one in rest for fold in range(config.profile(name).folds)
        }
    (tmp_path / "IR_DRONE_001.mp4").touch()
    monkeypatch.setenv("IRTRACK_DATA", str(tmp_path))
    real = [run for run in tracked if jobs.REAL in jobs.sets_of(*run)]
    assert sorted(real) == sorted((name, 0, 0) for name in (*protocol.BASELINES, *protocol.METHODS))


def test_jobs_are_those_of_notebook_11(root):
    known = papermill.inspect_notebook(str(root / "notebooks" / "11_experiment_overlap.ipynb"))
    given = {name: json.loads(entry["default"]) for name, entry in known.items() if name != "profile"}
    assert given["waiting"] == jobs.WAITING and given["real_frames"] == jobs.REAL_FRAMES
    assert given["set_frames"] == real_sets.FRAMES
    assert sorted(given["baselines"] + protocol.on_all_inputs(given["methods"])) == sorted(
        (*protocol.BASELINES, *protocol.STUDIED)
    )
    assert set(jobs.NAMES) == {*protocol.BASELINES, *protocol.STUDIED}


def test_the_study_reads_what_the_jobs_left(small, runs, tmp_path, capsys):
    net = train_methods.new_network(train_methods.network_settings("ref8", SMALL.width))
    for step in (0, 4, None):
        save_weights(net, protocol.weights_path(tmp_path, 0, 2, step, "ref8"), {"step": step})
    words = ["--seed", "2", "--study-seed", "2", "--results", str(tmp_path)]
    assert jobs.main(["peak", "ref8", "--only", "track", *words]) == 0
    card = jobs.card_path(tmp_path, ["peak", "ref8"], 0, 2)
    assert capsys.readouterr().out.split()[-1] == str(card)
    lost = {name: sum(call == (name, call[1], jobs.WAITING) for call in runs) for name in ("peak", "ref8")}
    made, counts = len(runs), {name: sum(call[0] == name for call in runs) for name in ("peak", "ref8")}
    # with resets only those are run again that lost their target
    assert counts == {"peak": 6 + lost["peak"], "ref8": 3 * 6 + lost["ref8"]} and 0 < lost["ref8"] <= 6 > lost["peak"]
    listed = json.loads(card.read_text())["boxes"]
    files = {str(path.relative_to(tmp_path / "boxes")) for path in tmp_path.glob("boxes/*/*.csv")}
    assert set(listed) == files and len(files) == (2 + 4) * 6

    results, sequences = study.run_folds(SMALL, ["peak", "ref8"], tmp_path, 2)
    study.run_folds(SMALL, ["peak", "ref8"], tmp_path, 2, resets=jobs.WAITING)
    steps = study.by_step(sequences, tmp_path, names=["ref8"], seed=2)
    assert len(runs) == made and len(results) == 12 and set(steps["step"]) == {0, 4}


def test_a_run_with_resets_that_loses_nothing_is_the_plain_run(small, tmp_path):
    """And one that does is run: both as they come out without the boxes of the plain run."""
    sequences = study.test_folds(SMALL)[0][2]
    for name in ("peak", "identity"):
        study.track(sequences, [name], tmp_path / "known")
        known = study.track(sequences, [name], tmp_path / "known", resets=2)
        alone = study.track(sequences, [name], tmp_path / "alone", resets=2)
        for one, other in zip(known, alone, strict=True):
            np.testing.assert_array_equal(one.boxes, other.boxes)
            assert (one.frames, one.start, one.tracker) == (other.frames, other.start, other.tracker)


def test_equal_weights_are_tracked_once(small, runs, tmp_path):
    net = train_methods.new_network(train_methods.network_settings("ref8", SMALL.width))
    last, final = (protocol.weights_path(tmp_path, 0, 0, step, "ref8") for step in (8, None))
    save_weights(net, last)
    shutil.copy(last, final)
    (one, *_) = study.test_folds(SMALL)[0][2]
    plain = study.track([one], ["ref8"], tmp_path)
    again = study.track([one], ["ref8"], tmp_path, step=8)
    assert len(runs) == 1 and protocol.boxes_path(tmp_path, one.dataset, one.name, "ref8", step=8).is_file()
    np.testing.assert_array_equal(plain[0].boxes, again[0].boxes)


def test_a_job_that_is_killed_leaves_no_card_and_goes_on(small, runs, tmp_path, monkeypatch):
    words = ["peak", "identity", "--results", str(tmp_path)]
    card = jobs.card_path(tmp_path, ["peak", "identity"], 0, 0)
    assert jobs.main(words) == 0
    made, before = len(runs), card.read_bytes()
    jobs.main(words)
    assert len(runs) == made and card.read_bytes() == before  # all was there

    counted = evaluation.run

    def killed(*arguments, **options):
        if len(runs) == made + 2:
            raise KeyboardInterrupt
        return counted(*arguments, **options)

    monkeypatch.setattr(evaluation, "run", killed)
    monkeypatch.setattr(study, "_code", lambda: "changed")
    with pytest.raises(KeyboardInterrupt):
        jobs.main(words)
    assert len(runs) == made + 2 and not card.exists()  # that of the first run is not valid any more
    monkeypatch.setattr(evaluation, "run", counted)
    assert jobs.main(words) == 0
    assert len(runs) == 2 * made and runs[:made] == runs[made:]
    assert json.loads(card.read_text())["boxes"].keys() == json.loads(before)["boxes"].keys()


def test_a_part_of_a_job_leaves_no_card(small, runs, tmp_path):
    assert jobs.main(["peak", "--sets", "sim-otcbvs", "--results", str(tmp_path)]) == 0
    assert {path.name for path in (tmp_path / "boxes").iterdir()} == {"sim-otcbvs"}
    assert runs and not (tmp_path / "jobs").exists()


def test_a_missing_training_is_named_with_its_command(small, tmp_path, capsys):
    words = [
        "ref9-filtered",
        "--only",
        "track",
        "--fold",
        "1",
        "--seed",
        "3",
        "--study-seed",
        "2",
        "--results",
        str(tmp_path),
    ]
    assert jobs.main(words) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {protocol.weights_path(tmp_path, 1, 3, name='ref9-filtered')} is not there yet")
    command = "python -m irtrack_core.experiments.jobs ref9-filtered --profile quick --fold 1 --seed 3 --study-seed 2"
    assert f"`{command} --results {tmp_path}`" in line
    assert not list(tmp_path.iterdir())


def test_real_sequences_are_tracked_without_resets(small, runs, tmp_path, monkeypatch, capsys):
    words = ["identity", "--sets", "svanstrom", "--results", str(tmp_path)]
    assert jobs.main(words) == 1
    assert "set IRTRACK_DATA" in capsys.readouterr().err
    boxes = np.tile([5.0, 5, 4, 4], (3, 1))
    one = Sequence("IR_DRONE_001", "svanstrom", np.zeros((3, 20, 30), np.uint8), boxes)
    monkeypatch.setattr(study, "real_sequences", lambda frames: [one] if frames == jobs.REAL_FRAMES else [])
    assert jobs.main(words) == 0 and runs == [("identity", "IR_DRONE_001", None)]
    study.track([one], ["identity"], tmp_path)
    assert len(runs) == 1


def test_trackers_without_a_network_need_not_wait_for_torch():
    """Nor does the workflow, which reads the list of jobs from this module."""
    code = "import sys; from irtrack_core.experiments import jobs; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
