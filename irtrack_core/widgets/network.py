"""Demos of notebooks 03 and 04: shapes of the network, feature maps, anchors on a frame, response maps."""

from functools import lru_cache

import ipywidgets
import numpy as np
import torch

from irtrack_core import boxes as bx
from irtrack_core.config import network_preset
from irtrack_core.figures import network as figures
from irtrack_core.figures import style
from irtrack_core.network import anchors as an
from irtrack_core.network.layers import positions
from irtrack_core.network.siamese_net import SiameseNet, shapes
from irtrack_core.training.inspection import crops, layers
from irtrack_core.training.sampling import template_side
from irtrack_core.widgets.base import demo, slider

STAGES = ["crop", "conv1", "conv2", "conv3", "conv4", "conv5", "p(conv3)", "p(conv4)", "p(conv5)", "F'"]


def _frame(sequence):
    """A slider over the frames of a sequence."""
    last = len(sequence) - 1
    return slider(min(8, last), 0, last, "frame")


def network_shapes():
    """Demo of notebook 03: the shape of every layer, over preset, width and crop sizes of the network."""

    def draw(preset, width, template, search):
        if search <= template:
            raise ValueError(f"the search crop ({search}) must be larger than the template crop ({template})")
        settings = network_preset(preset, width=width, template_size=template, search_size=search)
        try:
            rows = _shapes(settings)
        except RuntimeError as error:  # raised by torch when a map is smaller than the kernel
            raise ValueError(f"a template crop of {template} pixels leaves nothing for the last layers") from error
        figure, axes = style.new(width=10.5, height=4.4)
        figures.structure(axes, rows, f"preset {preset}, width × {width}")
        return figure

    return demo(
        draw,
        {"preset": ["paper", "compact"], "width": [0.125, 0.25, 1.0], "template": [31, 63, 95, 127, 191]},
        preset=ipywidgets.Dropdown(options=["paper", "compact"], description="preset"),
        width=ipywidgets.SelectionSlider(options=[0.125, 0.25, 0.5, 1.0], value=0.25, description="width"),
        template=slider(127, 31, 191, "template crop, px", step=8),
        search=slider(255, 63, 383, "search crop, px", step=8),
    )


def _shapes(settings):
    """Rows of `shapes` for a network of these settings, computed on tensors without numbers."""
    with torch.device("meta"):
        net = SiameseNet(settings)
        for layer in net.modules():
            if isinstance(layer, torch.nn.BatchNorm2d):  # it changes no shape, and takes as long as all the others
                layer.forward = torch.nn.Identity().forward
        return shapes(net)


def feature_maps(net, sequence, *, stage="conv3", channels=6):
    """Demo of notebook 03: the feature maps of template and search crop at each stage, the channels that vary most first.

    net: a SiameseNet; sequence: the template is cut from its first annotated frame.
    """

    @lru_cache(maxsize=4)  # another stage or channel asks for the same
    def seen(frame):
        template, search, *_ = crops(sequence, net.settings, frame)
        return layers(net, template, search)

    def draw(stage, first, frame):
        both = seen(frame)[stage]
        figure = figures.map_grid(both, ("template", "search"), channels=channels, first=first, like=both[1])
        size = "×".join(map(str, both[1].shape))
        figure.suptitle(f"{stage} of the search crop: {size}", fontsize=10, x=0.01, ha="left")
        return figure

    return demo(
        draw,
        {"stage": STAGES, "first": [0, 6]},
        stage=ipywidgets.Dropdown(options=STAGES, value=stage, description="stage"),
        first=slider(0, 0, 40, "channels from"),
        frame=_frame(sequence),
    )


