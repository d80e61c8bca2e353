"""Experiments 11 and 12 at the paper's own size: `paper` and the rebuilt [8]-[11] at full width, 1000 steps, all five folds.

    python -m irtrack_core.experiments.paper_size --out data/results/paper

The trainings are those of the profile `full` with one seed. After each, the weights track the first frames of the fold's
six test sequences. It takes hours (`benchmarks/training.py` says how many), and may be stopped whenever: a training goes on
from its checkpoint in --work, and what OUT holds is done, whatever commit did it. A row names its commit.

OUT/methods.csv has a row a tracker and sequence, OUT/curves.csv the success and precision curves of each tracker, fold and
set, OUT/boxes.zip the raw boxes in whole hundredths of a pixel, OUT/methods.json the command.
"""

import json
import zipfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pandas as pd
from pydantic import Field
from tqdm import tqdm

from irtrack_core import evaluation, metrics
from irtrack_core.config import PROFILES, Settings
from irtrack_core.datasets import in_memory
from irtrack_core.experiments import cached, protocol, study
from irtrack_core.provenance import limit_threads, provenance
from irtrack_core.whole_files import whole_file

NAMES = (*protocol.METHODS, *protocol.BASELINES)
MEASURES = ["aor", "auc", "sr50", "sr75", "p3", "p5", "p20", "rmse", "loss_rate", "first_loss"]
CURVES = {
    "success": (metrics.success_curve, metrics.IOU_THRESHOLDS),
    "precision": (metrics.precision_curve, metrics.PIXEL_THRESHOLDS),
}
LAST = 50  # steps over which the loss at the end of a training is averaged


class PaperSizeSettings(Settings):
    """How large the study is. The defaults are those of the stored tables."""

    frames: int = Field(200, ge=2, description="of each test sequence, the first ones; trainings see all of theirs")
    precision: Literal["auto", "float32", "bfloat16"] = Field("bfloat16", description="as TrainingSettings.precision")
    iterations: int = Field(1000, ge=1, description="of each training")
    width: float = Field(1.0, gt=0, le=4, description="width factor of the networks")
    seed: int = Field(0, ge=0, description="of weights, pairs, sequences and folds")

    def profile(self):
        """The profile `full` with these settings."""
        return PROFILES["full"].replace(seeds=1, iterations=self.iterations, width=self.width)


def jobs(settings):
    """[(name, fold)], fold by fold; within one the longest trainings first, the trackers without any last."""
    return [(name, fold) for fold in range(settings.profile().folds) for name in NAMES]


def run_job(name, fold, settings, work):
    """Train one tracker on one fold, if it learns, and track the fold's test sequences: (rows, curves, boxes), three tables.

    work: folder of weights, checkpoints and boxes; what is there, made by this code, is taken.
    """
    profile, seed, loss = settings.profile(), settings.seed, float("nan")
    if name in protocol.TRAINED:
        from irtrack_core.experiments.compared import train_methods  # loads torch

        options = dict(fold=fold, seed=seed, study_seed=seed, precision=settings.precision, progress=False)
        history = train_methods.learn(name, profile, work, **options)
        loss = history[["classification", "regression"]].tail(LAST).sum(axis=1).mean()
    whole = protocol.test_folds(profile.replace(folds=fold + 1), seed)[fold][2]
    sequences = [in_memory(study.head(one, settings.frames)) for one in whole]
    results = study.track(sequences, [name], work, fold=fold, seed=seed)
    made = {"tracker": name, "fold": fold}
    rows = evaluation.evaluate(results, sequences)[["dataset", "sequence", "annotated", *MEASURES]]
    rows = rows.assign(**made, loss=loss, commit=provenance()["commit"])
    return rows[[*made, "dataset", "sequence", "annotated", *MEASURES, "loss", "commit"]], *_raw(
        results, sequences, made
    )


def _raw(results, sequences, made):
    """(curves, boxes): the curves, means over the sequences of each set, and the boxes in whole hundredths of a pixel."""
    curves, boxes = [], []
    for dataset in dict.fromkeys(result.dataset for result in results):
        of_set = [result for result in results if result.dataset == dataset]
        for kind, (curve, at) in CURVES.items():
            (values,) = evaluation.curves(of_set, sequences, curve).values()
            curves.append(pd.DataFrame({**made, "dataset": dataset, "curve": kind, "threshold": at, "value": values}))
        for one in of_set:
            table = pd.DataFrame((100 * one.boxes).round(), columns=list("xywh")).astype("Int64")
            place = {"dataset": dataset, "sequence": one.sequence, "frame": np.arange(len(table))}
            boxes.append(pd.DataFrame(place).join(table))
    return pd.concat(curves, ignore_index=True), pd.concat(boxes, ignore_index=True)


