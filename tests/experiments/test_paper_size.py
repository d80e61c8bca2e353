"""The study at the paper's own size: what was stopped goes on, what is there stays, and the tables follow from the boxes."""

import json
import zipfile
from concurrent.futures import Future
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from toys import moving_spot

from irtrack_core import evaluation, metrics
from irtrack_core.experiments import paper_size
from irtrack_core.experiments.compared import train_methods
from irtrack_core.experiments.paper_size import PaperSizeSettings
from irtrack_core.network.weights import read_card

TINY = PaperSizeSettings(width=0.02, iterations=3, frames=5, precision="float32")
SPOT = moving_spot(8)


@pytest.fixture(autouse=True)
def toy_sequences(monkeypatch):
    monkeypatch.setattr(train_methods, "training_sequences", lambda profile, fold, seed: ([SPOT], {}))
    folds = [(number, [], [SPOT]) for number in range(5)]
    monkeypatch.setattr(paper_size.protocol, "test_folds", lambda profile, seed: folds[: profile.folds])


def test_a_job_trains_and_tracks_the_first_frames(tmp_path):
    rows, boxes = paper_size.run_job("paper", 1, TINY, tmp_path)
    assert rows[["tracker", "fold", "annotated"]].values.tolist() == [
        ["paper", 1, 4]
    ]  # the given frame is not measured
    made = read_card(tmp_path / "weights" / "paper_fold1_seed0.safetensors")
    assert rows["loss"].item() > 0 and made["key"]["training"]["precision"] == TINY.precision
    assert len(boxes) == TINY.frames and boxes["frame"].tolist() == list(range(TINY.frames))
    # the tables can be computed again from the boxes that are kept
    found = boxes[list("xywh")].to_numpy(float)[1:] / 100
    assert rows["aor"].item() == pytest.approx(metrics.aor(found, SPOT.boxes[1 : TINY.frames]), abs=0.01)


def test_a_tracker_without_training_has_no_loss(tmp_path):
    rows, _ = paper_size.run_job("peak", 0, TINY, tmp_path)
    assert rows["loss"].isna().all() and rows["aor"].between(0, 1).all() and not (tmp_path / "weights").exists()


def members(out):
    with zipfile.ZipFile(out / "boxes.zip") as archive:
        return {name: pd.read_csv(BytesIO(archive.read(name))) for name in archive.namelist()}


def test_what_is_kept_can_be_added_to_in_any_order(tmp_path):
    made = {job: paper_size.run_job(*job, TINY, tmp_path) for job in (("peak", 0), ("identity", 0), ("identity", 1))}
    for job in made:
        paper_size.keep(tmp_path / "a", *job, *made[job])
    for job in reversed(made):
        paper_size.keep(tmp_path / "b", *job, *made[job])
    for name in ("methods.csv", "boxes.zip"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert paper_size.done(tmp_path / "a") == set(made)
    assert sorted(members(tmp_path / "a")) == ["identity_fold0.csv", "identity_fold1.csv", "peak_fold0.csv"]


def test_every_measure_follows_from_the_boxes(tmp_path):
    jobs = [("peak", 0), ("identity", 0), ("peak", 1)]
    with pytest.raises(FileNotFoundError):
        paper_size.results(tmp_path)
    for job in jobs:
        paper_size.keep(tmp_path, *job, *paper_size.run_job(*job, TINY, tmp_path))
    (tmp_path / "methods.json").write_text(json.dumps({"settings": TINY.model_dump()}))
    found, sequences = paper_size.results(tmp_path)
    assert [(one.tracker, len(one.boxes)) for one in found] == [("identity", 5), ("peak", 5), ("peak", 5)]
    again = evaluation.evaluate(found[:2], sequences[:1])
    rows = pd.read_csv(tmp_path / "methods.csv").query("fold == 0").set_index("tracker").loc[["identity", "peak"]]
    np.testing.assert_allclose(again["aor"], rows["aor"], atol=0.01)
    assert again["p3"].tolist() == rows["p3"].tolist() and again["fps"].isna().all()


def test_only_what_is_missing_is_run(tmp_path, monkeypatch):
    every = paper_size.jobs(TINY)
    assert every[:2] == [("paper", 0), ("ref8", 0)] and len(every) == 5 * len(paper_size.NAMES)
    tables = paper_size.run_job("identity", 0, TINY, tmp_path)
    for job in every[:-1]:
        paper_size.keep(tmp_path, *job, tables[0].assign(tracker=job[0], fold=job[1]), tables[1])
    asked = []

    class Here:  # a pool whose jobs run at once, here: a fresh interpreter would know nothing of the toys
        def __init__(self, *_, **__): ...
        def __enter__(self):
            return self

        def __exit__(self, *_): ...
        def submit(self, call, *job):
            asked.append(job[:2])
            future = Future()
            future.set_result(call(*job))
            return future

    monkeypatch.setattr(paper_size, "ProcessPoolExecutor", Here)
    told = []
    table = paper_size.run(TINY, tmp_path, tmp_path, finished=lambda: told.append(1))
    assert asked == [every[-1]] and told == [1]
    assert set(table[["tracker", "fold"]].itertuples(index=False, name=None)) == set(every)


def test_other_settings_need_another_folder(tmp_path):
    card = {"settings": TINY.model_dump()}
    (tmp_path / "methods.json").write_text(json.dumps(card))
    paper_size.check(tmp_path, TINY)
    with pytest.raises(ValueError, match="iterations 3 there, 1000 now"):
        paper_size.check(tmp_path, TINY.replace(iterations=1000))
    with pytest.raises(ValueError, match="name another folder"):
        paper_size.run(TINY.replace(frames=6), tmp_path, tmp_path)
