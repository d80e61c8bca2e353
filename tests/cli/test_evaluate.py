"""`irtrack evaluate` and `compare`: what they write, what they go on with, and what they refuse."""

import json
import shutil

import cv2
import numpy as np
import pandas as pd
import pytest
from own_sets import FRAMES, got10k_set

from irtrack_core import datasets, metrics
from irtrack_core.cli.main import main
from irtrack_core.evaluation import load_boxes, paired, stored
from irtrack_core.trackers import opencv


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return got10k_set(tmp_path_factory.mktemp("set") / "mine", ["a", "b", "c"], absent=(5,))


@pytest.fixture(scope="module")
def done(place, tmp_path_factory):
    """The folder of a whole evaluation of two trackers."""
    out = tmp_path_factory.mktemp("out") / "one"
    words = [f"got10k={place}", "--out", str(out), "--workers", "1", "--boxes", "otb"]
    assert main(["evaluate", "peak,identity", *words]) == 0
    return out


def fails(words, capsys, match):
    assert main(words) == 2
    error = capsys.readouterr().err
    assert match in error, error


def test_tables_hold_what_the_measures_say(place, done):
    sequences = datasets.load("got10k", place)
    table = pd.read_csv(done / "sequences.csv")
    assert len(table) == 6
    for sequence in sequences:
        (result,) = load_boxes(done / "boxes" / "peak" / "got10k" / f"{sequence.name}.csv")
        row = table[(table["tracker"] == "peak") & (table["sequence"] == sequence.name)].iloc[0]
        truth, boxes = sequence.boxes[1:], result.boxes[1:]
        assert row["aor"] == pytest.approx(metrics.aor(boxes, truth))
        errors = np.linalg.norm((boxes - truth)[:, :2] + (boxes - truth)[:, 2:] / 2, axis=1)
        errors = errors[np.isfinite(errors)]
        assert row["prec_auc"] == pytest.approx(np.mean([(errors <= t).mean() for t in range(51)]))
        # one of eight frames has no target, and these trackers always give a box
        overlaps = metrics.iou(result.boxes, sequence.boxes)
        assert row["state"] == pytest.approx(np.nansum(overlaps) / FRAMES)
    summary = pd.read_csv(done / "table.csv")
    one = summary[(summary["tracker"] == "identity") & (summary["measure"] == "aor")].iloc[0]
    assert one["mean"] == pytest.approx(table[table["tracker"] == "identity"]["aor"].mean())
    assert (one["recordings"], one["kind"]) == (3, "exact")  # all near 0: binomial limits


def test_the_report_needs_no_network_and_holds_the_curves(done):
    page = (done / "report.html").read_text()
    assert page.count("data:image/png;base64,") == 2 and "http" not in page
    assert "fewer than 10 recordings" in page and "State Accuracy" in page
    assert "| got10k | peak | 3 |" in (done / "table.md").read_text()
    for name in ("success", "precision"):
        assert cv2.imread(str(done / f"{name}.png")).shape[1] > 300


def test_boxes_of_another_format_are_read_back_as_they_were(place, done):
    (result,) = load_boxes(done / "boxes" / "peak" / "got10k" / "a.csv")
    file = done / "boxes_otb" / "peak" / "got10k" / "a" / "groundtruth_rect.txt"
    np.testing.assert_allclose(np.loadtxt(file, delimiter=",") - [1, 1, 0, 0], result.boxes, atol=1e-5)