def anchors_on_frame(sequence, *, preset="compact"):
    """Demo of notebook 04: the search window on a frame, its positions coloured by label, and the anchors of one position."""

    def draw(preset, frame, row, column, positive, negative):
        if negative > positive:
            raise ValueError(f"an overlap of {negative} for negatives is above {positive} for positives")
        settings = network_preset(preset)
        n = positions(settings)
        given, truth = sequence.boxes[sequence.first], sequence.boxes[frame]
        side = template_side(given[2:], settings) * settings.search_size / settings.template_size
        center, scale = bx.centers(given), side / settings.search_size  # frame pixels a crop pixel
        grid = an.make_anchors(an.anchor_sizes(settings, given[2:] / scale), n, settings.stride)
        seen = np.isfinite(truth).all()
        target = np.concatenate([(bx.centers(truth) - center) / scale, truth[2:] / scale]) if seen else None
        q = an.labels(grid, target, positive=positive, negative=negative)
        on_frame = np.concatenate([grid[..., :2] * scale + center, grid[..., 2:] * scale], axis=-1)
        figure, (whole, near) = style.new(1, 2, width=4.7, height=4.3)
        style.show_image(whole, sequence.frames[frame], f"frame {frame}")
        style.draw_box(whole, bx.from_centers(center, side), edgecolor="#56B4E9")
        style.show_image(near, sequence.frames[frame], f"search window: {n}×{n} positions, m = {settings.m}")
        near.set(xlim=center[0] + np.array([-0.5, 0.5]) * side, ylim=center[1] + np.array([0.5, -0.5]) * side)
        for axis in (whole, near):
            style.draw_box(axis, truth, "truth", edgecolor="white", linestyle=":", linewidth=1.8)
        figures.draw_anchors(near, on_frame, (min(row, n - 1), min(column, n - 1)), labels=q)
        counts = {name: int((q == value).sum()) for name, value in (("positive", 1), ("left out", 0), ("negative", -1))}
        style.note(figure, ", ".join(f"{count} {name}" for name, count in counts.items()) + " anchors")
        return figure

    return demo(
        draw,
        {"preset": ["paper", "compact"], "frame": [0, 8], "column": [2, 6, 10], "positive": [0.3, 0.4, 0.5, 0.6]},
        preset=ipywidgets.Dropdown(options=["paper", "compact"], value=preset, description="preset"),
        frame=_frame(sequence),
        row=slider(6, 0, 16, "row"),
        column=slider(6, 0, 16, "column"),
        positive=slider(an.POSITIVE, 0.05, 0.95, "positive from", step=0.05),
        negative=slider(an.NEGATIVE, 0.05, 0.95, "negative below", step=0.05),
    )


def response_maps(net, sequence):
    """Demo of notebook 04: scores and best proposal of a search window that is moved over a frame."""
    settings, n = net.settings, net.positions()

    def draw(frame, dx, dy):
        template, search, center, side = crops(sequence, settings, frame, (dx, dy))
        z, zoom = layers(net, template, search)["z"][1], settings.search_size / side
        best = np.unravel_index(np.argmax(z), z.shape)
        figure, axes = style.new(1, 3, width=3.4, height=3.2)
        truth = sequence.boxes[frame]
        seen = np.isfinite(truth).all()
        boxes = [np.concatenate([(bx.centers(truth) - center) * zoom, truth[2:] * zoom])] if seen else []
        figures.crop_box(axes[0], template[0], title="template")
        figures.crop_box(axes[1], search[0], boxes, ["truth"] * len(boxes), title=f"search, frame {frame}")
        axes[1].plot(*(an.grid(n, settings.stride)[[best[2], best[1]]]), "o", mfc="none", mec="#D55E00", ms=10, mew=2)
        probability = 1 / (1 + np.exp(-z.max(axis=0)))
        figures.score_map(axes[2], probability, title="P(target), best anchor", best=best[1:])
        return figure

    return demo(
        draw,
        {"frame": [2, 8], "dx": [-40, -20, 0, 20, 40], "dy": [-40, -20, 0, 20, 40]},
        frame=_frame(sequence),
        dx=slider(0, -40, 40, "window right, px"),
        dy=slider(0, -40, 40, "window down, px"),
    )
