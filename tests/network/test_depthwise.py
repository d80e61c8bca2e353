"""The depthwise head of the preset `compact`, against loops."""

import numpy as np
import torch

from irtrack_core.config import network_preset
from irtrack_core.network.siamese_net import DepthwiseSelection, SiameseNet


def test_correlation_equals_the_loop():
    torch.manual_seed(0)
    head = DepthwiseSelection(4, 1).eval()
    template, search = torch.randn(2, 4, 5, 5), torch.randn(2, 4, 9, 9)
    seen = []
    head.bn.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        kernels = head.template(template)
        r_2m, r_4m = head.search(search, kernels)
        features = head.gamma_y(search).numpy()
    expected = np.zeros((2, 4, 5, 5))
    kernel = kernels[0].numpy()
    for b, c, i, j in np.ndindex(expected.shape):
        expected[b, c, i, j] = (features[b, c, i : i + 3, j : j + 3] * kernel[b, c]).sum()
    np.testing.assert_allclose(seen[0].numpy(), expected, atol=1e-5)
    assert r_2m.shape == (2, 2, 5, 5) and r_4m.shape == (2, 4, 5, 5)


def test_every_sample_is_compared_with_its_own_template():
    torch.manual_seed(0)
    net = SiameseNet(network_preset("compact", width=0.25)).eval()
    template, search = torch.randn(3, 2, 47, 47), torch.randn(3, 2, 95, 95)
    with torch.no_grad():
        together = net(template, search)
        for k in range(3):
            alone = net(template[k : k + 1], search[k : k + 1])
            for a, b in zip(together, alone):
                torch.testing.assert_close(a[k : k + 1], b, atol=1e-4, rtol=1e-4)
