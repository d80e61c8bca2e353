import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch
from toys import moving_spot

from irtrack_core.config import TrainingSettings, network_preset
from irtrack_core.sampling import PairSampler
from irtrack_core.training import learning_rates, new_net, train
from irtrack_core.weights import load_weights, read_card, save_weights

SMALL = network_preset("compact", width=0.25)
SHORT = TrainingSettings(iterations=6, batch=2, checkpoint_every=2)


def sampler(seed=0):
    return PairSampler([moving_spot()], SMALL, 13, seed=seed)


def same(a, b):
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


def test_the_schedule_of_the_paper():
    rates = learning_rates(TrainingSettings())
    assert len(rates) == 1000
    assert rates[0] == pytest.approx(0.05)
    assert rates[-1] == pytest.approx(0.0001)
    np.testing.assert_allclose(np.diff(np.log(rates)), np.log(rates[1] / rates[0]))  # log-spaced


def test_training_lowers_the_loss():
    net = new_net(SMALL)
    history = train(net, sampler(), TrainingSettings(iterations=60, batch=4, lr_first=0.02), progress=False)
    assert list(history.columns) == ["iteration", "lr", "loss", "classification", "regression"]
    assert history.classification[-10:].mean() < 0.5 * history.classification[:5].mean()
    assert not net.training


def test_same_seed_same_weights():
    nets = [new_net(SMALL, seed=1) for _ in range(2)]
    assert same(*nets)
    for net in nets:
        train(net, sampler(), SHORT, progress=False)
    assert same(*nets)
    assert not same(nets[0], new_net(SMALL, seed=2))


@pytest.mark.parametrize("stop", [1, 2, 3, 5])
def test_resume_gives_the_same_bits(tmp_path, stop):
    whole = new_net(SMALL)
    table = train(whole, sampler(), SHORT, progress=False)
    path = tmp_path / "run.safetensors"
    train(new_net(SMALL), sampler(), SHORT, checkpoint=path, stop_after=stop, progress=False)
    resumed = new_net(SMALL, seed=9)  # its weights come from the checkpoint
    table_resumed = train(resumed, sampler(), SHORT, checkpoint=path, progress=False)
    assert same(whole, resumed)
    np.testing.assert_array_equal(table, table_resumed)


def test_a_run_that_is_further_than_asked_is_left_as_it_is(tmp_path):
    path = tmp_path / "run.safetensors"
    whole = new_net(SMALL)
    train(whole, sampler(), SHORT, checkpoint=path, progress=False)
    again = new_net(SMALL, seed=5)
    table = train(again, sampler(), SHORT, checkpoint=path, stop_after=2, progress=False)
    assert len(table) == SHORT.iterations
    assert same(whole, again)


def test_a_killed_training_resumes(tmp_path):
    """kill -9 in the middle: the checkpoint on disk is whole, and the rest gives the uninterrupted weights."""
    path = tmp_path / "run.safetensors"
    code = textwrap.dedent(f"""
        import os, signal
        from test_training import *
        import irtrack_core.training as training
        plain = training.step
        def step(net, batch, settings, count=[0]):
            count[0] += 1
            if count[0] == 6: os.kill(os.getpid(), signal.SIGKILL)
            return plain(net, batch, settings)
        training.step = step
        torch.set_num_threads({torch.get_num_threads()})
        train(new_net(SMALL), sampler(), SHORT, checkpoint={str(path)!r}, progress=False)
    """)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert killed.returncode == -9, killed.stderr
    assert path.is_file()
    whole, resumed = new_net(SMALL), new_net(SMALL, seed=3)
    train(whole, sampler(), SHORT, progress=False)
    train(resumed, sampler(), SHORT, checkpoint=path, progress=False)
    assert same(whole, resumed)


def test_workers_do_not_change_the_result():
    nets = [new_net(SMALL) for _ in range(2)]
    train(nets[0], sampler(), SHORT, progress=False)
    train(nets[1], sampler(), SHORT, progress=False, workers=1)
    assert same(*nets)


def test_a_checkpoint_of_other_settings_is_refused(tmp_path):
    path = tmp_path / "run.safetensors"
    train(new_net(SMALL), sampler(), SHORT, checkpoint=path, progress=False)
    with pytest.raises(ValueError, match="training settings .*batch"):
        train(new_net(SMALL), sampler(), SHORT.replace(batch=3), checkpoint=path, progress=False)
    other = SMALL.replace(width=0.5)
    with pytest.raises(ValueError, match="network settings .*width"):
        train(new_net(other), PairSampler([moving_spot()], other, 13), SHORT, checkpoint=path, progress=False)


def test_a_loss_that_is_not_finite_stops_the_training():
    net = new_net(SMALL)
    with torch.no_grad():
        net.fusion.conv.weight.fill_(float("nan"))
    with pytest.raises(FloatingPointError, match="iteration 0"):
        train(net, sampler(), SHORT, progress=False)


def test_weights_come_back_with_settings_and_card(tmp_path):
    net = new_net(SMALL).eval()
    save_weights(net, tmp_path / "w.safetensors", {"command": "make x", "seed": 0})
    again = load_weights(tmp_path / "w.safetensors", "compact")
    assert again.settings == SMALL
    assert same(net, again)
    assert read_card(tmp_path / "w.safetensors") == {"command": "make x", "seed": 0}


def test_unusable_weights(tmp_path):
    with pytest.raises(FileNotFoundError, match="no weights at"):
        load_weights(tmp_path / "none.safetensors")
    path = tmp_path / "w.safetensors"
    save_weights(new_net(SMALL), path)
    with pytest.raises(ValueError, match="preset 'compact', not 'paper'"):
        load_weights(path, "paper")
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        load_weights(path)
