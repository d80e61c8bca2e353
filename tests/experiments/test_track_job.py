"""Tracking as jobs: what they leave is what notebook 11 reads, and a card says when it is complete."""

import json
import subprocess
import sys

import numpy as np
import papermill
import pytest

from irtrack_core import config, evaluation
from irtrack_core.datasets import SIMULATED, Sequence
from irtrack_core.experiments import protocol, study, track_job, train_job
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


def test_jobs_are_all_that_the_notebooks_read():
    quick, medium, full = (track_job.jobs(config.profile(name)) for name in ("quick", "medium", "full"))
    assert len(quick) == 3 * 13 and len(medium) == 3 * 5 * (13 + 10) and len(full) == 3 * 5 * (13 + 10 + 10)
    assert all(len(set(found)) == len(found) for found in (quick, medium, full))
    assert {seed for _, name, _, seed in full if name in ("identity", "peak", "siamese")} == {0}
    real = set(track_job.jobs(config.profile("medium"), 4, real=True)) - set(
        track_job.jobs(config.profile("medium"), 4)
    )
    assert real == {("svanstrom", name, 0, 4) for name in (*protocol.BASELINES, *protocol.METHODS)}


def test_jobs_are_those_of_notebook_11(root):
    known = papermill.inspect_notebook(str(root / "notebooks" / "11_experiment_overlap.ipynb"))
    given = {name: json.loads(entry["default"]) for name, entry in known.items() if name != "profile"}
    assert given["waiting"] == track_job.WAITING and given["real_frames"] == track_job.REAL_FRAMES
    pairs = [name for method in given["methods"] for name in protocol.pairs_of_inputs(method)]
    assert sorted(given["baselines"] + pairs) == sorted(track_job.NAMES)


def test_the_study_reads_what_the_jobs_left(small, runs, tmp_path, capsys):
    net = train_job.new_network(train_job.network_settings("ref8", SMALL.width))
    for step in (0, 4, None):
        save_weights(net, protocol.weights_path(tmp_path, 0, 2, step, "ref8"))
    for name in ("peak", "ref8"):
        assert track_job.main([name, "--seed", "2", "--study-seed", "2", "--results", str(tmp_path)]) == 0
    cards = [track_job.card_path(tmp_path, one, name, 0, 2) for name in ("peak", "ref8") for one in SIMULATED]
    assert capsys.readouterr().out.split() == [str(card) for card in cards]
    made, counts = len(runs), {name: sum(call[0] == name for call in runs) for name in ("peak", "ref8")}
    assert counts == {"peak": 2 * 6, "ref8": (2 + 2) * 6}
    listed = {path for card in cards for path in json.loads(card.read_text())["boxes"]}
    assert listed == {path.name for path in tmp_path.glob("boxes/*/*.csv")} and len(listed) == made

    results, sequences = study.run_folds(SMALL, ["peak", "ref8"], tmp_path, 2)
    study.run_folds(SMALL, ["peak", "ref8"], tmp_path, 2, resets=track_job.WAITING)
    steps = study.by_step(sequences, tmp_path, names=["ref8"], seed=2)
    assert len(runs) == made and len(results) == 12 and set(steps["step"]) == {0, 4}
    study.run_folds(SMALL, ["peak"], tmp_path, 2, resets=track_job.WAITING + 1)
    assert len(runs) == made + 6


def test_a_job_that_is_killed_leaves_no_card_and_goes_on(small, runs, tmp_path, monkeypatch):
    words = ["peak", "--sets", "sim-otcbvs", "--results", str(tmp_path)]
    card = track_job.card_path(tmp_path, "sim-otcbvs", "peak", 0, 0)
    assert track_job.main(words) == 0
    before = card.read_bytes()
    track_job.main(words)
    assert len(runs) == 4 and card.read_bytes() == before  # all was there

    counted = evaluation.run

    def killed(*arguments, **options):
        if len(runs) == 6:
            raise KeyboardInterrupt
        return counted(*arguments, **options)

    monkeypatch.setattr(evaluation, "run", killed)
    monkeypatch.setattr(study, "_code", lambda: "changed")
    with pytest.raises(KeyboardInterrupt):
        track_job.main(words)
    assert len(runs) == 6 and not card.exists()  # that of the first run is not valid any more
    monkeypatch.setattr(evaluation, "run", counted)
    assert track_job.main(words) == 0
    assert len(runs) == 8 and runs[:4] == runs[4:]
    assert json.loads(card.read_text())["boxes"].keys() == json.loads(before)["boxes"].keys()


def test_a_missing_training_is_named_with_its_command(small, tmp_path, capsys):
    words = ["ref9-filtered", "--fold", "1", "--seed", "3", "--study-seed", "2", "--results", str(tmp_path)]
    assert track_job.main(words) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {protocol.weights_path(tmp_path, 1, 3, name='ref9-filtered')} is not there yet")
    command = (
        "python -m irtrack_core.experiments.train_job ref9-filtered --profile quick --fold 1 --seed 3 --study-seed 2"
    )
    assert f"`{command} --results {tmp_path}`" in line
    assert not list(tmp_path.iterdir())


def test_real_sequences_are_tracked_without_resets(small, runs, tmp_path, monkeypatch, capsys):
    words = ["identity", "--sets", "svanstrom", "--results", str(tmp_path)]
    assert track_job.main(words) == 1
    assert "set IRTRACK_DATA" in capsys.readouterr().err
    boxes = np.tile([5.0, 5, 4, 4], (3, 1))
    one = Sequence("IR_DRONE_001", "svanstrom", np.zeros((3, 20, 30), np.uint8), boxes)
    monkeypatch.setattr(study, "real_sequences", lambda frames: [one] if frames == track_job.REAL_FRAMES else [])
    assert track_job.main(words) == 0 and runs == [("identity", "IR_DRONE_001", None)]
    study.track([one], ["identity"], tmp_path)
    assert len(runs) == 1


def test_trackers_without_a_network_need_not_wait_for_torch():
    """Nor does the workflow, which reads the list of jobs from this module."""
    code = "import sys; from irtrack_core.experiments import track_job; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
