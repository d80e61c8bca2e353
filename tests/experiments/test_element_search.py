"""element_search.py on frames made so that the best elements are known, and kept away from frames it must not see."""

import numpy as np
import pytest

from irtrack_core.datasets import Sequence
from irtrack_core.datasets.frames import FunctionFrames
from irtrack_core.experiments import element_search as es
from irtrack_core.filtering.elements import line_elements, rectangle, shape_element

FAMILIES = {
    "2 lines of 3": line_elements(3, 2),
    "1 line of 7": line_elements(7, 1),
    "2 lines of 7": line_elements(7, 2),
    "4 lines of 7": line_elements(7, 4),
    "2 lines of 21": line_elements(21, 2),
    "square of 7": [shape_element("square", 7)],
}
SIDES = ((1, 1), (1, 3), (3, 1), (3, 3), (7, 7))
# Wires three pixels wide and 13 long, level and upright, brighter than the target of 5 x 5: a line of 3 fits under the
# target, one of 21 not under the wires, one direction not under the other's wires, the square under none. Scratches of
# 1 x 4 and 4 x 1, brighter still, stay under no line of 7: only a square of 3 takes both away, one of 7 takes the target.
BEST = "2 lines of 7, s = 3 x 3"


def scene(seed, name="known", frames=2, negative=False):
    rng = np.random.default_rng(seed)
    images, boxes = np.full((frames, 96, 96), 10, np.uint8), []
    for image in images:
        image += rng.integers(0, 4, image.shape).astype(np.uint8)
        places = rng.permutation([(row, column) for row in range(6, 80, 16) for column in range(6, 80, 16)])
        for row, column in places[1:15]:
            height, width, value = [(3, 13, 150), (13, 3, 150), (1, 4, 200), (4, 1, 200)][rng.integers(4)]
            image[row : row + height, column : column + width] = value
        y, x = places[0] + 4
        image[y : y + 5, x : x + 5] = 100
        boxes.append([x, y, 5, 5])
    return Sequence(
        name=f"{name}-{seed}",
        dataset=name,
        frames=255 - images if negative else images,
        boxes=np.array(boxes, float),
    )


@pytest.mark.parametrize("criterion", ["pd", "snr"])
def test_the_known_best_is_found(criterion):
    found = es.search([scene(i) for i in range(6)], FAMILIES, SIDES, criterion=criterion)
    assert str(found) == BEST
    assert len(found.ranking) == len(FAMILIES) * len(SIDES)
    np.testing.assert_array_equal(found.rectangle, rectangle(3, 3))
    assert all(np.array_equal(a, b) for a, b in zip(found.elements, line_elements(7, 2), strict=True))
    best = found.ranking.iloc[0]
    assert best["pd"] == 1 and best["retention"] > 0.9
    # each wrong choice fails for the reason it was made to
    ranked = found.ranking.set_index(["family", "rectangle"])
    for pair in [("2 lines of 3", "3 x 3"), ("2 lines of 7", "7 x 7")]:
        assert ranked.loc[pair, "retention"] < 0.1
    for pair in [
        ("1 line of 7", "3 x 3"),
        ("2 lines of 21", "3 x 3"),
        ("2 lines of 7", "1 x 1"),
        ("2 lines of 7", "1 x 3"),
    ]:
        assert ranked.loc[pair, "pd"] < 1 and ranked.loc[pair, "retention"] > 0.9


def test_dark_targets():
    bright, dark = ([scene(i, negative=negative) for i in range(4)] for negative in (False, True))
    found = es.search(dark, FAMILIES, SIDES, polarity="dark")
    assert str(found) == BEST
    expected = es.search(bright, FAMILIES, SIDES).ranking.set_index(["family", "rectangle"])
    for name in ("pd", "log_pfa", "retention"):
        values = found.ranking.set_index(["family", "rectangle"])[name]
        assert values.to_dict() == pytest.approx(expected[name].to_dict())


def test_the_guard_of_the_snr_criterion():
    """A rectangle that leaves a sliver of the target in an empty image has a high SNR: it must not win."""
    table = es.measure([scene(0)], FAMILIES, SIDES)
    table["snr"] = np.where(table["rectangle"] == "7 x 7", 1e6, table["snr"])
    table["retention"] = np.where(table["rectangle"] == "7 x 7", 0.49, table["retention"])
    assert es.choose(table, FAMILIES, criterion="snr").rectangle.shape != (7, 7)
    table["retention"] = np.where(table["rectangle"] == "7 x 7", 0.51, table["retention"])
    assert es.choose(table, FAMILIES, criterion="snr").rectangle.shape == (7, 7)


