import numpy as np
import pytest
import torch

from irtrack_core.config import network_preset
from irtrack_core.network.siamese_net import FeatureFusion, SiameseNet, cross_correlation, foreground, shapes
from irtrack_core.training.loop import new_net


def narrow(preset="paper", **changes):
    return new_net(network_preset(preset, width=0.0625, **changes)).eval()


def slow_cross_correlation(search, kernel):
    """The readable twin: every sample, output channel and position on its own."""
    batch, channels, height, width = search.shape
    count, (h, w) = kernel.shape[1] // channels, kernel.shape[-2:]
    out = torch.zeros(batch, count, height - h + 1, width - w + 1, dtype=search.dtype)
    for b, k, i, j in np.ndindex(*out.shape):
        patch = search[b, :, i : i + h, j : j + w]
        out[b, k, i, j] = (patch * kernel[b, k * channels : (k + 1) * channels]).sum()
    return out / (channels * h * w) ** 0.5


@pytest.mark.parametrize("batch", [1, 3])
def test_cross_correlation_equals_the_loop(batch):
    generator = torch.Generator().manual_seed(batch)
    search = torch.randn(batch, 5, 9, 8, generator=generator)
    kernel = torch.randn(batch, 2 * 5, 3, 4, generator=generator)
    torch.testing.assert_close(
        cross_correlation(search, kernel), slow_cross_correlation(search, kernel), atol=1e-5, rtol=1e-5
    )


def test_samples_of_a_batch_do_not_mix():
    net = narrow("compact")
    generator = torch.Generator().manual_seed(0)
    template, search = torch.randn(3, 2, 47, 47, generator=generator), torch.randn(3, 2, 95, 95, generator=generator)
    with torch.no_grad():
        together = net(template, search)
        alone = net(template[1:2], search[1:2])
    for a, b in zip(together, alone, strict=True):
        torch.testing.assert_close(a[1:2], b, atol=1e-5, rtol=1e-4)


def test_fusion_equals_the_loop():
    """Eqs. (5)-(7) naively: max over shifted windows, normalise by the stored statistics, stack, weigh."""
    settings = network_preset("paper", width=0.03125)
    fusion = FeatureFusion(settings).eval()
    generator = torch.Generator().manual_seed(0)
    channels = [bn.num_features for bn in fusion.bn]
    for bn in fusion.bn:  # statistics other than 0 and 1, or the test would not see them
        bn.running_mean.copy_(torch.randn(bn.num_features, generator=generator))
        bn.running_var.copy_(torch.rand(bn.num_features, generator=generator) + 0.5)
    maps = [torch.randn(1, c, 6 + 2 * k, 6 + 2 * k, generator=generator) for c, k in zip(channels, (2, 1, 0))]
    stacked = []
    for f, bn, size in zip(maps, fusion.bn, (5, 3, 1)):
        pooled = torch.empty(1, f.shape[1], 6, 6)
        for c, i, j in np.ndindex(f.shape[1], 6, 6):
            pooled[0, c, i, j] = f[0, c, i : i + size, j : j + size].max()
        for c in range(f.shape[1]):
            scale = (bn.running_var[c] + bn.eps) ** -0.5
            stacked.append((pooled[0, c] - bn.running_mean[c]) * scale * bn.weight[c] + bn.bias[c])
    stacked = torch.stack(stacked)
    weight = fusion.conv.weight[:, :, 0, 0]
    expected = torch.einsum("oc,cij->oij", weight, stacked) + fusion.conv.bias[:, None, None]
    torch.testing.assert_close(fusion(maps)[0], expected, atol=1e-5, rtol=1e-5)


def test_shapes_of_the_paper():
    rows = {name: (template, search) for name, template, search in shapes(narrow())}
    assert [rows[name][0][1] for name in ("conv3", "conv4", "conv5")] == [10, 8, 6]
    assert [rows[name][1][1] for name in ("conv3", "conv4", "conv5")] == [26, 24, 22]
    assert {rows[f"p(conv{k})"][0][1:] for k in (3, 4, 5)} == {(6, 6)}
    assert {rows[f"p(conv{k})"][1][1:] for k in (3, 4, 5)} == {(22, 22)}
    assert rows["R_2m"][1] == (10, 17, 17)
    assert rows["R_4m"][1] == (20, 17, 17)


def test_full_width_concatenates_1024_channels():
    net = SiameseNet(network_preset("paper"))
    assert net.fusion.conv.in_channels == 384 + 384 + 256 == 1024
    assert net.fusion.conv.out_channels == 256
    assert net.region.gamma1_x.out_channels == 2 * 5 * 256
    assert net.region.gamma2_x.out_channels == 4 * 5 * 256
    assert net.region.gamma1_y.out_channels == net.region.gamma2_y.out_channels == 256


