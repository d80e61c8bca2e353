"""What the authors of the paper's references claim, what stands here for each, and why the two differ: data of notebook 20.

The same words make the tables of docs/who_is_who.md (`python docs/who_is_who.py`); numbers come from the notebooks alone.
"""

from typing import NamedTuple

UNKNOWN = "not at hand, neither text nor abstract"
UNTOLD = "not to be told without the text"
ELSEWHERE = (
    "gains are measured there on the images that the filter was made for, and decibels rank filters otherwise than targets "
    "found do (notebook 10)"
)


class Claim(NamedTuple):
    """One cited method. names: of its filters or trackers in our tables, as published first; () for none of its own."""

    cited: str
    claims: str
    here: str
    why: str
    names: tuple


DETECTORS = (
    Claim(
        "[2] Cai, Tan, Qiu 2021, locally weighted product contrast",
        UNKNOWN,
        "`lpwc`: product of opposite contrasts, weighted by dissimilarity",
        UNTOLD,
        ("lpwc",),
    ),
    Claim(
        "[5] Xu, Wang 2021, a new feature operator",
        UNKNOWN,
        "`nfo`: least second difference of four directions, over the clutter around",
        UNTOLD,
        ("nfo",),
    ),
    Claim(
        "[7] Wu, Lin et al. 2022, several features",
        "two to three times the background suppression and the gain in signal-to-clutter of its baselines",
        "`mff`: contrast x Gaussian shape x unlikeness",
        ELSEWHERE,
        ("mff",),
    ),
    Claim(
        "[13] Wang et al. 2021, morphological edges",
        f"{UNKNOWN}; an edge detector, not one of targets",
        "`edges`: largest directional gradient; `edge-s`: eqs. (3), (4), M where straight edges are and U elsewhere",
        "the spikes that eq. (4) is good against stand anywhere, and not on edges",
        ("edges", "edge-s"),
    ),
)
TRACKERS = (
    Claim(
        "[3] Yu et al. 2021, thin-plate splines for several aircraft",
        "title alone is known",
        "`TPS` of notebook 08: past frames laid by a smoothing spline through matched corners, `compared.tps`",
        f"{UNTOLD}; a response and no tracker here: its figures stand in notebook 08, beside D",
        (),
    ),
    Claim(
        "[4] Wang et al. 2021, fast tracking of small targets in clutter",
        "title alone is known",
        "`ref4`: the filter's points in a predicted gate, trajectories that three hits of five confirm",
        f"{UNTOLD}; large targets give the filter several points",
        ("ref4",),
    ),
    Claim(
        "[8] He, Deng et al. 2021",
        "a review, it proposes nothing",
        "`ref8`: plain SiamFC",
        "there is nothing to compare with",
        ("ref8", "ref8-filtered"),
    ),
    Claim(
        "[9] Ajith, Martinez-Ramon 2021",
        "forecasts of solar irradiance from sky images and measurements",
        "`ref9`: gate and motion prior from past states",
        "no tracker: another task",
        ("ref9", "ref9-filtered"),
    ),
    Claim(
        "[10] Shen, Shi, Wang 2021",
        "classes of visibility from visible and infrared pairs",
        "`ref10`: three streams fused from the bottom up",
        "no tracker: another task; the gradient stands for the visible image",
        ("ref10", "ref10-filtered"),
    ),
    Claim(
        "[11] Li, Yang et al. 2021",
        "its abstract names the parts; its numbers are not at hand",
        "`ref11`: spatial transformer, attention, two responses",
        "ours is trained on simulation alone, for few steps",
        ("ref11", "ref11-filtered"),
    ),
    Claim(
        "[12] Kim, Ko 2020, weighted kernel filter",
        "a network learned end to end for anti-air targets, on a thermal set of their own",
        "`ref12`: kernelised correlation filter in closed form, cells weighted by a mask that ridge regression learns from "
        "the first box; no network",
        "neither its network nor its set is at hand: a correlation filter stands in",
        ("ref12", "ref12-filtered"),
    ),
    Claim(
        "[14] Xu, Wang et al. 2020, SiamFC++",
        "AUC 75.4 on TrackingNet at over 90 frames a second, best of its time on five benchmarks",
        "`ref14`: the head `fcpp` of our network: four distances, class x quality, focal and IoU loss",
        "visible targets of many pixels and large sets of real videos there; narrow networks, few steps, few pixels here",
        ("ref14", "ref14-filtered"),
    ),
    Claim(
        "[15] Qi, Zhang et al. 2020, several attention maps",
        "title alone is known",
        "`ref15`: SiamFC with channel and spatial attention on both branches",
        UNTOLD,
        ("ref15", "ref15-filtered"),
    ),
    Claim(
        "[16] Fan, Lin et al. 2022, feature fusion",
        "title alone is known",
        "`ref16`: SiamFC on the last three layers, added with one learned weight each",
        UNTOLD,
        ("ref16", "ref16-filtered"),
    ),
)


def rows(claims, numbers):
    """[(cited, claims, here, what ours does, why they differ)] of the claims, for `report.comparison` with the columns CITED.

    numbers: name -> text of what a filter or tracker does. A name without one is left out; a method without any has "-".
    """
    found = []
    for one in claims:
        ours = "; ".join(f"{name} {numbers[name]}" for name in one.names if name in numbers)
        found.append((one.cited, one.claims, one.here, ours or "-", one.why))
    return found
