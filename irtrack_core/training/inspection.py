"""Feature maps of a network, its loss surface around the weights, score distributions and saliency.

All functions leave the network's weights and mode as they were.
"""

import numpy as np
import torch

from irtrack_core import boxes as bx
from irtrack_core.config import TrainingSettings
from irtrack_core.network.siamese_net import eval_mode, foreground, stages
from irtrack_core.training.loop import batch_losses
from irtrack_core.training.sampling import CropMaker, collate, template_side


def crops(sequence, settings, frame, shift=(0, 0)):
    """(template, search, centre, side): the crops of the first annotated frame, and of that place in another frame.

    sequence: a Sequence; settings: NetworkSettings; shift: of the search window, (x, y) in frame pixels. centre (2,) and side
    of the search window in frame pixels.
    """
    box = sequence.boxes[sequence.first]
    center, side = bx.centers(box) + np.asarray(shift, dtype=float), template_side(box[2:], settings)
    maker = CropMaker(settings, box[2:], sequence.shape)
    template = maker.template(sequence.frames[sequence.first], bx.centers(box), side)
    whole = side * settings.search_size / settings.template_size
    return template, maker(sequence.frames[frame], center, whole), center, whole


def tensors(pair):
    """The batch of one sampling.Pair, as the tensors that `training.loop.batch_losses` takes."""
    return [torch.from_numpy(part) for part in collate([pair])]


@torch.no_grad()
def layers(net, template, search):
    """{name: (template map, search map)} of every stage for two crops (inputs, S, S), as arrays (C, H, W).

    Names: those of `siamese_net.stages`, and z, the scores (m, n, n) before the sigmoid. Where the template has no map: None.
    """
    with eval_mode(net):
        rows = stages(net, *(torch.from_numpy(np.ascontiguousarray(crop))[None] for crop in (template, search)))
    maps = {name: tuple(one if one is None else one[0].numpy() for one in pair) for name, *pair in rows}
    scores = next(result for name, _, result in rows if name == "R_2m")
    return maps | {"z": (None, foreground(scores)[0].numpy())}


@torch.no_grad()
def loss_surface(net, batch, rng, *, span=1.0, n=21, settings=None):
    """The loss of a batch on a plane through the net's weights: (steps (n,), losses (n, n)), losses[n // 2, n // 2] its own.

    Two random directions span the plane; each of their filters has the norm of the net's own filter, so that a step of 1
    means the same in every layer (Li et al. 2018). Biases and norms stay. The rows are steps along the first direction.
    settings: TrainingSettings of the loss.
    """
    settings = settings or TrainingSettings()
    weights = [p for p in net.parameters() if p.ndim == 4]
    start, plane = [p.clone() for p in weights], []
    for _ in range(2):
        direction = [torch.from_numpy(rng.standard_normal(tuple(p.shape))).to(p) for p in weights]
        lengths = [(p.flatten(1).norm(dim=1), d.flatten(1).norm(dim=1)) for p, d in zip(weights, direction)]
        plane.append([d * (a / b)[:, None, None, None] for d, (a, b) in zip(direction, lengths)])
    steps, losses = np.linspace(-span, span, n), np.empty((n, n))
    with eval_mode(net):
        try:
            for i, j in np.ndindex(n, n):
                for p, here, one, two in zip(weights, start, *plane):
                    p.copy_(here + steps[i] * one + steps[j] * two)
                classification, regression = batch_losses(net, batch, settings)
                losses[i, j] = float(classification + settings.regression_weight * regression)
        finally:
            for p, here in zip(weights, start):
                p.copy_(here)
    return steps, losses


@torch.no_grad()
def separation(net, pairs):
    """(scores of positives, scores of negatives, AUC): z at labelled positions of pairs, area under the ROC curve.

    The area is the share of all couples of a positive and a negative in which the positive has the higher score.
    Raises ValueError when there are no positives or no negatives.
    """
    positive, negative = [], []
    with eval_mode(net):
        for pair in pairs:
            template, search, q, _ = tensors(pair)
            z = foreground(net(template, search)[0])
            positive.append(z[q == 1].numpy())
            negative.append(z[q == -1].numpy())
    positive, negative = np.concatenate(positive), np.concatenate(negative)
    if not len(positive) or not len(negative):
        raise ValueError("the pairs hold no positive or no negative position: draw more of them")
    ordered = np.sort(negative)
    below = (np.searchsorted(ordered, positive, "left") + np.searchsorted(ordered, positive, "right")) / 2
    return positive, negative, float(below.mean() / len(negative))


def importance(net, template, search):
    """Saliency of the search crop (S, S): |gradient of the highest score x pixel|, summed over channels."""
    with eval_mode(net):
        crops = [torch.from_numpy(np.ascontiguousarray(crop))[None] for crop in (template, search)]
        crops[1].requires_grad_()
        (gradient,) = torch.autograd.grad(foreground(net(*crops)[0]).max(), crops[1])
    return (gradient * crops[1]).detach().abs().sum(dim=1)[0].numpy()
