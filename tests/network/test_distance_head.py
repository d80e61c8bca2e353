"""The head "fcpp": its boxes and scores, its losses against cases worked by hand, its labels and its training."""

import functools

import numpy as np
import pytest
import torch
from toys import moving_spot

from irtrack_core import boxes as bx
from irtrack_core.config import SamplingSettings, TrackerSettings, TrainingSettings, network_preset
from irtrack_core.experiments.compared.notes import BARE_REGION
from irtrack_core.network import anchors as an
from irtrack_core.network import distance_head as dh
from irtrack_core.network import inference
from irtrack_core.network.siamese_net import ScoreMap, SiameseNet, foreground, shapes
from irtrack_core.network.torch_inference import SearchBranch, TorchEngine
from irtrack_core.network.weights import load_weights, save_weights
from irtrack_core.trackers.siamese import SiameseTracker
from irtrack_core.training.export import graphs
from irtrack_core.training.loop import batch_losses, new_net, train
from irtrack_core.training.sampling import PairSampler

FCPP = dict(head="fcpp", anchor_base="fixed", anchor_ratios=(1.0,), fusion=False, inputs=("image",))


def tiny(**changes):
    return network_preset("paper", **(FCPP | dict(width=0.0625) | changes))


def crops(net, batch=2):
    generator, s = torch.Generator().manual_seed(0), net.settings
    return [torch.randn(batch, 1, size, size, generator=generator) for size in (s.template_size, s.search_size)]


def test_sizes_and_names_of_the_network():
    net = new_net(tiny(width=0.125))
    r_2, r_4 = net.eval()(*crops(net))
    assert r_2.shape == (2, 2, 17, 17) and r_4.shape == (2, 4, 17, 17) and net.settings.m == 1
    table = {name: each for name, *each in shapes(net)}
    assert table["gamma1"] == [(32, 4, 4), (32, 20, 20)] and table["R_4m"] == [None, (4, 17, 17)]


def test_the_score_is_class_times_quality_and_the_deltas_are_the_distances():
    torch.manual_seed(0)
    net = new_net(tiny()).eval()
    template, search = crops(net)
    with torch.no_grad():
        c, q, d = net.region.answers(net.features(search), net.template(template))
        score, deltas = SearchBranch(net)(search, *net.template(template))
    torch.testing.assert_close(score, torch.sigmoid(c) * torch.sigmoid(q))
    anchors = an.make_anchors([[64.0, 64.0]], 17, 8)
    boxes = an.decode(np.moveaxis(deltas[0].numpy(), 0, -1), anchors)[0]
    place = anchors[0, ..., :2]
    left_top, right_low = np.moveaxis(64 * d[0, :2].numpy(), 0, -1), np.moveaxis(64 * d[0, 2:].numpy(), 0, -1)
    np.testing.assert_allclose(boxes[..., :2] - boxes[..., 2:] / 2, place - left_top, atol=1e-3)
    np.testing.assert_allclose(boxes[..., :2] + boxes[..., 2:] / 2, place + right_low, atol=1e-3)


def test_large_logits_do_not_overflow():
    head = dh.DistanceSelection(4).eval()
    for value in (-1e4, 1e4):
        head.answers = lambda *_, v=value: (torch.full((1, 1, 2, 2), v),) * 2 + (torch.ones(1, 4, 2, 2),)
        r_2, r_4 = head.search(None, None)
        assert torch.isfinite(r_2).all() and torch.isfinite(r_4).all()
        assert (torch.sigmoid(foreground(r_2)) == float(value > 0)).all()


def test_distances_and_deltas_are_inverse():
    d = torch.rand(3, 4, 5, 5, dtype=torch.float64) + 0.1
    torch.testing.assert_close(dh.to_distances(dh.to_deltas(d)), d)
    # a box of 2 x 4 anchors whose middle lies 1 to the right and 2 above: its left side is at 0
    deltas = torch.tensor([1.0, -2.0, np.log(2), np.log(4)], dtype=torch.float32).reshape(1, 4, 1, 1)
    torch.testing.assert_close(dh.to_distances(deltas).flatten(), torch.tensor([0.0, 4.0, 2.0, 0.0]), atol=1e-6, rtol=0)


def test_overlap_is_the_iou_of_the_boxes():
    rng = np.random.default_rng(0)
    for _ in range(50):
        d, t = rng.uniform(-0.5, 2, (2, 4))
        boxes = [bx.from_centers((v[2:] - v[:2]) / 2, v[2:] + v[:2]) for v in (d, t)]
        if min((v[:2] + v[2:]).min() for v in (d, t)) > 0.1:
            found = dh.overlap(*(torch.tensor(v).reshape(1, 4) for v in (d, t)))
            assert found.item() == pytest.approx(float(bx.iou(*boxes)), abs=1e-9)


def test_quality_by_hand():
    cases = {(1, 1, 1, 1): 1, (1, 2, 3, 2): (1 / 3) ** 0.5, (1, 1, 4, 4): 0.25, (0, 1, 2, 1): 0, (-1, 1, 3, 1): 0}
    for distances, expected in cases.items():
        assert dh.quality(torch.tensor(distances, dtype=torch.float64).reshape(1, 4)).item() == pytest.approx(expected)


