"""Shipped weights trained on with one's own recordings, and whether that made them better: `irtrack train`.

Three parts that share no recording: one to learn from, one that says when to stop, one that judges. Half of the pairs are
simulated, against forgetting; simulated sets judge that, too.
"""

import json
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from irtrack_core import datasets, trackers
from irtrack_core.config import TrainingSettings
from irtrack_core.datasets import in_memory
from irtrack_core.datasets.recordings import check_split
from irtrack_core.evaluation import paired, stored
from irtrack_core.experiments.recipes import PAIRS, calibrate, simulated_stream
from irtrack_core.network.siamese_net import SiameseNet
from irtrack_core.network.weights import (
    fill,
    load_graphs,
    load_weights,
    read_card,
    read_tensors,
    save_weights,
    write_tensors,
)
from irtrack_core.provenance import provenance
from irtrack_core.training.export import graphs
from irtrack_core.training.loop import batch_losses, train
from irtrack_core.training.sampling import MixedSampler, PairSampler

LEAST = 3  # recordings: one for each part
JUDGES, STOPS = 0.3, 0.15  # shares of the recordings that judge, and that say when to stop
CHECKS, PATIENCE = 6, 2  # times that the loss on the stopping part is looked at, and how often it may not fall
FRAMES = 150  # of a sequence that are learned from, evenly spread: they are held in memory
LEAST_SLOPE = 0.3  # of predicted over true sizes: below it a correction would only make noise larger
JUDGE_SEED = 71  # of the simulated sets that judge; no training draws from it


class Parts(NamedTuple):
    """The three lists of sequences: to learn from, to stop by, to judge by."""

    learn: list
    stop: list
    judge: list


def split(sequences, seed=0):
    """Parts of the sequences, by recording and at random from `seed`.

    Raises ValueError for fewer than three recordings, or for points, which have no size to learn.
    """
    points = next((one for one in sequences if one.points), None)
    if points is not None:
        raise ValueError(
            f"{points.dataset}/{points.name} annotates points: the network learns boxes, and needs their size"
        )
    names = sorted({(one.dataset, one.recording) for one in sequences})
    if len(names) < LEAST:
        raise ValueError(
            f"{len(names)} recordings are too few: {LEAST} are needed, one to learn from, one to stop by and one to judge by"
            " (clips of one recording count as one)"
        )
    order = [names[k] for k in np.random.default_rng(seed).permutation(len(names))]
    judges, stops = max(1, round(JUDGES * len(names))), max(1, round(STOPS * len(names)))
    sides = order[judges + stops :], order[judges : judges + stops], order[:judges]
    parts = Parts(*([one for one in sequences if (one.dataset, one.recording) in side] for side in sides))
    check_split(parts.learn + parts.stop, parts.judge)
    return parts


