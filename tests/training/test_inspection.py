import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from toys import moving_spot

from irtrack_core import widgets
from irtrack_core.config import SamplingSettings, TrainingSettings, network_preset
from irtrack_core.figures import learning, style
from irtrack_core.figures import network as figures
from irtrack_core.network.siamese_net import foreground, shapes
from irtrack_core.training import inspection
from irtrack_core.training.loop import batch_losses, new_net, train
from irtrack_core.training.sampling import PairSampler

SMALL = network_preset("compact", width=0.25)


@pytest.fixture(scope="module")
def sampler():
    net = new_net(SMALL)
    return PairSampler([moving_spot()], SMALL, net.positions(), sampling=SamplingSettings(negatives=0), seed=0)


@pytest.fixture(scope="module")
def trained(sampler):
    net = new_net(SMALL)
    train(net, sampler, TrainingSettings(iterations=60, batch=4, lr_first=0.02), progress=False)
    return net


@pytest.fixture
def live(monkeypatch):
    monkeypatch.delenv("IRTRACK_BATCH", raising=False)


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_layers_are_those_of_the_forward_pass(sampler):
    net, pair = new_net(SMALL).eval(), sampler.draw(np.random.default_rng(0))
    found = inspection.layers(net, pair.template, pair.search)
    template, search, *_ = inspection.tensors(pair)
    with torch.no_grad():
        z = foreground(net(template, search)[0])
    np.testing.assert_allclose(found["z"][1], z[0], atol=1e-5)
    for name, small, large in shapes(net):
        assert tuple(None if maps is None else maps.shape for maps in found[name]) == (small, large)


def test_the_middle_of_the_surface_is_the_loss_and_the_net_stays(trained, sampler):
    batch = inspection.tensors(sampler.draw(np.random.default_rng(0)))
    before = {name: value.clone() for name, value in trained.state_dict().items()}
    steps, losses = inspection.loss_surface(trained, batch, np.random.default_rng(0), n=5, span=0.5)
    with torch.no_grad():
        classification, regression = batch_losses(trained, batch, TrainingSettings())
    assert losses[2, 2] == pytest.approx(float(classification + 1.2 * regression), rel=1e-5)
    assert losses[2, 2] < np.median(losses)  # trained: the surroundings are worse
    assert steps.tolist() == [-0.5, -0.25, 0, 0.25, 0.5]
    assert all(torch.equal(value, before[name]) for name, value in trained.state_dict().items())
    again = inspection.loss_surface(trained, batch, np.random.default_rng(0), n=5, span=0.5)[1]
    np.testing.assert_array_equal(losses, again)


def test_separation_counts_couples_in_order(trained, sampler):
    pairs = [sampler.draw(np.random.default_rng(k)) for k in range(4)]
    positive, negative, share = inspection.separation(trained, pairs)
    by_hand = np.mean([[(p > n) + 0.5 * (p == n) for n in negative] for p in positive])
    assert share == pytest.approx(by_hand)
    assert share > 0.95 > inspection.separation(new_net(SMALL, seed=3), pairs)[2]
    empty = sampler.draw(np.random.default_rng(0))
    empty.labels[:] = -1
    with pytest.raises(ValueError, match="no positive"):
        inspection.separation(trained, [empty])


def test_importance_lies_on_the_target(trained, sampler):
    pair = sampler.draw(np.random.default_rng(1))
    weight = inspection.importance(trained, pair.template, pair.search)
    y, x = np.mgrid[: weight.shape[0], : weight.shape[1]] + 0.5 - weight.shape[0] / 2
    near = np.maximum(np.abs(x - pair.truth[0]), np.abs(y - pair.truth[1])) < 16  # what one conv5 cell sees
    assert weight[near].sum() > 0.5 * weight.sum() > 0
    assert near.mean() < 0.15


