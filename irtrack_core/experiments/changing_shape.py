"""Targets that change their shape: the fixed design beside three remedies, alone and together. Tables of notebook 15."""

import numpy as np
import pandas as pd

from irtrack_core import datasets, evaluation, filtering, trackers
from irtrack_core.datasets.shape_changes import CHANGES, deforming_sequence
from irtrack_core.evaluation.intervals import paired_interval

# method -> the parts of the tracker `deforming` that are on; none: the fixed design, `siamese` or `motion` as it is
PARTS = ("elements", "size", "template", "gate", "polarity")
METHODS = {
    "fixed": (),
    "elements": ("elements",),
    "size": ("size",),
    "template": ("template",),
    "all": ("elements", "size", "template"),
}
# not in the stored study: left alone until support and network agree, and the negative looked at in doubt
FURTHER = {"gated": (*METHODS["all"], "gate"), "turning": (*METHODS["all"], "gate", "polarity")}
DEVELOPMENT = 1000, 1001  # seeds on which the remedies were chosen; nothing is reported on them
MEASURES = ("aor", "loss_rate")
HELD = ("fixed", "all", *FURTHER)  # methods that see the same targets without the change, too


def responses_of(width, height, mast, *, noise=2.0, seed=0):
    """(image (80, 80) float32, {"U, lines of 15", "U, fitted lines": (80, 80)}, box) of a bright rectangle beside a mast.

    width, height: of the target, pixels, 100 grey values above the level; mast: height in pixels of an upright line of the
    same height beside it. The first lines are those that a target of 5 x 5 px was given, the others fit the target's size.
    """
    image = np.random.default_rng(seed).normal(500, noise, (80, 80))
    left, top = 40 - width // 2, 40 - height // 2
    image[top : top + height, left : left + width] += 100
    image[60 - mast : 60, 66] += 100
    image, one = image.astype(np.float32), filtering.rectangle(1, 1)
    families = {"U, lines of 15": filtering.line_elements(15, 4)}
    families["U, fitted lines"] = filtering.fitted_lines((width, height), minimum=9)
    found = {name: filtering.multilevel_filter(image, lines, one)[1] for name, lines in families.items()}
    return image, found, np.array([left, top, width, height], float)


def create(method, base="siamese", **options):
    """The tracker of a method over `base`, named like it. Raises ValueError for an unknown method."""
    known = METHODS | FURTHER
    if method not in known:
        raise ValueError(f"unknown method {method!r}: use one of {', '.join(known)}")
    if method == "fixed":
        return trackers.create(base, name=method, **options)
    parts = {part: part in known[method] for part in PARTS}
    return trackers.create("deforming", base=base, name=method, **parts, **options)


def measure(made, number, *, changes=tuple(CHANGES), frames=75, seed=0, held=HELD):
    """Rows change, sequence, deformed, method, aor, loss_rate of sequence `number` of each change.

    made: {method: tracker}; held: the methods that see the same targets without the change, too.
    """
    rows = []
    for change in changes:
        for deformed in (True, False):
            one = datasets.in_memory(deforming_sequence(change, number, frames, seed, deformed))
            for method, tracker in made.items():
                if not deformed and method not in held:
                    continue
                found = evaluation.evaluate([evaluation.run(tracker, one)], [one]).iloc[0]
                row = dict(change=change, sequence=one.name, deformed=deformed, method=method)
                rows.append(row | {name: float(found[name]) for name in MEASURES})
    return rows


def summary(rows, *, measure="aor", seed=0):
    """A DataFrame, a row a change and method, of a DataFrame of the rows of `measure`.

    n; value: the mean under the change; held: that of the fixed design on the same targets without it; behind: held - value,
    and gain: value - that of the fixed design under the change, each with low and high of its paired interval (`behind_low`,
    ...) and `_clear`: whether that leaves out 0; undeformed: value without the change less `held`, for methods that saw it.
    """
    wide = rows.pivot_table(index=["change", "sequence"], columns=["deformed", "method"], values=measure)
    found = []
    for change in dict.fromkeys(rows["change"]):
        part = wide.loc[change]
        held, fixed = part[False, "fixed"].to_numpy(), part[True, "fixed"].to_numpy()
        for method in dict.fromkeys(rows["method"]):
            value = part[True, method].to_numpy()
            row = dict(change=change, method=method, n=len(part), value=value.mean(), held=held.mean())
            row |= _difference("behind", held, value, seed) | _difference("gain", value, fixed, seed)
            without = part[False, method].to_numpy() if (False, method) in part else np.full(len(part), np.nan)
            row |= _difference("undeformed", without, held, seed)
            found.append(row)
    return pd.DataFrame(found)


def _difference(name, a, b, seed):
    if np.isnan(a).any():
        return {name: np.nan, f"{name}_low": np.nan, f"{name}_high": np.nan, f"{name}_clear": False}
    found = paired_interval(a, b, rng=np.random.default_rng(seed), bounds=(0, 1))
    return {name: found.mean, f"{name}_low": found.low, f"{name}_high": found.high, f"{name}_clear": found.clear}
