import itertools
import json

import numpy as np
import pandas as pd
import pytest
from toys import moving_spot

from irtrack_core import config
from irtrack_core.experiments import ablation
from irtrack_core.experiments.ablation import CELLS, FACTORS, AblationSettings
from irtrack_core.trackers.pyramid import PyramidTracker
from irtrack_core.training.loop import new_net

TINY = AblationSettings(preset="compact", width=0.1, iterations=3, batch=2, frames=6)


def made_up(worlds=("simulated",), sequences=7, seeds=3, noise=0.0, rng=None):
    """A table whose effects are known: filter +0.1, fusion 0, region -0.2, and filter × region +0.06."""
    rows = []
    for world, k, seed, cell in itertools.product(worlds, range(sequences), range(seeds), CELLS):
        on = [2 * cell[name] - 1 for name in FACTORS]
        value = 0.5 + 0.03 * k + 0.05 * on[0] - 0.1 * on[2] + 0.015 * on[0] * on[2]
        value += noise * rng.standard_normal() if noise else 0
        rows.append(
            {"world": world, "dataset": "d", "sequence": f"s{k}", "seed": seed, "fold": 0, **cell, "aor": value}
        )
    return pd.DataFrame(rows).sample(frac=1, random_state=0)  # the order of rows must not matter


def test_effects_of_a_table_whose_effects_are_known():
    found = ablation.effects(made_up(), np.random.default_rng(0)).set_index("effect")
    expected = {"filter": 0.1, "fusion": 0, "region": -0.2, "filter × fusion": 0, "filter × region": 0.06}
    for name, value in (expected | {"fusion × region": 0}).items():
        row = found.loc[name]
        # every sequence shows the same change, however different the sequences are: pairing removes all of that
        np.testing.assert_allclose([row.change, row.low, row.high, row.seed_low, row.seed_high], value, atol=1e-12)
    assert (found.sequences == 7).all() and (found.seeds == 3).all()
    assert (found.recordings == 7).all() and (found.kind == "range").all() and not found.clear.any()


def test_one_training_that_failed_is_no_effect_of_a_part():
    table = made_up(sequences=12, noise=0.01, rng=np.random.default_rng(0))
    found = ablation.effects(table, np.random.default_rng(0)).set_index("effect")
    assert found.loc["region", "clear"] and not found.loc["fusion", "clear"]
    failed = (table["seed"] == 2) & table["fusion"] & ~table["filter"] & table["region"]
    row = ablation.effects(table.assign(aor=table["aor"].where(~failed, 0)), np.random.default_rng(0)).iloc[1]
    # in every recording it is the same training that lowers the mean of the cells with fusion
    assert row["effect"] == "fusion" and row["high"] < 0 and not row["clear"] and row["seed_high"] > 0


def test_clips_of_one_recording_count_as_one():
    table = made_up(sequences=12, noise=0.1, rng=np.random.default_rng(0))
    whole, rng = table.assign(recording=table["sequence"]), np.random.default_rng(0)
    cut = table.assign(recording=table["sequence"].where(table["sequence"] > "s3", "cut"))  # s0 to s3, s10, s11
    found = ablation.effects(cut, rng).set_index("effect")
    assert found.loc["filter", "recordings"] == 7 and found.loc["filter", "sequences"] == 12
    assert found.loc["filter", "kind"] == "range"
    assert ablation.effects(whole, rng).set_index("effect").loc["filter", "kind"] == "interval"
    by_hand = cut.groupby(["recording", "filter"])["aor"].mean().unstack()
    assert found.loc["filter", "change"] == pytest.approx((by_hand[True] - by_hand[False]).mean())


def test_verdicts_need_an_interval_without_0():
    table = pd.DataFrame({"world": "w", "effect": FACTORS, "change": [0.1, 0.1, -0.2], "low": [0.05, -0.1, -0.3]})
    table = table.assign(high=[0.2, 0.3, -0.1], kind="interval", recordings=12, clear=[True, False, True])
    lines = ablation.verdicts(table)
    assert [line.split(" the mean")[0] for line in lines] == [
        "w: filter raises", "w: fusion is not shown to change", "w: region lowers",
    ]  # fmt: skip


def test_intervals_hold_the_true_effect_about_as_often_as_they_say():
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(60):
        found = ablation.effects(made_up(sequences=12, noise=0.1, rng=rng), rng).set_index("effect")
        hits += found.loc["filter"].low <= 0.1 <= found.loc["filter"].high
    assert hits >= 50


def test_cell_means_are_plain_means():
    table = made_up()
    found = ablation.cell_means(table, np.random.default_rng(0)).set_index("cell")
    by_hand = table[table["filter"] & ~table["fusion"] & table["region"]]["aor"].mean()
    assert found.loc["filter+region", "mean"] == pytest.approx(by_hand)
    assert found.loc["nothing", "low"] < found.loc["nothing", "mean"] < found.loc["nothing", "high"]
    assert len(found) == 8


def test_only_what_all_cells_have_counts():
    table = made_up()
    whole = ablation.effects(table[table["seed"] < 2], np.random.default_rng(0))
    lacking = table[~((table["seed"] == 2) & table["filter"] & table["fusion"])]
    pd.testing.assert_frame_equal(ablation.effects(lacking, np.random.default_rng(0)), whole)
    with pytest.raises(ValueError, match="let the study run on"):
        ablation.effects(table[table["filter"]], np.random.default_rng(0))


