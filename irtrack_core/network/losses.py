"""The logistic loss of eq. (11), and smooth-L1 for the regression branch, for which the paper gives no loss."""

import math

import torch
from torch.nn import functional as F


def logistic_loss(z, q, *, base="e", balanced=False, mean=True, hardest=1.0):
    r"""The loss of eq. (11), a scalar: :math:`L = \frac{1}{|D|} \sum_{v \in D} \log(1 + e^{-q(v) z(v)})`.

    z: scores of any shape, foreground minus background; q: labels of the same shape, +1, -1, or 0 to leave a position out.
    |D|, written 1/F' in the paper, is the number of positions that count; `mean=False` leaves the factor out: a sum, which
    grows with the map and the batch. `base="10"` is the paper's lg, 0.434 times the natural one. `balanced` gives positives
    and negatives half the weight each: a target fills few positions.
    `hardest` < 1 counts only that share of the negatives in the balanced loss, those with the largest terms (hard-example
    mining): most negatives are easy, and their mean hides the few that a tracker confuses with the target.
    Equals the softmax cross-entropy of the two classes. Raises ValueError for another base or unequal shapes.

    >>> round(logistic_loss(torch.zeros(4), torch.tensor([1, -1, 0, 1])).item(), 4)
    0.6931
    """
    if base not in ("e", "10"):
        raise ValueError(f"base must be 'e' or '10', not {base!r}")
    if z.shape != q.shape:
        raise ValueError(f"scores {tuple(z.shape)} and labels {tuple(q.shape)} must have one shape")
    # log(1 + exp(-q z)) without overflow; above 40 the 1 does not count even in double precision
    terms = F.softplus(-q.to(z.dtype) * z, threshold=40)
    counted = q != 0
    if balanced:
        parts = [terms[q == sign] for sign in (1, -1)]
        parts[1] = parts[1].topk(math.ceil(hardest * parts[1].numel())).values if hardest < 1 else parts[1]
        means = [part.mean() for part in parts if part.numel()]
        loss = torch.stack(means).mean() if means else terms.sum() * 0
    else:
        loss = terms[counted].sum() / counted.sum().clamp(min=1)
    if not mean:
        loss = loss * counted.sum()
    return loss / math.log(10) if base == "10" else loss


def regression_loss(deltas, target, positive, *, beta=1.0):
    r"""The smooth-L1 loss of (dx, dy, dw, dh), a scalar: the mean over the positive anchors, as in SiamRPN and Faster R-CNN.

    deltas, target: (B, 4, m, n, n); positive: bool (B, m, n, n). Quadratic below `beta`, linear above. 0 if none is positive.
    """
    terms = F.smooth_l1_loss(deltas, target, reduction="none", beta=beta).sum(dim=1)  # (B, m, n, n)
    return (terms * positive).sum() / positive.sum().clamp(min=1)
