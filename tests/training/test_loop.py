import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from processes import environment, python
from safetensors.torch import save_file
from toys import moving_spot

from irtrack_core.config import TrainingSettings, network_preset, training_preset
from irtrack_core.network import weights
from irtrack_core.network.weights import load_weights, read_card, read_tensors, save_weights, write_tensors
from irtrack_core.provenance import provenance
from irtrack_core.training.loop import device, learning_rates, new_net, precision, train
from irtrack_core.training.sampling import PairSampler

SMALL = network_preset("compact", width=0.25)
SHORT = TrainingSettings(iterations=6, batch=2, checkpoint_every=2)
LONG = TrainingSettings(iterations=24, batch=2, checkpoint_every=3)


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


def test_the_schedule_can_fall_on_a_line():
    rates = learning_rates(TrainingSettings(lr_decay="linear"))
    np.testing.assert_allclose(np.diff(rates), -(0.05 - 0.0001) / 999)


def test_training_presets():
    literal = training_preset("literal")
    assert (literal.iterations, literal.lr_first, literal.lr_last) == (1000, 0.05, 0.0001)
    assert literal.loss_base == "10" and not literal.balanced and literal.loss_mean
    assert training_preset("paper", batch=4) == TrainingSettings(batch=4)
    assert training_preset("convergence").iterations > 10 * literal.iterations
    with pytest.raises(ValueError, match="unknown training preset"):
        training_preset("sgd")


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


DRIVER = """
import os, random, signal, sys, time
from test_loop import *
import irtrack_core.whole_files as whole_files

torch.set_num_threads(1)


def suicide_at_write(number, late):
    # SIGKILL between the complete temporary file and its new name, or just after it
    plain, count = os.replace, [0]

    def replace(a, b):
        count[0] += 1
        if count[0] == number and not late:
            os.kill(os.getpid(), signal.SIGKILL)
        plain(a, b)
        if count[0] == number:
            os.kill(os.getpid(), signal.SIGKILL)

    whole_files.os.replace = replace


def written(path):
    return os.stat(path).st_ino if os.path.exists(path) else 0


def child(path, mode, workers, kills):
    if mode == "write" and kills < 6:
        suicide_at_write(1 + kills % 2, late=kills % 3 == 1)
    net = new_net(SMALL, seed=kills)  # other weights than before: all must come from the checkpoint, or seed 0
    if kills and not Path(path).is_file():
        net = new_net(SMALL)
    train(net, sampler(), LONG, checkpoint=path, workers=workers, progress=False)
    save_weights(net, path + ".final")
    os._exit(0)


def ended(path, mode, workers, kills, rng):
    # a moment after the next checkpoint, so that even a slow machine gets on; at times before there is any
    pid, before, wait = os.fork(), written(path), mode == "random" and kills != 1
    if pid == 0:
        child(path, mode, workers, kills)
    due = None if wait or mode == "write" else time.monotonic() + rng.uniform(0, 0.1)
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status
        if wait and due is None and written(path) != before:
            due = time.monotonic() + rng.uniform(0, 0.1)
        if due and time.monotonic() > due:
            os.kill(pid, signal.SIGKILL)
            return os.waitpid(pid, 0)[1]
        time.sleep(0.001)


for folder, (mode, workers, seed) in zip(sys.argv[1:], KILLED, strict=True):
    rng, kills = random.Random(seed), 0
    while os.WIFSIGNALED(status := ended(folder + "/run.safetensors", mode, workers, kills, rng)):
        assert os.WTERMSIG(status) == signal.SIGKILL, status
        kills += 1
    print(kills)
    assert status == 0, status
"""


def in_its_own_process(code, *words, rc=0, timeout=300):
    """What a fresh Python prints that runs the code with these words, once it and the workers it started have ended."""
    run = python("-c", code, *words, timeout=timeout, env=environment(Path(__file__).parent))
    assert run.returncode == rc, run.stderr[-3000:]
    return run.stdout


KILLED = [("random", 0, 2), ("random", 1, 3), ("write", 0, 0)]


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """{case of KILLED: (folder, kills)}: kill -9 of a real process, at random times or while a checkpoint is written, and
    resume, until it is through."""
    folders = [tmp_path_factory.mktemp("killed") for _ in KILLED]
    kills = map(int, in_its_own_process(DRIVER, *folders).split())
    return dict(zip(KILLED, zip(folders, kills, strict=True), strict=True))


@pytest.mark.parametrize("case", KILLED, ids=str)
def test_a_training_killed_again_and_again_gives_the_same_bits(killed, case):
    folder, kills = killed[case]
    assert kills >= (6 if case[0] == "write" else 1)
    whole = new_net(SMALL)
    train(whole, sampler(), LONG, progress=False)
    assert same(whole, load_weights(folder / "run.safetensors.final"))
    assert {p.name for p in folder.iterdir()} == {"run.safetensors", "run.safetensors.final"}  # no halves left


WITH_WORKERS = """
import os, signal, sys
import cv2
from test_loop import *

path = sys.argv[1]
cv2.setNumThreads(2)
cv2.dilate(np.zeros((2000, 2000), np.uint8), np.ones((9, 9)))  # starts OpenCV's threads, which no fork takes along
watch = (lambda history: len(history) == 3 and os.kill(os.getpid(), signal.SIGKILL)) if path == "killed" else None
for workers in map(int, sys.argv[2:]):
    net = new_net(SMALL)
    train(net, sampler(), SHORT, progress=False, workers=workers, watch=watch)
    assert cv2.getNumThreads() == 2
    save_weights(net, path + str(workers))
"""