def test_cells_differ_in_what_they_say():
    for cell in CELLS:
        settings = ablation.network_of(cell, AblationSettings())
        assert settings.inputs == (("filtered",) if cell["filter"] else ("image",))
        assert (settings.fusion, settings.region) == (cell["fusion"], cell["region"])
        tracker = ablation.tracker_of(cell, new_net(settings))
        assert isinstance(tracker, PyramidTracker) != cell["region"]
        assert tracker.settings.candidates == 0


def test_folds_share_no_sequence():
    learn, test = ablation.sequences_of(AblationSettings(frames=2), 0)
    assert len(learn) == 24 and len(test) == 6
    assert not {(s.dataset, s.name) for s in learn} & {(s.dataset, s.name) for s in test}


def test_a_stopped_study_goes_on_where_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr(ablation, "sequences_of", lambda settings, fold: ([moving_spot()], [moving_spot(8)]))
    whole = ablation.run(TINY, tmp_path / "a")
    assert len(whole) == 8 and (whole["world"] == "simulated").all() and whole["aor"].between(0, 1).all()

    def stop(jobs):
        for count, job in enumerate(jobs):
            if count == 3:
                raise KeyboardInterrupt
            yield job

    with pytest.raises(KeyboardInterrupt):
        ablation.run(TINY, tmp_path / "b", progress=stop)
    assert len(list((tmp_path / "b").glob("*.csv"))) == 3
    plain, trained = ablation.run_cell, []
    monkeypatch.setattr(ablation, "run_cell", lambda cell, *a, **k: trained.append(cell) or plain(cell, *a, **k))
    resumed = ablation.run(TINY, tmp_path / "b")
    assert trained == CELLS[3:]
    timed = ["training_s", "fps"]
    alone = plain(CELLS[5], TINY, 0, 0, [moving_spot()], [moving_spot(8)])  # the study's cells share their crops
    pd.testing.assert_frame_equal(alone.drop(columns=timed), whole[5:6].reset_index(drop=True).drop(columns=timed))
    pd.testing.assert_frame_equal(resumed.drop(columns=timed), whole.drop(columns=timed))
    trained.clear()
    ablation.run(TINY.replace(iterations=4), tmp_path / "b")
    assert trained == CELLS  # other settings: nothing of the old study is taken for the new
    assert not list((tmp_path / "b").glob("*.safetensors"))


def test_profiles():
    assert AblationSettings.of(config.profile("quick")) == AblationSettings()
    medium = AblationSettings.of(config.profile("medium"))
    assert (medium.width, medium.iterations, medium.folds, medium.seeds, medium.batch) == (0.125, 200, 5, 2, 8)
    full = AblationSettings.of(config.profile("full"), world="real")
    assert (full.width, full.iterations, full.folds, full.seeds, full.world) == (1.0, 1000, 5, 3, "real")


def test_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(ablation, "sequences_of", lambda settings, fold: ([moving_spot()], [moving_spot(8)]))
    words = "simulated --preset compact --width 0.1 --iterations 2 --batch 2 --seeds 2 --out"
    ablation.main([*words.split(), str(tmp_path)])
    assert len(pd.read_csv(tmp_path / "simulated.csv")) == 16
    assert "filter × fusion" in capsys.readouterr().out
    card = json.loads((tmp_path / "simulated.json").read_text())
    assert card["settings"]["iterations"] == 2 and "torch" in card["versions"] and "commit" in card
    again = tmp_path / "again"
    words = card["command"].replace(str(tmp_path), str(again)).split()
    ablation.main(words[3:])  # the command in the card is the command
    timed = ["training_s", "fps"]
    one, two = (pd.read_csv(folder / "simulated.csv").drop(columns=timed) for folder in (tmp_path, again))
    pd.testing.assert_frame_equal(one, two)


def test_one_cell_alone(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(ablation, "sequences_of", lambda settings, fold: ([moving_spot()], [moving_spot(8)]))
    words = "simulated --only filter+region --preset compact --width 0.1 --iterations 2 --batch 2 --out"
    ablation.main([*words.split(), str(tmp_path)])
    table = pd.read_csv(tmp_path / "simulated.csv")
    assert table[list(FACTORS)].to_numpy().tolist() == [[True, False, True]]
    assert "aor" in capsys.readouterr().out
    assert "--only filter+region" in json.loads((tmp_path / "simulated.json").read_text())["command"]


def test_real_world_needs_data(monkeypatch):
    monkeypatch.delenv("IRTRACK_DATA", raising=False)
    with pytest.raises(FileNotFoundError, match="IRTRACK_DATA"):
        ablation.sequences_of(AblationSettings(world="real"), 0)


def test_real_world(realdata):
    if not (realdata / "svanstrom_ir").is_dir():
        pytest.skip("IRTRACK_DATA holds no svanstrom_ir")
    learn, test = ablation.sequences_of(AblationSettings(world="real", real_train=2, frames=3), 0)
    assert len(learn) == 2 and len(test) > 20 and all(len(one) <= 3 for one in test)
    assert not {s.name for s in learn} & {s.name for s in test}