def test_a_long_sequence_counts_no_more_than_a_short_one():
    rows = [
        {"family": family, "rectangle": "1 x 1", "dataset": "d", "sequence": sequence, "frame": frame}
        | {
            "pixels": 1,
            "retention": 1.0,
            "snr": 2.0,
            "pfa_frame": 1e-3 if family == better else 0.5,
            "pfa_frame_least": 1e-3,
        }
        for sequence, frames, better in (("long", 10, "a"), ("short", 1, "b"), ("other", 1, "b"))
        for frame in range(frames)
        for family in "ab"
    ]
    ranked = es.ranking(es.pd.DataFrame(rows)).set_index("family")
    assert ranked.loc["b", "pd"] == pytest.approx(2 / 3) and ranked.loc["a", "pd"] == pytest.approx(1 / 3)


def test_a_fold_is_judged_by_elements_chosen_without_it():
    """What stands in a test fold's frames does not change what is chosen for it, only how well that does there."""
    sequences = [scene(i) for i in range(6)]
    before = es.cross_validate(sequences, FAMILIES, SIDES, k=3)
    chosen = before[before["by"] == "search"]
    assert (chosen["elements"] == BEST).all() and (chosen["pd"] == 1).all() and len(chosen) == 6
    fold = chosen.loc[chosen["fold"] == 0, "sequence"].tolist()
    spoilt = []
    for one in sequences:
        frames = np.random.default_rng(9).integers(0, 256, (len(one), 96, 96)).astype(np.uint8)
        other = Sequence(name=one.name, dataset=one.dataset, frames=frames, boxes=one.boxes)
        spoilt.append(other if one.name in fold else one)
    after = es.cross_validate(spoilt, FAMILIES, SIDES, k=3)
    after = after[after["by"] == "search"].set_index("sequence")
    assert (after.loc[fold, "elements"] == BEST).all()
    assert (after.loc[fold, "pd"] < 1).any()


def noted(sequence, seen):
    """The sequence, which notes in the list `seen` that it is read."""

    def frame(i):
        seen.append(sequence.name)
        return sequence.frames[i]

    frames = FunctionFrames(len(sequence), sequence.frames[0].shape, np.uint8, frame)
    return Sequence(name=sequence.name, dataset=sequence.dataset, frames=frames, boxes=sequence.boxes)


def test_cross_validation_is_search_and_measure():
    """The same numbers by hand: search on the training sequences, measure on the test sequences."""
    sequences = [scene(i) for i in range(4)]
    table = es.cross_validate(sequences, FAMILIES, SIDES, k=2, seed=3, count=2).set_index(["sequence", "by"])
    for train, test in es.folds(sequences, k=2, seed=3):
        seen = []
        found = es.search([noted(one, seen) for one in train], FAMILIES, SIDES, count=2)
        assert set(seen) == {one.name for one in train}
        for one in test:
            rows = es.measure([one], {"found": found.elements}, [found.rectangle.shape], count=2)
            assert table.loc[(one.name, "search"), "pd"] == np.mean(rows["pfa_frame"] <= es.PFA)
            assert table.loc[(one.name, "best here"), "pd"] >= table.loc[(one.name, "search"), "pd"]


def test_candidates_are_usable_and_named():
    families = es.candidates(lengths=(7, 15), angles=(1, 4), shapes=("disc",), sizes=(9,))
    assert list(families) == ["1 line of 7", "4 lines of 7", "1 line of 15", "4 lines of 15", "disc of 9"]
    assert [len(elements) for elements in families.values()] == [1, 4, 1, 4, 1]


def test_bad_searches():
    sequences = [scene(0)]
    with pytest.raises(ValueError, match="criterion"):
        es.search(sequences, FAMILIES, criterion="db")
    for arguments in (([], FAMILIES, SIDES), (sequences, {}, SIDES), (sequences, FAMILIES, [])):
        with pytest.raises(ValueError, match="at least one"):
            es.measure(*arguments)
    with pytest.raises(ValueError, match="folds"):
        es.cross_validate(sequences, FAMILIES, SIDES, k=2)
    with pytest.raises(ValueError, match="odd"):
        es.measure(sequences, FAMILIES, [(2, 2)])
