"""What is shipped as weights: small, safe, with a card that says how it was made, and of use."""

import numpy as np
import pytest
from toys import spot

from irtrack_core import boxes as bx
from irtrack_core import datasets, trackers
from irtrack_core.network.weights import GRAPHS, SHIPPED, load_weights, read_card

FILES = sorted(SHIPPED.glob("*.safetensors"))


def test_only_safetensors_and_their_graphs_are_shipped():
    assert [file.stem for file in FILES] == ["compact-sim", "compact", "motion"]
    graphs = {f"{file.stem}{ending}" for file in FILES for ending in GRAPHS.values()}
    assert {file.name for file in SHIPPED.iterdir()} == {file.name for file in FILES} | graphs
    for one in FILES:  # with its graphs
        assert sum(file.stat().st_size for file in SHIPPED.glob(f"{one.stem}.*")) <= 2 * 2**20


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_card_says_how(file):
    card = read_card(file)
    assert card["command"].startswith(f"python -m irtrack_core.experiments.recipes {file.stem} --iterations ")
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


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@pytest.mark.parametrize("factor", [2.2, 1 / 2.2])
def test_a_target_that_comes_nearer_or_goes_away_keeps_its_box(file, factor):
    """A spot in a sky grows to more than twice its size in 120 frames, or shrinks as much."""
    rng = np.random.default_rng(0)
    sigmas = (2.5 if factor > 1 else 5.5) * factor ** np.linspace(0, 1, 120)
    frames = [
        100 + 80 * spot((160, 200), (60 + 0.5 * k, 80), s) + rng.normal(0, 2, (160, 200)) for k, s in enumerate(sigmas)
    ]
    tracker = trackers.create("siamese", weights=file)
    side = 4 * sigmas[0]
    tracker.init(frames[0].astype(np.uint8), [60 - side / 2, 80 - side / 2, side, side])
    for frame in frames[1:]:
        tracker.update(frame.astype(np.uint8))
    # as the net tells sizes, more than 0.55 would be left of ln 2.2 = 0.79.
    # `motion` leaves up to 0.54, by the seed of the noise
    assert abs(np.log(tracker.side / (4 * sigmas[-1]))) < 0.55
