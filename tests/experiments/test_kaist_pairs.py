"""ref10 with true visible pairs, on files laid out as KAIST's in which only the visible image shows the target."""

import cv2
import numpy as np
import pandas as pd
import pytest
from toys import moving_spot

from irtrack_core.config import TrainingSettings
from irtrack_core.datasets import kaist_files
from irtrack_core.experiments.compared import kaist_pairs

SEQUENCE = moving_spot(14)


def lay_out(root, key, *, visible=14):
    """One video of the moving spot; of its visible images the first `visible`."""
    rng = np.random.default_rng(1)
    folders = {name: root / "images" / key / "V000" / name for name in ("lwir", "visible")}
    notes = root / "annotations" / key / "V000"
    for folder in (*folders.values(), notes):
        folder.mkdir(parents=True)
    for index in range(len(SEQUENCE)):
        noise = np.clip(rng.normal(128, 20, SEQUENCE.shape), 0, 255).astype(np.uint8)
        cv2.imwrite(str(folders["lwir"] / f"I{index:05d}.png"), noise)
        if index < visible:
            shown = np.clip(40 + 200 * SEQUENCE.frames[index], 0, 255).astype(np.uint8)
            cv2.imwrite(str(folders["visible"] / f"I{index:05d}.png"), shown)
        box = " ".join(f"{value:.2f}" for value in SEQUENCE.boxes[index])
        (notes / f"I{index:05d}.txt").write_text(f"% bbGt version=3\nperson {box} 0 0 0 0 0 0 0\n")


@pytest.fixture
def root(tmp_path):
    lay_out(tmp_path, "set00")
    lay_out(tmp_path, "set06")
    return tmp_path


def test_pairs_are_the_two_images_of_one_moment(root):
    ((infrared, both),) = kaist_pairs.paired(root, kaist_pairs.TRAIN)
    assert infrared.frames[3].shape == SEQUENCE.shape and both.frames[3].shape == (*SEQUENCE.shape, 2)
    np.testing.assert_array_equal(both.frames[3][..., 0], infrared.frames[3])
    np.testing.assert_array_equal(both.frames[3][..., 1], kaist_files.pair(infrared)[3])
    np.testing.assert_allclose(both.boxes, SEQUENCE.boxes, atol=0.01)


def test_sequences_without_all_visible_images_are_left_out(root, capsys):
    lay_out(root, "set07", visible=9)
    assert [one.name for one, _ in kaist_pairs.paired(root, kaist_pairs.TEST)] == ["set06_V000-1"]
    with pytest.raises(FileNotFoundError, match="set07 to set07 .* has a visible image for every frame"):
        kaist_pairs.paired(root, ("set07",))
    assert kaist_pairs.main([str(root / "nothing")]) == 1
    assert "error:" in capsys.readouterr().err


def test_the_visible_image_helps_where_it_alone_shows_the_target(root):
    learn, test = (kaist_pairs.paired(root, sets) for sets in (kaist_pairs.TRAIN, kaist_pairs.TEST))
    plan = TrainingSettings(iterations=30, batch=2, lr_first=0.03)
    table = kaist_pairs.compare(learn, test, plan, width=0.0625).set_index("tracker")
    assert list(table.index) == ["ref10", "ref10-visible"] and set(table["sequence"]) == {"set06_V000-1"}
    assert table.loc["ref10-visible", "p5"] > table.loc["ref10", "p5"] + 0.3


def test_command_line(root, capsys):
    out = root / "deep" / "table.csv"
    words = ["--iterations", "2", "--batch", "2", "--width", "0.03125", "--out", str(out)]
    assert kaist_pairs.main([str(root), *words]) == 0
    assert "1 sequences to train, 1 to test" in capsys.readouterr().out
    assert pd.read_csv(out)["tracker"].tolist() == ["ref10", "ref10-visible"]