def test_losses_by_hand():
    labels = torch.tensor([[[[1, -1, 0]]]])
    c = torch.tensor([[[[2.0, -1.0, 50.0]]]])  # the third does not count
    q = torch.tensor([[[[0.5, 9.0, 9.0]]]])
    true = torch.tensor([1.0, 1.0, 1.0, 1.0]).reshape(1, 4, 1, 1).expand(1, 4, 1, 3)
    d = torch.tensor([1.0, 1.0, 1.0, 3.0]).reshape(1, 4, 1, 1).expand(1, 4, 1, 3)  # 2 x 4 against 2 x 2
    p, n = 1 / (1 + np.exp(-2)), 1 / (1 + np.exp(1))
    focal = -0.25 * (1 - p) ** 2 * np.log(p) - 0.75 * n**2 * np.log(1 - n)
    central = -np.log(1 / (1 + np.exp(-0.5)))  # the position is the middle of its box: quality 1
    first, second = dh.distance_losses(c, q, d, labels, dh.to_deltas(true)[:, :, None])
    assert first.item() == pytest.approx(focal + central, rel=1e-5)
    assert second.item() == pytest.approx(np.log(2), rel=1e-5)
    first, second = dh.distance_losses(c, q, d, -labels.abs(), dh.to_deltas(true)[:, :, None])  # no target at all
    assert second.item() == 0 and first.item() > 0


def test_gradients():
    generator = torch.Generator().manual_seed(0)
    options = dict(generator=generator, dtype=torch.float64)
    labels = torch.tensor([[1, -1, 0], [1, 1, -1]]).reshape(2, 1, 1, 3)
    true = torch.rand(2, 4, 1, 3, **options) + 0.2
    c, q = (torch.randn(2, 1, 1, 3, **options).requires_grad_() for _ in range(2))
    d = (torch.rand(2, 4, 1, 3, **options) + 0.2).requires_grad_()
    losses = functools.partial(dh.distance_losses, labels=labels, deltas=dh.to_deltas(true)[:, :, None])
    assert torch.autograd.gradcheck(losses, (c, q, d))
    net = new_net(tiny(width=0.03)).double().eval()
    inputs = [crop[:1].double().requires_grad_() for crop in crops(net)]
    labels = torch.randint(-1, 2, (1, 1, 17, 17), generator=generator)
    deltas = torch.randn(1, 4, 1, 17, 17, **options) / 4

    def whole(template, search):
        return sum(batch_losses_double(net, template, search, labels, deltas))

    assert torch.autograd.gradcheck(whole, inputs, fast_mode=True)


def batch_losses_double(net, template, search, labels, deltas):
    answers = net.region.answers(net.features(search), net.template(template))
    return dh.distance_losses(*answers, labels, deltas)


def test_labels_are_the_positions_in_the_box():
    anchors = an.make_anchors([[64.0, 64.0]], 5, 8)  # at -16 ... 16
    q = an.inside_labels(anchors, np.array([4.0, 0.0, 17.0, 10.0]))[0]  # x from -4.5 to 12.5, y from -5 to 5
    expected = np.full((5, 5), -1)
    expected[2, 2:4] = 1
    np.testing.assert_array_equal(q, expected)
    q = an.inside_labels(anchors, np.array([3.0, 3.0, 2.0, 2.0]))[0]  # between the positions: the nearest
    assert q.sum() == 1 - 24 and q[2, 2] == 1
    assert (an.inside_labels(anchors, None) == -1).all()


def test_training_brings_the_boxes_onto_the_target(tmp_path):
    sequence = moving_spot(16)
    net = new_net(tiny())
    pairs = PairSampler(
        [sequence], net.settings, net.positions(), loose=False, sampling=SamplingSettings(negatives=0.1)
    )
    history = train(net, pairs, TrainingSettings(iterations=60, batch=4, lr_first=0.02), progress=False)
    assert history.classification[-10:].mean() < 0.7 * history.classification[:5].mean()
    assert history.regression[-10:].mean() < 0.7 * history.regression[:5].mean()
    save_weights(net, tmp_path / "w.safetensors")
    tracker = SiameseTracker(load_weights(tmp_path / "w.safetensors", "paper"), settings=TrackerSettings(**BARE_REGION))
    tracker.init(sequence.frames[0], sequence.boxes[0])
    found = [tracker.update(sequence.frames[k]) for k in range(1, 16)]
    assert bx.iou(np.array(found), sequence.boxes[1:]).mean() > 0.4
    assert bx.iou(sequence.boxes[0], sequence.boxes[-1]) == 0  # standing still would have lost it


def test_the_loop_takes_the_losses_of_the_head():
    net = new_net(tiny()).eval()
    template, search = crops(net)
    labels, deltas = torch.ones(2, 1, 17, 17, dtype=torch.int8), torch.zeros(2, 4, 1, 17, 17)
    ours = batch_losses(net, (template, search, labels, deltas), TrainingSettings())
    expected = batch_losses_double(net, template, search, labels, deltas)
    torch.testing.assert_close(ours, expected)


def test_the_graphs_give_what_torch_gives():
    net = new_net(tiny()).eval()
    template, search = (crop[0].numpy() for crop in crops(net))
    results = []
    for engine in (
        TorchEngine(net),
        inference.engine(graphs(net)),
    ):
        engine.template(template)
        results.append(engine.search(search[None]))
    for ours, theirs in zip(*results):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_other_anchors_are_refused():
    with pytest.raises(ValueError, match="one fixed square"):
        network_preset("paper", head="fcpp")
    assert isinstance(SiameseNet(tiny(region=False)).region, ScoreMap)  # without region selection there is no head
