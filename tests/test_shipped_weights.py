"""What lies in data/weights: small, safe, with a card that says how it was made, and of use."""

import numpy as np
import pytest

from irtrack_core import boxes as bx
from irtrack_core import datasets, trackers
from irtrack_core.trackers.siamese import WEIGHTS
from irtrack_core.weights import load_weights, read_card

FILES = sorted(WEIGHTS.glob("*"))


def test_only_safetensors_are_shipped():
    assert [file.name for file in FILES] == ["compact-sim.safetensors", "compact.safetensors"]
    assert all(file.stat().st_size <= 4 * 2**20 for file in FILES)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_card_says_how(file):
    card = read_card(file)
    assert card["command"].startswith(f"python -m irtrack_core.recipes {file.stem} --iterations ")
    said = {"data", "commit", "training", "scores", "versions", "loss_at_the_end", "calibration", "scored_at"}
    assert said <= set(card)
    assert set(datasets.SIMULATED) <= set(card["scores"])
    assert load_weights(file, "compact").settings.head == "depthwise"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_they_track_a_simulated_aircraft(file):
    sequence = datasets.load("sim-aircraft", frames=20, sequences=3, seed=3)[2]
    tracker = trackers.create("siamese", weights=file)
    tracker.init(sequence.frames[0], sequence.boxes[0])
    found = np.array([tracker.update(sequence.frames[i]) for i in range(1, 20)])
    assert bx.center_error(found, sequence.boxes[1:]).max() < 3
    assert bx.iou(found, sequence.boxes[1:]).mean() > 0.6