@pytest.mark.parametrize("preset", ["paper", "compact"])
def test_every_stage_is_centred(preset):
    """Mirroring the crops mirrors the scores when the filters are mirrored: no half-pixel shift anywhere."""
    net = narrow(preset)
    s = net.settings
    generator = torch.Generator().manual_seed(1)
    template = torch.randn(1, len(s.inputs), s.template_size, s.template_size, generator=generator)
    search = torch.randn(1, len(s.inputs), s.search_size, s.search_size, generator=generator)
    with torch.no_grad():
        plain = net(template, search)[0]
        for parameter in net.parameters():
            if parameter.ndim == 4:
                parameter.copy_(parameter.flip(3))
        mirrored = net(template.flip(3), search.flip(3))[0]
    torch.testing.assert_close(mirrored.flip(3), plain, atol=1e-4, rtol=1e-3)


def test_the_response_moves_with_the_target():
    net = narrow("compact")
    generator = torch.Generator().manual_seed(2)
    search = torch.randn(1, 2, 95, 95, generator=generator)
    template = torch.randn(1, 2, 47, 47, generator=generator)
    with torch.no_grad():
        response = net(template, search)[0]
        moved = net(template, torch.roll(search, 4, dims=3))[0]  # one stride to the right
    # but for the outermost cells, beyond which the head's last convolutions see zeros
    torch.testing.assert_close(moved[..., 1:-1, 2:-1], response[..., 1:-1, 1:-2], atol=1e-4, rtol=1e-3)


def test_adaptive_pooling_equals_the_loop():
    """Every output cell takes the maximum of its share of the map: 10 cells into 6, 8 into 6, 6 into 6."""
    settings = network_preset("paper", width=0.03125, fusion_pool="adaptive")
    fusion = FeatureFusion(settings)
    generator = torch.Generator().manual_seed(0)
    maps = [torch.randn(1, 3, size, size, generator=generator) for size in (10, 8, 6)]
    for f, pooled in zip(maps, fusion.pool(maps), strict=True):
        n = f.shape[-1]
        for c, i, j in np.ndindex(3, 6, 6):
            rows, columns = (slice(k * n // 6, -((k + 1) * -n // 6)) for k in (i, j))
            assert pooled[0, c, i, j] == f[0, c, rows, columns].max()


def test_readings_are_settings():
    """Each ambiguous point of the paper has a name, and switching it changes just what it says."""
    net = narrow(fusion_kernel=3)
    assert net.fusion.conv.kernel_size == (3, 3) and net.positions() == 17
    net = narrow(backbone_norm=False, conv5_relu=True)
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in net.backbone.modules())
    assert net.backbone.conv1[0].bias is not None
    with torch.no_grad():
        maps = net.backbone(torch.randn(1, 1, 127, 127, generator=torch.Generator().manual_seed(0)))
    assert maps[2].min() >= 0 and (narrow().backbone(torch.randn(1, 1, 127, 127))[2] < 0).any()
    plain, divided = (narrow("compact", head="up-channel", correlation_scale=divide) for divide in (False, True))
    generator = torch.Generator().manual_seed(3)
    crops = [torch.randn(1, 2, size, size, generator=generator) for size in (47, 95)]
    kernel = divided.template(crops[0])[0]
    terms = kernel.shape[1] / (2 * divided.settings.m) * kernel.shape[2] * kernel.shape[3]
    with torch.no_grad():
        torch.testing.assert_close(plain(*crops)[0], divided(*crops)[0] * terms**0.5, rtol=1e-4, atol=1e-4)


def test_pooling_before_the_relu_changes_no_bit():
    """Values and gradients of the published order, ReLU and then pooling, ties of zeros included."""
    net, generator = new_net(network_preset("paper", width=0.0625)), torch.Generator().manual_seed(0)
    crops = torch.randn(2, 1, 127, 127, generator=generator)
    crops[0, :, 40:] = 0  # flat parts: equal values in one window
    found = []
    for published in (False, True):
        stages = [*net.backbone.children()][:2]
        order = [[*stage][:2] + [*stage][:1:-1] if published else [*stage] for stage in stages]
        assert [type(layer).__name__ for layer in order[0]][2:] == (
            ["ReLU", "MaxPool2d"] if published else ["MaxPool2d", "ReLU"]
        )
        maps = torch.nn.Sequential(*order[0], *order[1])(crops)
        weight = torch.randn(maps.shape, generator=torch.Generator().manual_seed(1))
        found.append([maps, *torch.autograd.grad((maps * weight).sum(), [s[0].weight for s in stages])])
    assert all(torch.equal(*pair) for pair in zip(*found, strict=True))


def test_without_fusion_only_conv5_counts():
    net = narrow("compact", fusion=False)
    assert net.fusion.conv.in_channels == net.backbone.conv5[0].out_channels
    assert net.positions() == 13


def test_foreground_is_the_second_half():
    r_2m = torch.arange(8.0).reshape(1, 4, 1, 2)  # m = 2: background 0..3, foreground 4..7
    assert (foreground(r_2m) == 4).all()


def test_wrong_channels_are_refused():
    with pytest.raises(ValueError, match="one channel each"):
        narrow("compact").features(torch.zeros(1, 3, 47, 47))


def test_unknown_presets_and_settings_are_refused():
    with pytest.raises(ValueError, match="unknown network preset"):
        network_preset("alexnet")
    with pytest.raises(ValueError, match="widht"):
        network_preset("paper", widht=0.5)
