"""Channels, kernels and strides of the network's layers, and the sizes of its maps that follow; needs no torch."""

# out channels, kernel, stride, max-pool after it (kernel 3, stride 2): AlexNet without padding, as Siamese trackers use it
PAPER = [(96, 11, 2, True), (256, 5, 1, True), (384, 3, 1, False), (384, 3, 1, False), (256, 3, 1, False)]
# stride 4 keeps a target of 16 crop pixels four cells wide; dense 3x3 convolutions run near a CPU's peak
COMPACT = [(24, 3, 2, False), (48, 3, 2, False), (48, 3, 1, False), (48, 3, 1, False), (48, 3, 1, False)]
LAYERS = {"paper": PAPER, "compact": COMPACT}
FUSED = {"paper": 256, "compact": 48}  # channels of F'


def scaled(channels, width):
    """The channel count times the width factor, rounded, at least 4."""
    return max(4, round(channels * width))


def cells(size, settings):
    """Number of cells along a side of F', eq. (7), for a crop of `size` pixels."""
    for _, kernel, stride, pool in LAYERS[settings.preset]:
        size = (size - kernel) // stride + 1
        size = (size - 3) // 2 + 1 if pool else size
    return size - settings.fusion_kernel + 1


def positions(settings):
    """n, the positions along a side of the score map, from the crop sizes of NetworkSettings.

    >>> from irtrack_core.config import network_preset
    >>> positions(network_preset("paper")), positions(network_preset("compact"))
    (17, 13)
    """
    # both features pass a 3x3 convolution before they are correlated; a score map alone has none, which changes nothing
    return cells(settings.search_size, settings) - cells(settings.template_size, settings) + 1