def done(out):
    """{(name, fold)} of which OUT has all; empty where there is none."""
    path = Path(out) / "methods.csv"
    return set(pd.read_csv(path)[["tracker", "fold"]].itertuples(index=False, name=None)) if path.is_file() else set()


def keep(out, name, fold, rows, curves, boxes):
    """Add a job's tables to what the folder OUT has. The rows come last: they say that all is there."""
    out = Path(out)
    kept = {}
    if (out / "boxes.zip").is_file():
        with zipfile.ZipFile(out / "boxes.zip") as archive:
            kept = {member: archive.read(member) for member in archive.namelist()}
    kept[f"{name}_fold{fold}.csv"] = boxes.to_csv(index=False, lineterminator="\n").encode()
    with whole_file(out / "boxes.zip") as part, zipfile.ZipFile(part, "w", zipfile.ZIP_LZMA) as archive:
        for member in sorted(kept):
            archive.writestr(zipfile.ZipInfo(member), kept[member], zipfile.ZIP_LZMA)  # no time: the same file again
    for file, table in {"curves.csv": curves.round(4), "methods.csv": rows.round(4)}.items():
        if (out / file).is_file():
            before = pd.read_csv(out / file)
            same = (before["tracker"] == name) & (
                before["fold"] == fold
            )  # left by a run that was killed before its rows
            table = pd.concat([before[~same], table], ignore_index=True)
        order = table["tracker"].map(NAMES.index)
        with whole_file(out / file) as part:
            table.assign(order=order).sort_values(["fold", "order"], kind="stable").drop(columns="order").to_csv(
                part, index=False, lineterminator="\n"
            )


def check(out, settings):
    """Raise ValueError where OUT holds a study with other settings, saying which."""
    card = Path(out) / "methods.json"
    before = json.loads(card.read_text(encoding="utf-8"))["settings"] if card.is_file() else {}
    other = {name: value for name, value in settings.model_dump().items() if before.get(name, value) != value}
    if other:
        words = ", ".join(f"{name} {before[name]} there, {value} now" for name, value in other.items())
        raise ValueError(
            f"{out} holds a study with other settings ({words}): name another folder, or the same settings"
        )


def _one_thread():
    import torch

    limit_threads(1)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def run(settings, out, work, *, processes=1, finished=None):
    """Does all jobs that OUT has not, `processes` at a time, and keeps each as it ends; returns the table of rows.

    finished: called after each. Raises ValueError where OUT holds a study with other settings, and what stopped a job.
    """
    check(out, settings)
    missing = [job for job in jobs(settings) if job not in done(out)]
    # a fresh interpreter each: a forked torch hangs where the parent has used its threads
    with ProcessPoolExecutor(processes, get_context("spawn"), initializer=_one_thread) as pool:
        waiting = {pool.submit(run_job, *job, settings, work): job for job in missing}
        for future in as_completed(waiting):
            keep(out, *waiting[future], *future.result())
            if finished is not None:
                finished()
    return pd.read_csv(Path(out) / "methods.csv")


def main(arguments=None):
    settings, chosen, command = cached.command_line(
        "irtrack_core.experiments.paper_size",
        __doc__.splitlines()[0],
        PaperSizeSettings,
        arguments,
        out="folder of the tables; what it has is not made again",
        work=dict(type=Path, default=Path("results/paper_size"), help="folder of weights, checkpoints and boxes"),
        processes=dict(type=int, default=2, help="jobs at a time, a thread each"),
    )
    made_by, out, total = provenance(), chosen["out"], len(jobs(settings))
    with tqdm(total=total, initial=len(done(out)), desc="jobs") as bar:

        def finished():
            had = {"settings": settings.model_dump(), "jobs": len(done(out)), "of": total}
            cached.write_card(out / "methods.csv", command, made_by, **had)
            bar.update()

        table = run(settings, out, chosen["work"], processes=chosen["processes"], finished=finished)
    print(table.groupby("tracker", sort=False)[MEASURES].mean().round(3).to_string())


if __name__ == "__main__":
    main()
