"""`irtrack train`: parts without a common recording, the best step kept, exact resume, and a verdict that flatters nobody."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from own_sets import got10k_set
from toys import moving_spot

from irtrack_core import trackers
from irtrack_core.cli.main import main
from irtrack_core.config import network_preset
from irtrack_core.datasets import Sequence, load
from irtrack_core.experiments import fine_tune
from irtrack_core.network.weights import SHIPPED, load_graphs, load_weights, read_card, save_weights
from irtrack_core.training.loop import new_net

BASE = SHIPPED / "compact.safetensors"


def clips(recordings, each=1):
    boxes = np.full((3, 4), 5.0)
    frames = np.zeros((3, 20, 20), np.uint8)
    return [
        Sequence(f"c{r}-{k}", "d", frames, boxes, recording=f"r{r}") for r in range(recordings) for k in range(each)
    ]


@pytest.mark.parametrize(("count", "sizes"), [(3, (1, 1, 1)), (10, (5, 2, 3)), (40, (22, 6, 12))])
def test_parts_share_no_recording_and_lose_none(count, sizes):
    known = clips(count, 2)
    parts = fine_tune.split(known, seed=1)
    names = [{one.recording for one in part} for part in parts]
    assert tuple(map(len, names)) == sizes and len(set.union(*names)) == count
    assert sum(map(len, parts)) == len(known)
    again = fine_tune.split(known[::-1], seed=1)
    assert [{one.name for one in part} for part in again] == [{one.name for one in part} for part in parts]


def test_what_cannot_be_split_is_refused():
    with pytest.raises(ValueError, match="2 recordings are too few"):
        fine_tune.split(clips(2, 5))
    (point,) = load("sim-aircraft", frames=4, sequences=1)
    point = Sequence("p", "d", point.frames, point.boxes, points=True)
    with pytest.raises(ValueError, match="annotates points"):
        fine_tune.split([*clips(3), point])


@pytest.fixture
def small(tmp_path, monkeypatch):
    """(parts, weights file) of a narrow net, with few simulated sequences."""
    stream = fine_tune.simulated_stream
    monkeypatch.setattr(fine_tune, "simulated_stream", lambda pool, seed: stream(frames=2, gap=1, pool=2, seed=seed))
    save_weights(new_net(network_preset("compact", width=0.25), seed=3), tmp_path / "base.safetensors")
    spot = moving_spot()
    one = [Sequence(f"s{k}", "d", spot.frames, spot.boxes) for k in range(3)]
    return fine_tune.Parts([one[0]], [one[1]], [one[2]]), tmp_path / "base.safetensors"


def weights_of(net):
    return {name: tensor.numpy() for name, tensor in net.state_dict().items()}


def test_a_training_that_was_stopped_goes_on_as_if_nothing_had_happened(small, tmp_path):
    parts, base = small
    options = dict(iterations=6, batch=2, seed=5)
    whole, checks = fine_tune.learn(parts, base, tmp_path / "whole.safetensors", **options)
    steps = []

    def stop(done):
        steps.append(done)
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fine_tune.learn(parts, base, tmp_path / "cut.safetensors", progress=stop, **options)
    rest, again = fine_tune.learn(parts, base, tmp_path / "cut.safetensors", **options)
    assert again == checks and [step for step, _ in checks] == list(range(len(checks)))
    for name, array in weights_of(whole).items():
        np.testing.assert_array_equal(array, weights_of(rest)[name])
    with pytest.raises(ValueError, match="other data, weights, settings or another seed"):
        fine_tune.learn(parts, base, tmp_path / "cut.safetensors", **options | {"seed": 6})


def test_the_step_that_the_stopping_part_likes_best_is_kept(small, tmp_path, monkeypatch):
    parts, base = small
    losses = iter([3.0, 2.0, 2.5, 2.1, 9.0])
    seen = []

    def loss(net, *_):
        seen.append(weights_of(net)["backbone.conv1.0.weight"].copy())
        return next(losses)

    monkeypatch.setattr(fine_tune, "_loss", loss)
    net, checks = fine_tune.learn(parts, base, tmp_path / "out.safetensors", iterations=6, batch=2)
    assert [value for _, value in checks] == [3.0, 2.0, 2.5, 2.1]  # two in a row without a fall: it stops
    np.testing.assert_array_equal(weights_of(net)["backbone.conv1.0.weight"], seen[1])
    assert not np.array_equal(seen[0], seen[1])


def test_weights_that_no_step_improves_stay_as_they_were(small, tmp_path, monkeypatch):
    parts, base = small
    losses = iter([1.0, 2.0, 3.0])
    monkeypatch.setattr(fine_tune, "_loss", lambda *_: next(losses))
    net, checks = fine_tune.learn(parts, base, tmp_path / "out.safetensors", iterations=6, batch=2)
    card = fine_tune.write(net, checks, tmp_path / "out.safetensors", base, parts, "irtrack train")
    assert card["kept_step"] == 0 and card["held_back"] == ["d/s2"] and card["recordings"] == ["d/s0", "d/s1"]
    for one, two in zip(load_weights(base).state_dict().values(), net.state_dict().values()):
        assert torch.equal(one, two)
    assert card["calibrated_on"] == "the weights before: these are the same"


def test_new_weights_are_calibrated_and_have_an_int8_graph(small, tmp_path):
    parts, out = small[0], tmp_path / "out.safetensors"
    net, checks = load_weights(BASE), [(0, 2.0), (5, 1.0)]
    card = fine_tune.write(net, checks, out, BASE, parts, "irtrack train", sequences=1, frames=8)
    assert card["calibrated_on"] == "the stopping part and simulation"
    known, shipped = card["calibration"], read_card(BASE)["calibration"]
    assert known != shipped and 0.3 < known["size"][0] < 1.6 and len(known["frames"]) == 2
    assert trackers.create("siamese", weights=out).size_line == tuple(known["size"])
    assert load_graphs(out).int8 is not None


def test_a_net_that_cannot_be_calibrated_keeps_what_is_known(small, tmp_path):
    parts, base = small  # random weights: no box is right
    card = fine_tune.write(
        load_weights(base), [(0, 2.0), (5, 1.0)], tmp_path / "o.safetensors", BASE, parts, "x", sequences=1, frames=4
    )
    assert card["calibration"] == read_card(BASE)["calibration"]
    assert card["calibrated_on"].startswith("the weights before: ")


def table(*rows):
    columns = ["where", "dataset", "word", "recordings"]
    return pd.DataFrame([dict(zip(columns, row)) | {"measure": "aor"} for row in rows])


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("held back", "d", "ahead", 12), ("simulated", "s", "not told apart", 10)], "and nowhere worse"),
        ([("held back", "d", "ahead", 12), ("simulated", "s", "behind", 10)], "Worse on s: it has forgotten"),
        ([("held back", "d", "not told apart", 12), ("simulated", "s", "ahead", 10)], "Not shown to be better"),
        ([("held back", "d", "too few recordings", 4), ("simulated", "s", "ahead", 10)], "4 held-back recordings"),
        ([("held back", "d", "behind", 12), ("simulated", "s", "ahead", 10)], "keep the weights before"),
        ([("held back", "d", "ahead", 12), ("held back", "e", "not told apart", 12)], "Not shown to be better"),
        ([("held back", "d", "ahead", 12), ("held back", "e", "behind", 12)], "Worse on e: keep"),
    ],
)
def test_better_is_said_only_where_it_is_shown(rows, said):
    words = fine_tune.verdict(table(*rows))
    assert said in words
    assert words.startswith("Better") == (rows[0][2] == "ahead" and not any(row[0] == "held back" for row in rows[1:]))


def test_training_on_own_recordings_from_end_to_end(small, tmp_path, monkeypatch, capsys):
    base, folder = small[1], got10k_set(tmp_path / "mine", ["a", "b", "c", "d"])
    for name in ("judge", "write"):
        monkeypatch.setattr(fine_tune, name, partial(getattr(fine_tune, name), sequences=1, frames=3))
    out = tmp_path / "my.safetensors"
    assert main(["train", str(folder), "--from", str(base), "--out", str(out), "--iterations", "2"]) == 0
    text = capsys.readouterr().out
    assert "Not shown to be better: 1 held-back recordings are too few" in text
    assert "scores and sizes are calibrated on the " in text and load_graphs(out).int8 is not None
    card = read_card(out)
    assert card["verdict"] in text and {row["where"] for row in card["scores"]} == {"held back", "simulated"}
    assert len(card["held_back"]) == 1 and not set(card["held_back"]) & set(card["recordings"])
    words = ["track", str(folder / "a"), "--box", "10,12,6,6", "--weights", str(out)]
    assert main([*words, "--csv", str(tmp_path / "boxes.csv")]) == 0
    judged = str(tmp_path / "my_judged" / "held_back")
    assert main(["compare", judged, judged, "--trackers", "after", "before"]) == 0


def test_wrong_words_are_answered_at_once(tmp_path, capsys):
    out = str(tmp_path / "x.safetensors")
    for words, match in (
        (["nowhere", "--out", out], "neither a file or folder"),
        (["sim-aircraft", "--out", str(tmp_path / "x.pt")], "written as .safetensors"),
        (["sim-aircraft", "--out", out, "--from", "big"], "no weights 'big'"),
        (["sim-aircraft", "--out", str(BASE)], "would replace the weights"),
        (["sim-aircraft", "--out", out, "--iterations", "0"], "1 or more"),
        (["sim-aircraft", "--out", str(tmp_path / "no" / "x.safetensors")], "no folder"),
        (["sim-aircraft", "--option", "sequences=2", "--option", "frames=3", "--out", out], "too few"),
    ):
        assert main(["train", *words]) == 2
        assert match in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