def learn(parts, before, out, *, iterations=300, batch=16, seed=0, progress=None):
    """(net, checks): the net of the weights file `before`, trained on, as it was when the stopping part liked it best.

    checks: [(step, loss on the stopping part)], step 0 first: where no step is better, the net is the one it was. A
    checkpoint beside `out` is gone on with. progress: called with the number of steps done. Raises ValueError where what is
    there was made of other data, another seed or other weights.
    """
    net, rest = load_weights(before), Path(out).with_suffix(".checkpoint")
    if not net.settings.region:
        raise ValueError(f"{before} holds a net without region selection: only nets that give boxes are trained on")
    training = TrainingSettings(
        iterations=iterations,
        batch=batch,
        lr_first=0.002,
        lr_last=0.0001,
        hardest=0.1,
        freeze=0.0,
        precision="float32",
        seed=seed,
        checkpoint_every=max(1, -(-iterations // CHECKS)),
    )
    key = {"learn": stored.describe(parts.learn), "stop": stored.describe(parts.stop), "seed": seed}
    key |= {"from": read_card(before).get("commit"), "training": training.model_dump(mode="json")}
    best = _Best(rest.with_suffix(".best"), net, json.loads(json.dumps(key)))
    sampler = sampler_of(net, [_light(one) for one in parts.learn], seed)
    judge = sampler_of(net, [_light(one) for one in parts.stop], seed + 1, simulated=False)
    batches = [[torch.from_numpy(np.ascontiguousarray(a)) for a in judge.batch(k, batch)] for k in range(6)]
    if not best.checks:
        best.check(net, 0, _loss(net, batches, training))
    watch = None if progress is None else lambda history: progress(len(history))
    while not best.done(iterations):
        step = min(iterations, len(best.checks) * training.checkpoint_every)
        train(net, sampler, training, checkpoint=rest, device_name="cpu", progress=False, stop_after=step, watch=watch)
        best.check(net, step, _loss(net, batches, training))
    return best.restored(net), best.checks


def sampler_of(net, sequences, seed, *, simulated=True):
    """Pairs of these sequences, half of them with redrawn boxes; `simulated`: as many again from simulation."""
    options = dict(settings=net.settings, positions=net.positions(), seed=seed)
    plain = PAIRS.replace(max_gap=100)
    given = PairSampler(sequences, sampling=plain, loose=False, **options)
    redrawn = PairSampler(sequences, sampling=plain.replace(looseness=(0.8, 1.3)), **options)
    if not simulated:
        return MixedSampler([given, redrawn], [0.5, 0.5], seed=seed)
    made = PairSampler(simulated_stream(pool=24, seed=seed + 500), sampling=PAIRS, **options)
    return MixedSampler([made, given, redrawn], [0.5, 0.25, 0.25], seed=seed)


def _light(one):
    """A sequence in memory, with FRAMES frames at most."""
    return in_memory(one, max(1, -(-len(one) // FRAMES)), to_learn=True)


def _loss(net, batches, training):
    """Mean loss over fixed batches, as training counts it."""
    net.eval()
    with torch.no_grad():
        losses = [batch_losses(net, batch, training) for batch in batches]
    return float(np.mean([float(a) + training.regression_weight * float(b) for a, b in losses]))


class _Best:
    """The weights that the stopping part liked best, in a file that outlives the process."""

    def __init__(self, path, net, key):
        self.path, self.key, self.checks = path, key, []
        self.tensors = {name: tensor.numpy().copy() for name, tensor in net.state_dict().items()}
        if path.is_file():
            tensors, metadata = read_tensors(path)
            if metadata.get("key") != key:
                raise ValueError(
                    f"{path} was made of other data, weights, settings or another seed: remove it and "
                    f"{path.with_suffix('.checkpoint').name} to start afresh, or name another --out"
                )
            self.tensors, self.checks = tensors, [tuple(check) for check in metadata["checks"]]

    def check(self, net, step, loss):
        if not self.checks or loss < min(known for _, known in self.checks):
            self.tensors = {name: tensor.detach().cpu().numpy().copy() for name, tensor in net.state_dict().items()}
        self.checks.append((step, loss))
        write_tensors(self.path, self.tensors, {"key": self.key, "checks": self.checks})

    def done(self, iterations):
        """Whether all steps are made, or the loss has not fallen for PATIENCE checks."""
        losses = [loss for _, loss in self.checks]
        return self.checks[-1][0] >= iterations or len(losses) - 1 - int(np.argmin(losses)) >= PATIENCE

    def restored(self, net):
        return fill(SiameseNet(net.settings), self.tensors, self.path).eval()


def write(net, checks, out, before, parts, words, **simulated):
    """The card of the trained weights, which are written to `out` with their graphs, that of int8 too. words: the command.

    Scores and sizes are calibrated on the stopping part and on simulation, see `recipes.calibrate`; simulated: sequences=
    and frames= of it. Where no step was kept, or nothing can be fitted, the calibration of the weights before is kept.
    """
    base, chosen = read_card(before), min(checks, key=lambda check: check[1])
    line, of = (base.get("calibration"), "the weights before: these are the same") if not chosen[0] else (None, "")
    if chosen[0]:
        try:
            line, of = _calibrated(net, parts.stop, simulated), "the stopping part and simulation"
        except ValueError as error:
            line, of = base.get("calibration"), f"the weights before: {error}"
    card = {
        "name": Path(out).stem,
        "from": f"{Path(before).name}, commit {base.get('commit')}",
        "command": words,
        "data": f"{len(parts.learn)} sequences of {len(_recordings(parts.learn))} recordings, and as much simulation",
        "recordings": sorted({*base.get("recordings", ()), *_recordings(parts.learn), *_recordings(parts.stop)}),
        "held_back": sorted(_recordings(parts.judge)),
        "seeds": {"split": words},
        "loss_on_the_stopping_part": [[step, round(loss, 4)] for step, loss in checks],
        "kept_step": chosen[0],
        "calibration": line,
        "calibrated_on": of,
        **provenance(),
    }
    save_weights(net, out, card, graphs(net, int8=True))
    return card


def _calibrated(net, stop, simulated):
    """`recipes.calibrate` of a net. Raises ValueError where it does not tell targets, or sizes, apart."""
    found = calibrate(net, [one for one in map(_light, stop) if one.present.sum() > 1], **simulated)
    if found["size"][0] < LEAST_SLOPE:
        raise ValueError(
            f"predicted sizes follow the true ones by a slope of {found['size'][0]}, too little to correct"
        )
    return found


def _recordings(part):
    return {f"{one.dataset}/{one.recording}" for one in part}


def judge(out, before, parts, folder, *, sequences=10, frames=40, processes=1, progress=None):
    """(differences, verdict): the weights `out` minus those `before`, on the judging part and on the simulated sets.

    differences: of `paired.compare`, the judging part first, with a column where: "held back" or "simulated". Raw boxes
    and tables go into `folder`, HELD and SIM of it, for `irtrack compare`. verdict: see `verdict`; it is written into the
    card.
    """
    known, makers = read_card(before).get("recordings") or (), {}
    for label, file in (("after", out), ("before", before)):
        makers[label] = partial(trackers.create, "siamese", weights=file)
    keys = {label: json.dumps(read_card(maker.keywords["weights"]).get("graphs")) for label, maker in makers.items()}
    simulated = [
        one
        for name in datasets.SIMULATED
        for one in datasets.load(name, sequences=sequences, frames=frames, seed=JUDGE_SEED)
    ]
    tables = []
    for place, name, part in (("held back", "held_back", parts.judge), ("simulated", "simulated", simulated)):
        options = dict(keys=keys, processes=processes, progress=progress)
        table = stored.measured(stored.track_all(makers, part, Path(folder) / name, **options), part)
        table.to_csv(Path(folder) / name / "sequences.csv", index=False)
        what = {"trackers": {label: {} for label in makers}, "sequences": stored.describe(part)}
        (Path(folder) / name / "evaluation.json").write_text(json.dumps(what, indent=1) + "\n", encoding="utf-8")
        found, _ = paired.compare(*(table[table["tracker"] == label] for label in ("after", "before")))
        tables.append(found.assign(where=place))
    found = stored.pd.concat(tables, ignore_index=True)
    said = verdict(found)
    seen = sorted(_recordings(parts.judge) & set(known))
    if seen:
        said += f" Of the held-back recordings the weights before had learned from {len(seen)}: that favours them."
    net, card = load_weights(out), read_card(out)
    rows = found[found["measure"].isin(["aor", "p5"])]
    card["scores"] = [
        {"set": row.dataset, "where": row.where, "measure": row.measure, "difference": round(row.difference, 4)}
        | {"low": round(row.low, 4), "high": round(row.high, 4), "kind": row.kind, "n": int(row.recordings)}
        for row in rows.itertuples()
    ]
    save_weights(net, out, card | {"verdict": said}, load_graphs(out))
    return found, said


def verdict(found):
    """One or two sentences: better only where AO on the held-back part is clearly ahead, and no set is clearly behind.

    found: differences after minus before, with the column where. Clear needs ten recordings and an interval without 0.
    """
    overlap = found[found["measure"] == "aor"]
    held, others = (overlap[overlap["where"] == place] for place in ("held back", "simulated"))
    words = {row.dataset: row.word for row in held.itertuples()}
    lost = [row.dataset for row in others.itertuples() if row.word == "behind"]
    lost_text = f" Worse on {', '.join(lost)}: it has forgotten something." if lost else ""
    if any(word == "behind" for word in words.values()):
        names = [name for name, word in words.items() if word == "behind"]
        return f"Worse on {', '.join(names)}: keep the weights before.{lost_text}"
    if words and all(word == "ahead" for word in words.values()):
        return (
            f"Better on what was held back.{lost_text}" if lost else "Better on what was held back, and nowhere worse."
        )
    few = held[held["word"].str.startswith("too few")]
    reason = (
        f"{int(few['recordings'].min())} held-back recordings are too few to say (10 are needed)"
        if len(few)
        else "the interval of the difference holds 0"
    )
    return f"Not shown to be better: {reason}.{lost_text}"
