import shutil

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from irtrack_core import workbook
from irtrack_core.experiments import protocol, report
from irtrack_core.experiments.compared import notes, who_is_who
from irtrack_core.filtering import baselines


@pytest.fixture
def book(tmp_path, monkeypatch):
    monkeypatch.setenv("IRTRACK_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("IRTRACK_FIGURES", str(tmp_path / "figures"))
    return workbook.start("20_report")


def test_every_row_says_why():
    table = report.comparison([("Fig. 4", "above 0.9", "0.62", "other images")])
    assert report.markdown(table).splitlines() == [
        "| what | paper | ours | why they differ |",
        "|---|---|---|---|",
        "| Fig. 4 | above 0.9 | 0.62 | other images |",
    ]
    with pytest.raises(ValueError, match="why they differ"):
        report.comparison([("Fig. 4", "above 0.9", "0.62", " ")])


def test_long_cells_stay_whole():
    long = "word " * 60
    assert long in report.markdown(pd.DataFrame({"a": [long], "b": ["x|y"]}))


def test_mean_text_takes_exactly_one_row():
    rows = [("all", "peak", 30, 0.615, 0.3, 0.8), ("a", "peak", 30, 0.1, 0, 1), ("all", "paper", 30, 0.9, 0, 1)]
    table = pd.DataFrame(rows, columns=["dataset", "tracker", "recordings", "mean", "low", "high"]).assign(
        kind="interval"
    )
    assert report.mean_text(table, "peak", scale=100, digits=1) == "61.5 (30.0 to 80.0, n = 30)"
    few = table.assign(kind="range", recordings=6)
    assert report.mean_text(few, "peak") == "0.61 (range 0.30 to 0.80, n = 6)"
    with pytest.raises(ValueError, match="neither n nor the kind"):
        report.mean_text(table.drop(columns="kind"), "peak")
    with pytest.raises(ValueError, match="0 rows for siamese"):
        report.mean_text(table, "siamese")


def test_figures_are_listed_with_their_origin(book):
    assert report.figures_table(book).empty
    with pytest.raises(FileNotFoundError, match="20_report"):
        report.picture(book, "20_report", "one")
    figure, _ = plt.subplots()
    book.save_figure(figure, "one")
    plt.close(figure)
    (row,) = report.figures_table(book).itertuples(index=False)
    assert row.figure == "20_report__one.png" and "profile=quick, seed=0" in row.parameters
    assert report.picture(book, "20_report", "one").data
    full = workbook.start("20_report", profile="full")
    with pytest.raises(FileNotFoundError, match="profile = 'full'"):
        report.picture(full, "20_report", "one")
    for name in ("20_report__one.png", "manifest.json"):  # as if those of another profile had been copied there
        shutil.copy(book.figures / name, full.figures)
    with pytest.raises(ValueError, match="made with profile 'quick'"):
        report.picture(full, "20_report", "one")


def test_every_cited_method_has_its_row():
    every = [*who_is_who.DETECTORS, *who_is_who.TRACKERS]
    numbers = sorted(int(one.cited[1 : one.cited.index("]")]) for one in every)
    assert numbers == [2, 3, 4, 5, 7, *range(8, 17)]
    named = [name for one in every for name in one.names]
    assert len(named) == len(set(named)) and set(baselines.cited.ASSUMPTIONS) <= {*named, "edges"}
    tracked = {*protocol.STUDIED, "ref4"} - {"paper", "paper-image", protocol.BOTH}
    assert {name for one in who_is_who.TRACKERS for name in one.names} == tracked
    assert set(notes.ASSUMPTIONS) == {f"ref{one.cited[1 : one.cited.index(']')]}" for one in who_is_who.TRACKERS}


def test_rows_of_claims_take_the_numbers_that_are_there():
    rows = who_is_who.rows(who_is_who.TRACKERS, {"ref12": "0.73", "ref12-filtered": "0.75", "ref8-filtered": "0.6"})
    table = report.comparison(rows, report.CITED).set_index("cited")["what ours does"]
    of = {name[: name.index("]") + 1]: value for name, value in table.items()}
    assert of["[12]"] == "ref12 0.73; ref12-filtered 0.75" and of["[8]"] == "ref8-filtered 0.6"
    assert of["[3]"] == of["[16]"] == "-"
