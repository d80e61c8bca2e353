"""Experiments 11 and 12 at the paper's own size: `paper` and the rebuilt [8]-[11] at full width, 1000 steps, all five folds.

    python -m irtrack_core.experiments.paper_size --out data/results/paper

The trainings are those of the profile `full` with one seed. After each, the weights track the first frames of the fold's
six test sequences. It takes hours (`benchmarks/training.py` says how many), and may be stopped whenever: a training goes on
from its checkpoint in --work, and what OUT holds is done, whatever commit did it.

OUT/boxes.zip has the raw boxes in whole hundredths of a pixel, OUT/methods.csv a row a tracker and sequence, with the commit
that made it, OUT/methods.json the command. `results` reads the boxes back; every measure follows from them.
"""

import json
import zipfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pandas as pd
from pydantic import Field
from tqdm import tqdm

from irtrack_core import evaluation
from irtrack_core.config import PROFILES, Settings
from irtrack_core.datasets import in_memory
from irtrack_core.experiments import cached, protocol, study
from irtrack_core.provenance import limit_threads, provenance
from irtrack_core.whole_files import whole_file

NAMES = (*protocol.METHODS, *protocol.BASELINES)
MEASURES = ["aor", "auc", "sr50", "sr75", "p3", "p5", "p20", "rmse", "loss_rate", "first_loss"]
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
    """[(name, fold)], fold by fold; within one the trackers without a training come last."""
    return [(name, fold) for fold in range(settings.profile().folds) for name in NAMES]


def sequences_of(fold, settings):
    """The test sequences of a fold, cut to their first frames."""
    whole = protocol.test_folds(settings.profile().replace(folds=fold + 1), settings.seed)[fold][2]
    return [study.head(one, settings.frames) for one in whole]


def run_job(name, fold, settings, work):
    """Train one tracker on one fold, if it learns, and track the fold's test sequences: (rows, boxes), two tables.

    work: folder of weights, checkpoints and boxes; what is there, made by this code, is taken.
    """
    profile, seed, loss = settings.profile(), settings.seed, float("nan")
    if name in protocol.TRAINED:
        from irtrack_core.experiments.compared import train_methods  # loads torch

        options = dict(fold=fold, seed=seed, study_seed=seed, precision=settings.precision, progress=False)
        history = train_methods.learn(name, profile, work, **options)
        loss = history[["classification", "regression"]].tail(LAST).sum(axis=1).mean()
    sequences = [in_memory(one) for one in sequences_of(fold, settings)]
    found = study.track(sequences, [name], work, fold=fold, seed=seed)
    made = {"tracker": name, "fold": fold}
    rows = evaluation.evaluate(found, sequences)[["dataset", "sequence", "annotated", *MEASURES]]
    rows = rows.assign(**made, loss=loss, commit=provenance()["commit"])
    return rows[[*made, "dataset", "sequence", "annotated", *MEASURES, "loss", "commit"]], _in_hundredths(found)


def _in_hundredths(found):
    """Table dataset, sequence, frame, x, y, w, h of results, in whole hundredths of a pixel; empty where no box is told."""
    tables = []
    for one in found:
        table = pd.DataFrame((100 * one.boxes).round(), columns=list("xywh")).astype("Int64")
        place = {"dataset": one.dataset, "sequence": one.sequence, "frame": np.arange(len(table))}
        tables.append(pd.DataFrame(place).join(table))
    return pd.concat(tables, ignore_index=True)


def done(out):
    """{(name, fold)} of which the folder `out` has all; empty where there is none."""
    path = Path(out) / "methods.csv"
    return set(pd.read_csv(path)[["tracker", "fold"]].itertuples(index=False, name=None)) if path.is_file() else set()


def keep(out, name, fold, rows, boxes):
    """Add a job's tables to what the folder `out` has. The rows come last: they say that all is there."""
    out, kept = Path(out), {}
    if (out / "boxes.zip").is_file():
        with zipfile.ZipFile(out / "boxes.zip") as archive:
            kept = {member: archive.read(member) for member in archive.namelist()}
    kept[f"{name}_fold{fold}.csv"] = boxes.to_csv(index=False, lineterminator="\n").encode()
    with whole_file(out / "boxes.zip") as part, zipfile.ZipFile(part, "w") as archive:
        for member in sorted(kept):  # without a time: the same tables give the same file
            archive.writestr(zipfile.ZipInfo(member), kept[member], zipfile.ZIP_LZMA)
    table = rows.round(4)
    if (out / "methods.csv").is_file():
        table = pd.concat([pd.read_csv(out / "methods.csv"), table], ignore_index=True)
    order = table["tracker"].map(NAMES.index)
    table = table.assign(order=order).sort_values(["fold", "order"], kind="stable").drop(columns="order")
    with whole_file(out / "methods.csv") as part:
        table.to_csv(part, index=False, lineterminator="\n")


def card(out):
    """The card of the study in the folder `out`, a dict: command, settings, jobs. FileNotFoundError where there is none."""
    return json.loads((Path(out) / "methods.json").read_text(encoding="utf-8"))


def results(out):
    """(results, sequences): the TrackResults of all that the folder `out` has, and the sequences they are measured on.

    Scores and times are not kept: they are NaN. Raises FileNotFoundError where there is no study.
    """
    settings, there = PaperSizeSettings(**card(out)["settings"]), done(out)
    found = []
    sequences = [one for fold in sorted({fold for _, fold in there}) for one in sequences_of(fold, settings)]
    with zipfile.ZipFile(Path(out) / "boxes.zip") as archive:
        for name, fold in filter(there.__contains__, jobs(settings)):
            table = pd.read_csv(BytesIO(archive.read(f"{name}_fold{fold}.csv")))
            for (dataset, sequence), part in table.groupby(["dataset", "sequence"], sort=False):
                boxes = part[list("xywh")].to_numpy(float) / 100
                known = dict(dataset=dataset, sequence=sequence, tracker=name, frames=len(boxes) - 1)
                lacking = dict(scores=np.full(len(boxes), np.nan), seconds=np.nan)
                found.append(evaluation.TrackResult(boxes=boxes, **known, **lacking))
    return found, sequences


def check(out, settings):
    """Raise ValueError where the folder `out` holds a study with other settings, saying which."""
    before = card(out)["settings"] if (Path(out) / "methods.json").is_file() else {}
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
    """Does all jobs that the folder `out` has not, `processes` at a time, and keeps each as it ends; returns the rows.

    finished: called after each. Raises ValueError where `out` holds a study with other settings, and what stopped a job.
    """
    check(out, settings)
    there = done(out)
    missing = [job for job in jobs(settings) if job not in there]
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
