"""The table of events: who is on the target, and who finds it again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from irtrack_core.datasets import ArrayFrames, Sequence
from irtrack_core.evaluation import TrackResult
from irtrack_core.experiments import event_table

AT, OFF, NONE = [20.0, 20, 6, 6], [60.0, 20, 6, 6], [np.nan] * 4


def rows(text):
    """x: on the target's place, o: elsewhere, .: nothing."""
    return np.array([{"x": AT, "o": OFF, ".": NONE}[letter] for letter in text])


@pytest.mark.parametrize(
    "boxes, truth, expected",
    [
        ("xxxxxxxx", "xxxxxxxx", (0, 0)),
        ("xxooooox", "xxxxxxxx", (1, 0)),  # 5 frames off, 4 are allowed
        ("xxooooxx", "xxxxxxxx", (1, 0)),
        ("xxoooxxx", "xxxxxxxx", (1, 1)),
        ("xxoooo", "xxxxxx", (1, 0)),  # the end comes first
        ("xxxoooxx", "xx...xxx", (1, 1)),  # back in frame 5, found in frame 6
        ("xxxoxxxx", "xx...xxx", (1, 1)),  # there when it comes back
        ("xxo.oooooo", "xx...xxxxx", (1, 0)),  # never again: one time, and only once
        ("xxox.oxx", "xxxxxxxx", (2, 2)),
    ],
)
def test_known_cases(boxes, truth, expected):
    assert event_table.found_again(rows(boxes), rows(truth), within=4) == expected


@given(st.text("xo.", min_size=1, max_size=40), st.data())
def test_as_counted_frame_by_frame(boxes, data):
    truth = data.draw(st.text("x.", min_size=len(boxes), max_size=len(boxes)))
    times, found = 0, 0
    for i in range(1, len(boxes)):
        on = [a == b == "x" for a, b in zip(boxes, truth)]
        if truth[i] == "x" and (truth[i - 1] == "." or (on[i - 1] and not on[i])):
            times, found = times + 1, found + any(on[i : i + 5])
    assert event_table.found_again(rows(boxes), rows(truth), within=5) == (times, found)


def test_near_is_five_pixels_or_half_the_longer_side():
    small, large = np.array([[0.0, 0, 6, 4]] * 2), np.array([[0.0, 0, 30, 4]] * 2)
    assert event_table.on_target(small + [[5, 0, 0, 0], [5.1, 0, 0, 0]], small).tolist() == [True, False]
    assert event_table.on_target(large + [[0, 15, 0, 0], [0, 15.1, 0, 0]], large).tolist() == [True, False]


def test_table_and_its_reading():
    truth = rows("xx..xx")
    one = Sequence("sim-events-leave", "sim-events", ArrayFrames(np.zeros((6, 40, 80), np.uint8)), truth)
    results = [
        TrackResult(one.name, one.dataset, name, rows(text), np.ones(6), 1.0, 5)
        for name, text in (("good", "xxxxxx"), ("bad", "xxoooo"))
    ]
    table = event_table.event_table(results, [one])
    assert table.to_dict("records") == [
        {"event": "leave", "tracker": "good", "p5": 1, "aor": 1, "times": 1, "found": 1},
        {"event": "leave", "tracker": "bad", "p5": 1 / 3, "aor": 1 / 3, "times": 1, "found": 0},
    ]
    shown = event_table.side_by_side(table)
    assert shown.loc["leave", ("good", "found again")] == "1 of 1" and shown.loc["leave", ("bad", "P@5")] == 0.33
    assert [tracker for tracker, _ in shown.columns[::3]] == ["good", "bad"]
