"""Training of all compared methods: what is there is kept, what was interrupted goes on, what changed is made anew."""

import itertools

import numpy as np
import pandas as pd
import pytest
import torch

from irtrack_core import config
from irtrack_core.datasets import subsample
from irtrack_core.experiments import jobs, protocol, study
from irtrack_core.experiments.compared import train_methods
from irtrack_core.network.crops import CropMaker
from irtrack_core.network.weights import lacking, read_card, read_tensors
from irtrack_core.training import loop
from irtrack_core.training.loop import new_net
from irtrack_core.training.sampling import PairSampler

SMALL = config.profile("quick").replace(frames=9, iterations=8, width=0.03125)


def weights(folder, name="ref8", **options):
    return protocol.weights_path(folder, 0, 0, name=name, **options)


def learn(folder, name="ref8", profile=SMALL, **options):
    return train_methods.learn(name, profile, folder, batch=2, progress=False, **options)


@pytest.mark.parametrize("name", ["paper", "ref8", "ref9-filtered", "paper-image"])
def test_a_training_leaves_weights_of_its_steps_and_a_tracker(name, tmp_path):
    history = learn(tmp_path, name)
    assert len(history) == 8 and history["classification"].notna().all()
    assert (history["regression"] == 0).all() == (not name.startswith("paper"))
    assert protocol.steps(tmp_path, 0, 0, name) == [0, 1, 2, 4, 8]
    assert not list((tmp_path / "checkpoints").iterdir())
    assert weights(tmp_path, name).read_bytes() == weights(tmp_path, name, step=8).read_bytes()
    tracker = study.make_tracker(name, tmp_path)
    assert tracker.name == name and tracker.net.settings.inputs == (protocol.parse(name)[1],)
    assert (tracker.settings.velocity_rate, tracker.settings.candidates) == (0, 0)
    early = study.make_tracker(name, tmp_path, step=0)
    pairs = zip(tracker.net.parameters(), early.net.parameters())
    assert not all(torch.equal(a, b) for a, b in pairs)


def test_what_is_there_is_kept_and_what_changed_is_made_anew(tmp_path):
    first = learn(tmp_path)
    before = weights(tmp_path).stat().st_mtime_ns
    pd.testing.assert_frame_equal(learn(tmp_path), first)
    assert weights(tmp_path).stat().st_mtime_ns == before
    again = learn(tmp_path, profile=SMALL.replace(iterations=4))
    card = read_card(weights(tmp_path))
    assert len(again) == 4 and card["key"]["training"]["iterations"] == 4
    assert lacking(card) == ["scores"]
    assert card["command"].startswith("python -m irtrack_core.experiments.jobs ref8 --profile")


def test_paper_is_trained_as_its_presets_say(tmp_path):
    """By hand: the network of the preset on the filtered image, every 4th frame, and the paper's schedule."""
    history = learn(tmp_path, "paper")
    settings = config.network_preset("paper", width=SMALL.width)
    net = new_net(settings, 0)
    sequences = [subsample(one, 4) for one in study.test_folds(SMALL)[0][1]]
    near = config.SamplingSettings(max_gap=7)
    sampler = PairSampler(sequences, settings, net.positions(), sampling=near, loose=False, seed=0)
    plan = config.training_preset("paper", iterations=8, batch=2)
    pd.testing.assert_frame_equal(loop.train(net, sampler, plan, progress=False), history)
    kept = read_tensors(weights(tmp_path, "paper"))[0]
    assert all(np.array_equal(kept[name], tensor.numpy()) for name, tensor in net.state_dict().items())


def test_a_killed_training_goes_on_to_the_same_bits(tmp_path, monkeypatch):
    learn(tmp_path / "whole")

    def killed(*arguments, stop_after, **options):
        if stop_after > 2:
            raise KeyboardInterrupt
        return train(*arguments, stop_after=stop_after, **options)

    train = train_methods.train
    monkeypatch.setattr(train_methods, "train", killed)
    with pytest.raises(KeyboardInterrupt):
        learn(tmp_path / "part")
    assert not weights(tmp_path / "part").exists()
    monkeypatch.setattr(train_methods, "train", train)
    learn(tmp_path / "part")
    part, whole = (read_tensors(weights(tmp_path / folder)) for folder in ("part", "whole"))
    assert part[1] == whole[1] and all(np.array_equal(part[0][name], whole[0][name]) for name in whole[0])