def test_pictures_say_what_they_are_given(trained, sampler):
    figure, axes = style.new(1, 6)
    steps, losses = inspection.loss_surface(
        trained, inspection.tensors(sampler.draw(np.random.default_rng(0))), np.random.default_rng(0), n=3
    )
    learning.surface(axes[0], steps, losses)
    assert f"{losses[1, 1]:.2f}" in [text.get_text() for text in axes[0].texts]
    table = pd.DataFrame({"step": [0, 10] * 2, "sequence": ["a", "a", "b", "b"], "aor": [0.1, 0.5, 0.3, 0.7]})
    learning.validation(axes[1], table.assign(p5=1.0, p20=1.0))
    lines = {line.get_label(): line.get_ydata() for line in axes[1].lines}
    np.testing.assert_allclose(lines["AOR"], [0.2, 0.6])
    learning.by_sequence(axes[4], table)
    assert [text.get_text() for text in axes[4].texts] == ["0.10", "0.50", "0.30", "0.70"]
    runs = [
        {"network": n, "schedule": s, "iterations": 20, "step": k, "aor": k / 100, "regression": r}
        for n, r in (("region selection", 0.5), ("score map", 0.0))
        for s, k in (("paper", 10), ("convergence", 10), ("convergence", 20))
    ]
    learning.convergence(axes[5], pd.DataFrame(runs), "aor")
    assert [line.get_xdata().tolist() for line in axes[5].lines[:4]] == [[10], [10, 20]] * 2
    before = len(axes[5].lines)
    learning.convergence(axes[5], pd.DataFrame(runs), "regression")
    assert len(axes[5].lines) == before + 3  # two schedules and the limit: a score map has no such loss
    learning.separation(axes[2], np.ones(5), -np.ones(9), 1.0, title="x")
    assert axes[2].get_title(loc="left") == "x: 100.0 % in the right order"
    learning.kernels(axes[3], np.ones((5, 3, 3)), columns=2)
    sheet = axes[3].images[0].get_array()
    assert sheet.shape == (13, 9) and (sheet == 1).sum() == 45
    figure.canvas.draw()


@pytest.mark.parametrize("changes", [{}, {"fusion": False}, {"region": False}, {"head": "depthwise"}])
def test_structure_names_every_tensor(changes):
    net = new_net(network_preset("paper", width=0.0625, **changes))
    figure, axis = style.new()
    figures.structure(axis, shapes(net))
    texts = [text.get_text() for text in axis.texts]
    for name, template, search in shapes(net):
        if name in ("p(conv3)", "p(conv4)") and not net.settings.fusion:
            continue  # not a part of that network
        for shape in (template, search):
            assert shape is None or "×".join(map(str, shape)) in texts, name


def demos(trained):
    sequence = moving_spot()
    return {
        "maps": lambda: widgets.feature_maps(trained, sequence),
        "anchors": lambda: widgets.anchors_on_frame(sequence),
        "responses": lambda: widgets.response_maps(trained, sequence),
    }


@pytest.mark.parametrize("name", ["maps", "anchors", "responses"])
def test_demos_in_batch_are_figures(trained, monkeypatch, name):
    monkeypatch.setenv("IRTRACK_BATCH", "1")
    assert isinstance(demos(trained)[name](), plt.Figure)


@pytest.mark.parametrize("name", ["maps", "anchors", "responses"])
def test_every_slider_of_a_demo_changes_the_picture(trained, live, name):
    box = demos(trained)[name]()
    *controls, message, image = box.children
    for control in controls:
        before = image.value
        if isinstance(control, ipywidgets.Dropdown):
            control.value = next(option for option in reversed(control.options) if option != control.value)
        else:
            control.value = control.value - control.step if control.value > control.min else control.value + 2
        assert image.value != before, control.description
        assert message.value == ""


def test_thresholds_in_the_wrong_order_are_said(live):
    *controls, message, _ = widgets.anchors_on_frame(moving_spot()).children
    controls[-1].value = 0.8
    assert "above" in message.value


def test_the_live_curve_grows_and_keeps_quiet_in_batch(live, monkeypatch):
    curve = widgets.LiveCurve(3, every=0.0)
    history = pd.DataFrame({"iteration": [0], "classification": [1.0], "regression": [2.0]})
    curve(history)
    first = curve.image.value
    curve(pd.concat([history, history.assign(iteration=1)]))
    assert first and curve.image.value != first
    monkeypatch.setenv("IRTRACK_BATCH", "1")
    assert widgets.LiveCurve(3).image is None