def test_workers_do_not_change_the_result(tmp_path):
    in_its_own_process(WITH_WORKERS, tmp_path / "net", 1, 2, timeout=150)
    net = new_net(SMALL)
    train(net, sampler(), SHORT, progress=False)
    assert all(same(net, load_weights(tmp_path / f"net{workers}")) for workers in (1, 2))


def test_workers_end_when_their_training_is_killed():
    in_its_own_process(WITH_WORKERS, "killed", 2, rc=-signal.SIGKILL, timeout=150)


def test_a_checkpoint_of_other_settings_is_refused(tmp_path):
    path = tmp_path / "run.safetensors"
    train(new_net(SMALL), sampler(), SHORT, checkpoint=path, progress=False)
    with pytest.raises(ValueError, match="training settings .*batch"):
        train(new_net(SMALL), sampler(), SHORT.replace(batch=3), checkpoint=path, progress=False)
    other = SMALL.replace(width=0.5)
    with pytest.raises(ValueError, match="network settings .*width"):
        train(new_net(other), PairSampler([moving_spot()], other, 13), SHORT, checkpoint=path, progress=False)


def test_a_checkpoint_knows_its_pairs_and_its_makers(tmp_path):
    path = tmp_path / "run.safetensors"
    train(new_net(SMALL), sampler(), SHORT, checkpoint=path, stop_after=2, progress=False)
    tensors, metadata = read_tensors(path)
    assert metadata["provenance"]["versions"]["torch"] == torch.__version__
    assert metadata["training"]["seed"] == 0 and metadata["sampler_seed"] == 0
    with pytest.raises(ValueError, match="pairs of seed 0, not 4"):
        train(new_net(SMALL), sampler(4), SHORT, checkpoint=path, progress=False)
    metadata["provenance"]["versions"]["torch"] = "1.0"
    del metadata["training"]["precision"]  # as if made before that setting existed: it has its default
    write_tensors(path, tensors, metadata)
    with pytest.warns(UserWarning, match="torch 1.0"):
        train(new_net(SMALL), sampler(), SHORT, checkpoint=path, progress=False)


def test_bfloat16_learns_too(tmp_path):
    settings = TrainingSettings(iterations=60, batch=4, lr_first=0.02, precision="bfloat16")
    plain, rounded = new_net(SMALL), new_net(SMALL)
    full = train(plain, sampler(), settings.replace(precision="float32"), progress=False)
    half = train(rounded, sampler(), settings, progress=False)
    assert not same(plain, rounded)  # it was really switched on
    assert {p.dtype for p in rounded.parameters()} == {torch.float32}  # weights and their sums stay exact
    # how near the two come depends on the processor: one without bfloat16 arithmetic rounds the sums too
    for history in (full, half):
        assert history.classification[-10:].mean() < 0.4 * history.classification[:10].mean()


def test_where_it_computes():
    assert device("cpu").type == "cpu"
    assert device().type in ("cpu", "cuda", "mps")
    if not torch.cuda.is_available():
        with pytest.raises(ValueError, match="no device 'cuda'"):
            device("cuda")
    with pytest.raises(ValueError, match="'gpu' names no device"):
        device("gpu")
    cpu = torch.device("cpu")
    assert precision("auto", cpu) is None and precision("float32", cpu) is None
    assert precision("bfloat16", cpu) is torch.bfloat16


def test_a_graphics_card_is_taken_where_there_is_one_and_missing_ones_are_told(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert device().type == "cuda" and device("cuda:1").index == 1 and device("cpu").type == "cpu"
    with pytest.raises(ValueError, match="no device 'cuda:2'"):
        device("cuda:2")


def test_a_watcher_sees_the_history_grow():
    seen = []
    history = train(new_net(SMALL), sampler(), SHORT, progress=False, watch=seen.append)
    assert [len(table) for table in seen] == [1, 2, 3, 4, 5, 6]
    np.testing.assert_array_equal(seen[-1], history)


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


def test_the_card_in_print(tmp_path, capsys):
    card = {"command": "make x", "commit": "abc", "data": "simulated", "seeds": [0], "scores": {"AO": 0.7}}
    save_weights(new_net(SMALL), tmp_path / "a.safetensors", card)
    save_weights(new_net(SMALL), tmp_path / "b.safetensors", {"command": "make x", "seeds": [0]})
    weights.main([str(tmp_path / "a.safetensors"), str(tmp_path / "b.safetensors")])
    first, second = capsys.readouterr().out.split(str(tmp_path / "b.safetensors"))
    assert (
        'scores: {"AO": 0.7}' in first and "does not say" not in first and "preset compact, width factor 0.25" in first
    )
    assert "does not say: commit, data, scores" in second
    assert weights.lacking(card) == [] and weights.lacking({}) == list(weights.CARD)
    with pytest.raises(SystemExit, match="no weights at"):
        weights.main([str(tmp_path / "c.safetensors")])


def test_provenance_names_commit_and_versions():
    made = provenance()
    assert set(made) == {"commit", "dirty", "versions"} and made["versions"]["torch"] == torch.__version__


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
    for settings in ({}, {"settings": "[1]"}, {"settings": "words"}):  # what other tools write
        save_file({"a": torch.zeros(3)}, path, metadata={"format": "pt"} | settings)
        with pytest.raises(ValueError, match="w.safetensors holds no network settings"):
            load_weights(path)
    write_tensors(path, {"a": torch.zeros(3)}, {"settings": {"widht": 1}})
    with pytest.raises(ValueError, match="network settings in .*w.safetensors are not such"):
        load_weights(path)