def test_a_run_goes_on_with_what_is_there(place, done, tmp_path, capsys, monkeypatch):
    out = shutil.copytree(done, tmp_path / "copy")
    before = (out / "table.csv").read_text()
    kept, gone = out / "boxes/peak/got10k/a.csv", out / "boxes/identity/got10k/c.csv"
    gone.unlink()
    tracked = []
    real = stored.run_all
    monkeypatch.setattr(
        stored,
        "run_all",
        lambda make, part, **more: tracked.append([one.name for one in part]) or real(make, part, **more),
    )
    stamp = kept.stat().st_mtime_ns
    words = [f"got10k={place}", "--out", str(out), "--workers", "1"]
    assert main(["evaluate", "peak,identity", *words]) == 0
    assert tracked == [["c"]] and kept.stat().st_mtime_ns == stamp
    columns = ["tracker", "measure", "mean", "low", "high"]
    pd.testing.assert_frame_equal(pd.read_csv(out / "table.csv")[columns], pd.read_csv(done / "table.csv")[columns])
    assert before.startswith("dataset")


def test_boxes_of_other_truth_are_made_anew(tmp_path):
    sequences = datasets.load("got10k", got10k_set(tmp_path / "one", ["a"]))
    others = datasets.load("got10k", got10k_set(tmp_path / "two", ["a"], absent=(3,)))
    from irtrack_core.trackers import IdentityTracker

    stored.track_all({"identity": IdentityTracker}, sequences, tmp_path / "out")
    path = stored.boxes_path(tmp_path / "out", "identity", "got10k", "a")
    first = path.read_text()
    stored.track_all({"identity": IdentityTracker}, others, tmp_path / "out")
    assert path.read_text() != first


def test_boxes_of_other_files_of_nanotrack_or_another_opencv_are_made_anew(tmp_path, monkeypatch):
    from irtrack_core.cli.evaluate import _mark
    from irtrack_core.trackers import opencv

    files = [tmp_path / name for name in ("backbone.onnx", "head.onnx")]
    for file in files:
        file.write_bytes(b"1")
    first = _mark("nanotrack", None, files)
    files[1].write_bytes(b"2")
    assert _mark("nanotrack", None, files) != first
    before = _mark("mil", None, None), _mark("peak", None, None)
    monkeypatch.setattr(opencv, "version", lambda: "6.0.0")
    assert _mark("mil", None, None) != before[0] and _mark("peak", None, None) == before[1] == "shipped"


def test_frames_of_another_depth_are_tracked_anew(tmp_path):
    from irtrack_core.trackers import IdentityTracker

    (one,) = datasets.load("got10k", got10k_set(tmp_path / "one", ["a"]))
    stored.track_all({"identity": IdentityTracker}, [one], tmp_path / "out")
    path = stored.boxes_path(tmp_path / "out", "identity", "got10k", "a")
    first = path.stat().st_mtime_ns
    stored.track_all({"identity": IdentityTracker}, [one], tmp_path / "out")
    assert path.stat().st_mtime_ns == first
    deep = np.array(one.frames).astype(np.uint16)
    deep = datasets.Sequence(one.name, one.dataset, deep, one.boxes)
    stored.track_all({"identity": IdentityTracker}, [deep], tmp_path / "out")
    assert path.stat().st_mtime_ns != first


@pytest.mark.parametrize("name", opencv.MAKERS)
def test_opencvs_trackers_are_measured_where_this_opencv_has_them(place, tmp_path, capsys, name):
    out = tmp_path / "out"
    words = ["evaluate", f"{name},identity", f"got10k={place}", "--out", str(out), "--workers", "1"]
    if name not in opencv.available():
        fails(words, capsys, f"has no tracker '{name}': `make baselines`")
        return
    assert main(words) == 0
    table = pd.read_csv(out / "sequences.csv").set_index(["tracker", "sequence"])
    assert len(table) == 6 and (table.loc[name]["p20"] == 1).all()
    assert json.loads((out / "evaluation.json").read_text())["trackers"][name]["weights"].startswith("OpenCV ")


def test_two_processes_give_the_same_boxes(place, done, tmp_path):
    assert main(["evaluate", "peak", f"got10k={place}", "--out", str(tmp_path / "two"), "--workers", "2"]) == 0
    for name in "abc":
        files = [folder / "boxes" / "peak" / "got10k" / f"{name}.csv" for folder in (done, tmp_path / "two")]
        one, two = (load_boxes(file)[0].boxes for file in files)
        np.testing.assert_array_equal(one, two)