def test_all_methods_see_the_same_crops():
    batches = {}
    for name in ("paper", "ref8-filtered", "ref9-filtered", "ref10-filtered", "ref11-filtered"):
        net = train_methods.new_network(train_methods.network_settings(name, 0.03125))
        batches[name] = train_methods.sampler_of(net, *train_methods.training_sequences(SMALL, 0)).batch(3, 2)
    for batch in batches.values():
        np.testing.assert_array_equal(batch[0], batches["paper"][0])
        np.testing.assert_array_equal(batch[1], batches["paper"][1])
    assert [len(batch) for batch in batches.values()] == [4, 4, 5, 4, 4]


def test_methods_that_share_their_crops_learn_the_same(tmp_path, monkeypatch):
    """Each network as it is trained alone, to the bit; the crops of an input are cut once."""
    cut, made = PairSampler.cut, []
    monkeypatch.setattr(PairSampler, "cut", lambda *arguments: made.append(1) or cut(*arguments))
    names = ["ref9", "paper", "ref14", "ref8", "ref8-filtered"]
    for name in names:
        train_methods.learn(name, SMALL, tmp_path / "alone", batch=2, progress=False)
    alone = len(made)
    ordered = train_methods.by_crops(names)
    assert ordered == ["ref9", "ref14", "ref8", "paper", "ref8-filtered"]
    for name in ordered:
        train_methods.learn(name, SMALL, tmp_path / "shared", batch=2, progress=False, keep=True)
    train_methods.crops_of.cache_clear()
    assert len(made) - alone == alone * 2 / 5  # of five trainings those of two inputs
    for name in names:
        one, other = (read_tensors(weights(tmp_path / folder, name)) for folder in ("alone", "shared"))
        assert one[1]["card"]["key"] == other[1]["card"]["key"] and all(
            np.array_equal(one[0][key], other[0][key]) for key in one[0]
        )


def test_crops_are_alike_where_nothing_but_the_network_differs():
    kinds = {name: train_methods.crops_alike(train_methods.network_settings(name, 0.1)) for name in protocol.TRAINED}
    inputs = {name: protocol.parse(name)[1] for name in protocol.TRAINED}
    for one, other in itertools.product(protocol.TRAINED, repeat=2):
        assert (kinds[one] == kinds[other]) == (inputs[one] == inputs[other]), (one, other)
    assert set(type(train_methods.network_settings("ref8")).model_fields) > train_methods.OF_THE_NET
    settings = config.network_preset("paper")
    for change in (
        dict(context=0.6),
        dict(search_size=239),
        dict(negate_dark=True),
        dict(squash=True),
        dict(reduce=True),
    ):
        assert train_methods.crops_alike(settings.replace(**change)) != train_methods.crops_alike(settings)


def test_runs_of_a_profile():
    full = protocol.runs(config.profile("full"))
    assert len(full) == len(set(full)) == 17 * 5 * 3 and len(protocol.runs(config.profile("medium"))) == 170
    assert protocol.runs(config.profile("quick"), ["ref8"], seed=4) == [("ref8", 0, 4)]


def test_only_what_is_missing_is_trained(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(train_methods, "learn", lambda name, *_, **options: calls.append((name, options)))
    names = ["identity", "paper", "siamese", "ref8"]
    two = SMALL.replace(seeds=2)
    weights(tmp_path, "paper").parent.mkdir()
    weights(tmp_path, "paper").touch()
    weights(tmp_path, "ref8", step=4).touch()  # of a training that was stopped
    missing = train_methods.train_missing(two, tmp_path, names)
    assert missing == [("ref8", 0, 0), ("ref8", 0, 1), ("paper", 0, 1)] == [(n, o["fold"], o["seed"]) for n, o in calls]
    assert {options["study_seed"] for _, options in calls} == {0}
    assert len(train_methods.train_missing(SMALL, tmp_path, seed=3)) == 17
    assert calls[-1][1] | {"fold": 0, "seed": 3, "study_seed": 3} == calls[-1][1]


def test_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(config.PROFILES, "quick", SMALL)
    jobs.main(["ref8", "--only", "train", "--seed", "1", "--results", str(tmp_path)])
    assert capsys.readouterr().out.strip() == str(protocol.weights_path(tmp_path, 0, 1, name="ref8"))
    with pytest.raises(SystemExit):
        jobs.main(["ref3"])


def test_the_filter_of_both_polarities_keeps_a_dark_target():
    frame = np.full((96, 96), 100, np.uint8)
    frame[44:52, 44:52] = 60
    peak = {}
    for name in ("paper", "paper-both"):
        settings = train_methods.network_settings(name, 0.0625)
        maker = CropMaker(settings, (8, 8), frame.shape)
        peak[name] = np.abs(maker.channels(frame, (48, 48), 40.0)["filtered"]).max()
    assert peak["paper"] == 0 and peak["paper-both"] == pytest.approx(40)
