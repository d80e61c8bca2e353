import numpy as np
import pytest
import torch
from torch.nn import functional as F
from toys import moving_spot, spot

from irtrack_core import boxes as bx
from irtrack_core import evaluation, trackers
from irtrack_core.config import PyramidSettings, TrainingSettings, network_preset
from irtrack_core.datasets import Sequence
from irtrack_core.network import anchors as an
from irtrack_core.network.siamese_net import foreground, shapes
from irtrack_core.network.weights import save_weights
from irtrack_core.trackers.pyramid import PyramidTracker
from irtrack_core.training.loop import new_net, train
from irtrack_core.training.sampling import PairSampler

SMALL = network_preset(
    "compact", width=0.25, region=False, inputs=("image",), template_size=47, search_size=95, stride=4
)


class Correlation(torch.nn.Module):
    """A net without learning: the normalised correlation of the crops themselves, every 4 pixels."""

    settings = SMALL

    def positions(self):
        return 13

    def template(self, crop):
        kernel = crop - crop.mean()
        return (kernel / kernel.norm(),)

    def search(self, crop, kernels):
        kernel = kernels[0][:1]
        power = F.avg_pool2d(crop**2, 47, stride=4) - F.avg_pool2d(crop, 47, stride=4) ** 2
        z = F.conv2d(crop, kernel, stride=4) / (47 * power.clamp(min=1e-6).sqrt())
        return torch.cat([torch.zeros_like(z), 20 * (z - 0.7)], dim=1), None


def growing(frames=15, rate=1.02):
    centers = np.stack([60 + 1.7 * np.arange(frames), 70 - 0.6 * np.arange(frames)], axis=1)
    sigma = 4 * rate ** np.arange(frames)
    images = np.stack([spot((140, 150), c, s) for c, s in zip(centers, sigma)])
    return Sequence(
        name="grows", dataset="test", frames=images, boxes=bx.from_centers(centers, 4 * sigma[:, None] + [0, 0])
    )


def follow(sequence, **settings):
    return evaluation.run(PyramidTracker(Correlation(), settings=PyramidSettings(**settings)), sequence)


@pytest.mark.parametrize("rate", [1.025, 0.98])
def test_it_follows_place_and_size(rate):
    sequence = growing(rate=rate)
    result = follow(sequence, scale_penalty=1.0)
    assert np.abs(bx.centers(result.boxes) - bx.centers(sequence.boxes)).max() < 1.0
    np.testing.assert_allclose(result.boxes[-1, 2:] / sequence.boxes[-1, 2:], 1, atol=0.1)
    assert abs(np.log(sequence.boxes[-1, 2] / sequence.boxes[0, 2])) > 0.25  # what a fixed size would miss


@pytest.mark.parametrize("settings", [dict(scales=1), dict(scale_penalty=0.5), dict(size_rate=0)])
def test_the_size_stays_when_it_may_not_change(settings):
    sequence = growing()
    result = follow(sequence, **settings)
    np.testing.assert_allclose(result.boxes[:, 2:], np.tile(sequence.boxes[0, 2:], (len(result.boxes), 1)))


def test_score_map_alone_learns_and_tracks(tmp_path):
    net = new_net(SMALL)
    sequence = moving_spot()
    history = train(
        net, PairSampler([sequence], SMALL, net.positions()), TrainingSettings(iterations=60, batch=4, lr_first=0.02),
        progress=False,
    )  # fmt: skip
    assert history.classification[-10:].mean() < 0.6 * history.classification[:5].mean()
    assert (history.regression == 0).all()
    save_weights(net, tmp_path / "w.safetensors")
    result = evaluation.run(trackers.create("pyramid", weights=tmp_path / "w.safetensors"), sequence)
    assert bx.iou(result.boxes, sequence.boxes)[1:].mean() > 0.5


def test_z_is_the_scaled_correlation_of_the_features():
    net = new_net(SMALL).eval()
    generator = torch.Generator().manual_seed(0)
    template, search = torch.randn(2, 1, 47, 47, generator=generator), torch.randn(2, 1, 95, 95, generator=generator)
    with torch.no_grad():
        net.region.a.fill_(2.0), net.region.b.fill_(-1.0)
        z = foreground(net(template, search)[0])
        x, y = net.features(template), net.features(search)
        patch = y[1, :, 3 : 3 + x.shape[2], 2 : 2 + x.shape[3]]
        expected = 2 * (patch * x[1]).sum() / x[1].numel() ** 0.5 - 1
    assert z[1, 0, 3, 2].item() == pytest.approx(expected.item(), rel=1e-4, abs=1e-5)
    assert net.positions() == z.shape[-1]
    assert [row[0] for row in shapes(net)][-2:] == ["F'", "R_2m"]


def test_labels_by_distance():
    anchors = an.make_anchors([[16, 16]], 13, 4)
    q = an.near_labels(anchors, [5, -3, 16, 16], radius=0.25)
    for index in np.ndindex(q.shape):
        near = np.hypot(*(anchors[index][:2] - (5, -3))) <= 4
        assert q[index] == (1 if near else -1)
    assert (an.near_labels(anchors, None) == -1).all()
    assert (an.near_labels(anchors, [6, 6, 1, 1]) == 1).sum() == 1  # falls between positions, and still teaches


def test_unusable_settings_and_nets():
    with pytest.raises(ValueError, match="must be odd"):
        PyramidSettings(scales=2)
    with pytest.raises(ValueError, match="one score a position; this one has 5"):
        PyramidTracker(new_net(network_preset("paper", width=0.0625)))