def test_points_have_no_overlap(tmp_path, capsys):
    folder = got10k_set(tmp_path / "set", ["clip"]) / "clip"
    for name in ("groundtruth.txt", "absence.label"):
        (folder / name).unlink()
    rows = "".join(f"{k},{13 + 2 * k},15\n" for k in range(FRAMES))
    (folder / "boxes.csv").write_text("frame,x,y\n" + rows)
    out = tmp_path / "out"
    words = ["evaluate", "peak", f"folder={folder}", "--option", "size=6", "--workers", "1", "--out", str(out)]
    assert main(words) == 0
    assert "points without a size" in capsys.readouterr().out
    assert set(pd.read_csv(out / "table.csv")["measure"]) == {"p5", "p20", "prec_auc"}
    assert not (out / "success.png").exists() and (out / "precision.png").is_file()


def test_what_cannot_be_is_refused_before_anything_is_tracked(place, tmp_path, capsys):
    out = ["--out", str(tmp_path / "out")]
    fails(["evaluate", "peek", str(place), *out], capsys, "unknown tracker 'peek'")
    fails(["evaluate", "peak,peak", str(place), *out], capsys, "called 'peak'")
    fails(["evaluate", "none.safetensors", str(place), *out], capsys, "no weights at none.safetensors")
    fails(["evaluate", "peak=none.safetensors", str(place), *out], capsys, "has no weights")
    fails(["evaluate", "paper", str(place), *out], capsys, "needs weights")
    fails(["evaluate", "nanotrack", str(place), *out], capsys, "go together")
    fails(
        ["evaluate", "peak", str(place), "--peer", "vittrack", str(tmp_path / "v.onnx"), *out], capsys, "no weights of"
    )
    fails(["evaluate", "vittrack", str(place), "--peer", "vittrack", *out], capsys, "runs from 1 files, net")
    fails(["evaluate", "peak", str(place), "--peer", "siamese", "x", *out], capsys, "no peer that runs from files")
    fails(["evaluate", "peak", "nowhere", *out], capsys, "neither a file or folder nor the name of a set")
    fails(["evaluate", "peak", "got10k=nowhere", *out], capsys, "no such file or folder: nowhere")
    fails(["evaluate", "peak", f"sim-aircraft={place}", *out], capsys, "simulated: it has no path")
    fails(["evaluate", "peak", f"got10k={place}", "--workers", "0", *out], capsys, "1 or more")
    fails(["evaluate", "peak", f"got10k={place}", "--option", "colour=1", *out], capsys, "has no option 'colour'")
    fails(["evaluate", "peak", f"got10k={place}", f"got10k={place}", *out], capsys, "both have a sequence got10k/a")
    fails(["evaluate", "peak", f"got10k={place}", "--out", str(place)], capsys, "holds other files")
    assert not (tmp_path / "out").exists()


def test_no_folder_of_a_sequence_leaves_the_place_of_the_boxes(tmp_path):
    path = stored.boxes_path(tmp_path, "../x", "..", "a/../../b")
    assert path.resolve().is_relative_to((tmp_path / "boxes").resolve()) and path.suffix == ".csv"


def test_comparing_says_by_how_much_and_where(done, tmp_path, capsys):
    out = tmp_path / "compared"
    words = ["compare", str(done), str(done), "--trackers", "peak", "identity", "--out", str(out)]
    assert main(words) == 0
    text = capsys.readouterr().out
    assert "too few recordings to say" in text and "AO is higher in 3 sequences" in text
    table = pd.read_csv(done / "sequences.csv").pivot(index="sequence", columns="tracker", values="aor")
    row = pd.read_csv(out / "differences.csv").set_index("measure").loc["aor"]
    assert row["difference"] == pytest.approx((table["peak"] - table["identity"]).mean())
    assert "Positive: the first is ahead" in (out / "compare.md").read_text()


