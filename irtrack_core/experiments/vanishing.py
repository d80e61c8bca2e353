"""One target that vanishes: hidden for 5 to 60 frames, out of the frame and back, among decoys. How soon is it held again?"""

import numpy as np
import pandas as pd

from irtrack_core import boxes as bx
from irtrack_core.config import ScanSettings, SceneSettings, TargetSettings
from irtrack_core.imaging.scan import Simulation
from irtrack_core.optional import need

KINDS = ("occlusion", "decoys", "exit")
GAPS = (5, 20, 60)  # frames without the target
BEFORE, AFTER = 40, 60  # frames before it vanishes, and after it is back
NEAR = 5.0  # px, or half the box: a centre within it is on the target
SURE = 0.5  # least score that counts as a claim
FPS = 30.0


def simulation(kind, k, gap, seed=0):
    """The `Simulation` of number k: the target is not seen for about `gap` frames.

    "occlusion": hidden behind something; "decoys": the same among four warm objects like it, one of which crosses its path;
    "exit": it leaves the frame and comes back after `gap` frames or up to twice as many. Raises ValueError for another kind.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r}: use one of {', '.join(KINDS)}")
    rng, frames = np.random.default_rng([seed, KINDS.index(kind), k, gap]), BEFORE + gap + AFTER
    sensor = ScanSettings(shape=(192, 240), bits=8, output="agc", agc_noise=2.0, spikes=2e-5)
    more = dict(distractors=4, crossing=1, distractor_snr=0.9) if kind == "decoys" else {}
    scene = SceneSettings(std=float(rng.uniform(0.03, 0.12)), pan=tuple(rng.uniform(-0.5, 0.5, 2).tolist()), **more)
    target = TargetSettings(
        kind=("drone", "aircraft")[k % 2],
        size=float(rng.uniform(8, 14)),
        snr=float(np.exp(rng.uniform(np.log(15), np.log(40)))),
        speed=float(rng.uniform(0.5, 1.5)) if kind != "exit" else float(rng.uniform(1, 2)),
        manoeuvre=0.02 if kind != "exit" else 0.1,
        leave=kind == "exit",
        occlusion=0.0 if kind == "exit" else gap / frames,
    )
    if kind != "exit":
        return Simulation(sensor, scene, target, frames=frames, seed=int(rng.integers(2**31)))
    while True:  # paths are drawn until one stays away as long as asked for, and is there before and after
        made = Simulation(sensor, scene, target, frames=2 * frames, seed=int(rng.integers(2**31)))
        if _away(made.boxes, gap) is not None:
            return made


def _away(boxes, gap):
    """(first, end) of the one stretch of frames without a target, `gap` to twice as many; None where there is none."""
    gone = np.flatnonzero(np.isnan(boxes[:, 0]))
    if not gone.size or gone[0] < 10 or gone[-1] > len(boxes) - 20:
        return None
    first, end = int(gone[0]), int(gone[-1]) + 1
    return (first, end) if end - first == gone.size and gap <= end - first <= 2 * gap else None


def measure(tracker, made):
    """{frames, gap, recovered, wait, held, false} of a tracker on a Simulation whose target vanishes once.

    gap: frames without the target; recovered: 1 where the box was on the target again within 60 frames, wait: how many that
    took (NaN: never); held: whether it was so in most of the last ten frames of these; false: how many times, from the
    vanishing on, the tracker began to claim (score 0.5 and more, and not `lost`) a place that is not the target's, hidden
    or not.
    """
    boxes, path = made.boxes, made.objects[0].path
    gone = np.flatnonzero(np.isnan(boxes[:, 0]))
    first, end = int(gone[0]), int(gone[-1]) + 1
    count = min(end + AFTER, len(made))
    tracker.init(made.frame(0), boxes[0])
    found, claims = [boxes[0]], [True]
    for i in range(1, count):
        found.append(tracker.update(made.frame(i)))
        claims.append(tracker.score >= SURE and not tracker.lost)
    off = np.linalg.norm(bx.centers(np.array(found)) - path[:count], axis=1)
    reach = np.maximum(NEAR, np.nanmax(boxes[:, 2:]) / 2)
    on = np.flatnonzero(off[end:] <= reach)
    claims = (off > reach) & np.array(claims)
    claims[:first] = False
    began = claims & ~np.concatenate([[False], claims[:-1]])
    return {
        "frames": count - 1,
        "gap": end - first,
        "recovered": float(on.size > 0),
        "wait": float(on[0]) if on.size else np.nan,
        "held": float((off[count - 10 : count] <= reach).mean() > 0.5),
        "false": int(began.sum()),
    }


def summary(rows):
    """A DataFrame, a row a kind, gap asked for and tracker: n, recovered, held, wait (median), false, hours, false_per_hour,
    low, high: exact Poisson limits (95 %) of false claims an hour of such video at 30 frames a second.

    rows: DataFrame of `measure` with kind, asked and tracker.
    """
    groups = rows.groupby(["kind", "asked", "tracker"], sort=False)
    table = groups[["recovered", "held"]].mean().assign(n=groups.size(), wait=groups["wait"].median())
    table["false"], table["hours"] = groups["false"].sum(), groups["frames"].sum() / FPS / 3600
    table["false_per_hour"] = table["false"] / table["hours"]
    quantile = need("scipy.stats", "evaluation").chi2.ppf
    low = np.where(table["false"] > 0, quantile(0.025, 2 * table["false"].clip(lower=0.5)) / 2, 0.0)
    table["low"], table["high"] = low / table["hours"], quantile(0.975, 2 * table["false"] + 2) / 2 / table["hours"]
    return pd.DataFrame(table).reset_index()
