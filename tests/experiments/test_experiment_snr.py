"""Notebook 10's tables, computed again from its raw CSV files by code that shares nothing with the package."""

import csv
import math
import statistics
from collections import defaultdict

import numpy as np
import pytest
from kernels import ipython_folder
from scipy.stats import beta

from irtrack_core import datasets, evaluation
from irtrack_core.workbook.__main__ import main

PFA = 1e-2
# its tables are looked at, and half of its time would go into figures
UNDRAWN = """
c.InlineBackend.figure_formats = set()
c.InteractiveShellApp.exec_lines = [
    "import matplotlib.figure",
    "matplotlib.figure.Figure.savefig = lambda *_, **options: None",
    "del matplotlib",
]
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory, root):
    """The results folder of a small run of the notebook: two sequences a set, four scenes a point."""
    folder = tmp_path_factory.mktemp("snr")
    patch = pytest.MonkeyPatch()
    patch.setenv("IRTRACK_RESULTS", str(folder / "results"))
    patch.setenv("IRTRACK_FIGURES", str(folder / "figures"))
    patch.setenv("IPYTHONDIR", ipython_folder(folder, UNDRAWN))
    patch.delenv("IRTRACK_DATA", raising=False)
    small = ["-p", "sequences_each", "2", "-p", "repeats", "4"]
    notebook = root / "notebooks/10_experiment_snr.ipynb"
    try:
        assert main(["run", str(notebook), str(folder / "out.ipynb"), *small]) == 0
    finally:
        patch.undo()
    return folder / "results/quick"


def read(results, name=""):
    with open(results / f"10_experiment_snr{'__' if name else ''}{name}.csv", newline="") as file:
        return list(csv.DictReader(file))


def grouped(rows, *keys):
    groups = defaultdict(list)
    for row in rows:
        groups[tuple(row[key] for key in keys)].append(row)
    return groups


def told(rows):
    """The rows of the sets that have enough background for the Pfa: two sequences of pedestrians, large ones, have not."""
    kept = [row for row in rows if row["pd_one"]]
    assert {row["dataset"] for row in kept} == {"sim-aircraft", "sim-otcbvs"}
    return kept


def numbers(rows, name):
    return [float(row[name]) for row in rows]


def test_variants_are_medians_of_the_frames(results):
    raw = grouped(read(results, "frames"), "dataset", "sequence", "filter", "variant")
    table = grouped(read(results, "variants"), "dataset", "sequence", "filter", "variant")
    assert raw.keys() == table.keys() and len(raw) == 6 * (19 + 15)  # all but none, ipi, pstnn and edges have two
    for key, rows in raw.items():
        (row,) = table[key]
        for name in ("snr_literal", "snr", "db", "scrg", "bsf", "retention", "zero_share", "pfa_frame", "pfa_one"):
            assert float(row[name]) == pytest.approx(statistics.median(numbers(rows, name)), nan_ok=True)
        for by in ("frame", "one"):
            told = max(numbers(rows, f"pfa_{by}_least")) <= PFA
            share = sum(x <= PFA for x in numbers(rows, f"pfa_{by}")) / len(rows) if told else math.nan
            assert float(row[f"pd_{by}"] or "nan") == pytest.approx(share, nan_ok=True)


def test_the_choice_never_saw_the_test_sequences(results):
    sequences = [one for name in datasets.SIMULATED for one in datasets.load(name, frames=40, sequences=2)]
    variants = grouped(read(results, "variants"), "filter", "sequence")
    table = grouped(read(results), "filter", "sequence")
    assert len(table) == 19 * 6
    for train, test in evaluation.folds(sequences, k=5, seed=0):
        for name in {key[0] for key in table}:
            scores = defaultdict(list)
            for one in train:
                for row in variants[name, one.name]:
                    scores[row["variant"]].append(math.log10(float(row["pfa_frame"])))
            best = min(scores, key=lambda variant: np.mean(scores[variant]))
            for one in test:
                (row,) = table[name, one.name]
                assert row["variant"] == best


def test_shares_are_means_and_four_of_them_have_no_interval(results):
    rows, shares = told(read(results)), {(row["dataset"], row["filter"]): row for row in read(results, "pd")}
    for (name,), part in grouped(rows, "filter").items():
        row, values = shares["all", name], numbers(part, "pd_one")
        assert float(row["mean"]) == pytest.approx(sum(values) / len(values)) and int(row["recordings"]) == 4
        hits, limits = round(sum(values)), (min(values), max(values))
        exact = set(values) <= {0, 1}  # Clopper and Pearson's limits, by the beta distribution
        if exact:
            low = beta.ppf(0.025, hits, 5 - hits) if hits else 0
            limits = low, beta.ppf(0.975, hits + 1, 4 - hits) if hits < 4 else 1
        assert row["kind"] == ("exact" if exact else "range")
        assert (float(row["low"]), float(row["high"])) == pytest.approx(limits)


def test_differences_are_paired(results):
    found = {(row["filter"], row["dataset"], row["sequence"]): float(row["pd_one"]) for row in told(read(results))}
    keys = sorted({key[1:] for key in found})
    rows = read(results, "differences")
    assert {row["dataset"] for row in rows} == {"all", *(key[0] for key in keys)} and len(rows) == 3 * (2 + 16)
    for row in rows:
        a, b = row["Pd"].split(" - ")
        gaps = [found[a, *key] - found[b, *key] for key in keys if row["dataset"] in ("all", key[0])]
        assert float(row["difference"]) == pytest.approx(sum(gaps) / len(gaps))
        assert float(row["low"]) <= float(row["difference"]) <= float(row["high"])
        assert row["kind"] in ("range", "exact") and row["clear"] == "False"  # two or four sequences


def test_measures_agree_with_each_other(results):
    """Columns of one raw row that follow from others: dB from SNR; the ratio of two literal SNRs of the image itself."""
    for row in read(results, "frames"):
        snr = float(row["snr"])
        expected = 20 * math.log10(snr) if snr > 0 else -math.inf
        assert float(row["db"]) == pytest.approx(expected)
        assert all(
            0 < float(row[f"pfa_{by}_least"]) <= float(row[f"pfa_{by}"]) * (1 + 1e-9) <= 1.01 for by in ("frame", "one")
        )
        assert 0 <= float(row["zero_share"]) <= 1
        if row["filter"] == "none":
            assert float(row["retention"]) == 1
            assert float(row["scrg"]) == pytest.approx(1) and float(row["bsf"]) == pytest.approx(1)


def test_games_change_no_rank(results):
    for rows in grouped(read(results, "gamed"), "dataset", "sequence", "frame").values():
        assert len({row["pfa_frame"] for row in rows}) == 1 and len(rows) == 5 + 4


def test_maps_are_complete(results):
    for name, cells in (("grid", 36), ("grid_spikes", 36), ("sweep_spikes", 30)):
        rows = read(results, name)
        keys = ("filter", "size", "value" if name == "sweep_spikes" else "snr_in")
        groups = grouped(rows, *keys)
        assert len(groups) == cells * len({row["filter"] for row in rows})
        assert all(len(part) == 4 for part in groups.values())
