"""Training to convergence: marks, resume, and that both networks learn from the same pairs."""

import json

import numpy as np
import pandas as pd
import pytest
from toys import moving_spot

from irtrack_core.experiments import convergence
from irtrack_core.experiments.compared import train_methods
from irtrack_core.experiments.convergence import ConvergenceSettings

MARKS = convergence.marks
TINY = ConvergenceSettings(width=0.02, iterations=4, batch=2, frames=6)


@pytest.fixture(autouse=True)
def toy_sequences(monkeypatch):
    monkeypatch.setattr(train_methods, "training_sequences", lambda profile, fold, seed: ([moving_spot()], {}))
    monkeypatch.setattr(convergence.protocol, "test_folds", lambda profile, seed: [(0, [], [moving_spot(8)])])
    monkeypatch.setattr(convergence, "marks", lambda iterations: [2, iterations])


def test_both_networks_are_looked_at_at_the_same_marks(tmp_path):
    table = convergence.run(TINY, tmp_path)
    rows = list(table[["schedule", "step", "network"]].itertuples(index=False, name=None))
    assert rows == [(s, k, n) for s in ("paper", "convergence") for k in (2, 4) for n in convergence.NETWORKS]
    assert table["aor"].between(0, 1).all() and table["classification"].gt(0).all()
    assert (table["regression"] > 0).tolist() == (table["network"] == "region selection").tolist()


def test_a_stopped_run_goes_on_where_it_was(tmp_path, monkeypatch):
    whole = convergence.run(TINY, tmp_path / "a")

    def killed(name, mark, network, *rest):
        if (mark, network) == (4, "score map"):
            raise KeyboardInterrupt
        return plain(name, mark, network, *rest)

    plain, seen = convergence.run_mark, []
    monkeypatch.setattr(convergence, "run_mark", killed)
    with pytest.raises(KeyboardInterrupt):
        convergence.run(TINY, tmp_path / "b", reached=lambda table: seen.append(len(table)))
    assert seen == [1, 2, 3]
    monkeypatch.setattr(convergence, "run_mark", plain)
    pd.testing.assert_frame_equal(convergence.run(TINY, tmp_path / "b"), whole)


def test_marks():
    assert MARKS(3000) == [200, 500, 1000, 2000, 3000]
    assert MARKS(200) == [200] and MARKS(7) == [7] and MARKS(5000)[-2:] == [2000, 5000]


def test_the_command_line(tmp_path, capsys):
    words = "--width 0.02 --iterations 3 --batch 2 --frames 6 --out"
    convergence.main([*words.split(), str(tmp_path)])
    table, card = pd.read_csv(tmp_path / "simulated.csv"), json.loads((tmp_path / "simulated.json").read_text())
    assert len(table) == card["marks"] == card["of"] == 8
    assert card["settings"]["iterations"] == 3 and "region selection" in capsys.readouterr().out
    again = tmp_path / "again"
    convergence.main(card["command"].replace(str(tmp_path), str(again)).split()[3:])
    np.testing.assert_array_equal(pd.read_csv(again / "simulated.csv").aor, table.aor)