def test_comparing_refuses_other_truth_and_other_sequences(done, tmp_path, capsys):
    words = ["--workers", "1", "--out"]
    truth = got10k_set(tmp_path / "truth", ["a", "b", "c"], absent=(4,))
    fewer = got10k_set(tmp_path / "fewer", ["a", "b"], absent=(5,))
    for place in (truth, fewer):
        assert main(["evaluate", "identity", f"got10k={place}", *words, str(tmp_path / f"e{place.name}")]) == 0
    fails(["compare", str(done), str(tmp_path / "etruth")], capsys, "different truth in 3 sequences")
    fails(["compare", str(done), str(tmp_path / "efewer")], capsys, "lacks: got10k/c")
    fails(["compare", str(tmp_path / "efewer"), str(done)], capsys, "lacks: got10k/c")
    fails(["compare", str(done), str(done)], capsys, "which trackers?")
    fails(["compare", str(done), str(done), "--trackers", "peak", "csrt"], capsys, "has no tracker 'csrt'")
    fails(["compare", str(done), str(done), "--trackers", "peak", "peak"], capsys, "with itself")
    fails(["compare", str(done), str(tmp_path)], capsys, "no evaluation in")
    fails(["compare", str(done), str(done), "--trackers", "peak", "identity", "--out", str(done)], capsys, "replace")
    damaged = shutil.copytree(done, tmp_path / "damaged")
    (damaged / "evaluation.json").write_text(json.dumps({"trackers": 3, "sequences": {}}))
    fails(["compare", str(done), str(damaged)], capsys, "lacks 'trackers'")
    (damaged / "evaluation.json").write_text("[")
    fails(["compare", str(done), str(damaged)], capsys, "is damaged")


def known_table(values):
    rows = [{"dataset": "d", "sequence": f"s{k}", "recording": f"r{k // 2}", "aor": v} for k, v in enumerate(values)]
    return pd.DataFrame(rows)


def test_differences_are_of_recordings_and_clear_only_with_ten_of_them():
    rng = np.random.default_rng(3)
    low = rng.uniform(0.3, 0.6, 40)
    gain = rng.normal(0.1, 0.03, 40)
    found, each = paired.compare(known_table(low + gain), known_table(low))
    row = found.iloc[0]
    assert row["recordings"] == 20 and row["difference"] == pytest.approx(gain.mean()) and row["word"] == "ahead"
    assert row["low"] < gain.mean() < row["high"] and row["low"] > 0.05
    assert paired.compare(known_table(low), known_table(low + gain))[0]["word"].tolist() == ["behind"]
    assert paired.compare(known_table(low[:10] + 0.1), known_table(low[:10]))[0]["word"].iloc[0].startswith("too few")
    noise = rng.normal(0, 0.1, 40)
    noise -= noise.mean()
    assert paired.compare(known_table(low + noise), known_table(low))[0]["word"].tolist() == ["not told apart"]
    assert each["difference"].abs().is_monotonic_decreasing


def test_the_recording_that_decides_is_named():
    values = np.full(24, 0.5)
    other = values.copy()
    other[4:6] = 0.1
    row = paired.compare(known_table(values), known_table(other))[0].iloc[0]
    assert row["decides"] == "r2" and row["without"] == pytest.approx(0)


def test_trackers_are_called_by_their_names_or_their_weights():
    from irtrack_core.cli.named import tracker_words
    from irtrack_core.network import SHIPPED

    file = SHIPPED / "compact-sim.safetensors"
    assert tracker_words([f"siamese, peak,{file}", "csrt"]) == {
        "siamese": ("siamese", None),
        "peak": ("peak", None),
        "compact-sim": ("siamese", file),
        "csrt": ("csrt", None),
    }
    assert tracker_words([f"paper={file}"]) == {"compact-sim": ("paper", file)}
