"""Options of the readers that cannot be meant are one clear error, from the library and from the command line."""

import media
import pytest

from irtrack_core.cli.main import main
from irtrack_core.datasets import load

BAD = [
    ("folder", "size", (6, 6), r"size is a number above 0; got \(6, 6\)"),
    ("folder", "size", "a", "size is a number above 0; got 'a'"),
    ("folder", "size", float("nan"), "size is a number above 0; got nan"),
    ("folder", "size", True, "size is a number above 0; got True"),
    ("folder", "size", -3, "size is a number above 0; got -3"),
    ("folder", "fps", 0, "fps is a number above 0; got 0"),
    ("folder", "fps", float("inf"), "fps is a number above 0; got inf"),
    ("folder", "first_frame", 1.5, r"first_frame is a whole number, 0 or more; got 1\.5"),
    ("folder", "first_frame", None, "first_frame is a whole number, 0 or more; got None"),
    ("folder", "boxes", 3, "boxes is a path; got 3"),
    ("otb", "first_pixel", "one", "first_pixel is a number; got 'one'"),
    ("coco", "track", [1], r"track is a name or number; got \[1\]"),
    ("coco", "labels", {"a": 1}, "labels is a name or number, or a list of them; got"),
    ("anti-uav", "modality", ["infrared"], "modality is a word; got"),
    ("kaist", "min_length", "ten", "min_length is a whole number"),
]


@pytest.mark.parametrize(("name", "option", "value", "message"), BAD, ids=[f"{one[1]}-{one[2]}" for one in BAD])
def test_a_value_that_cannot_be_meant_is_named(tmp_path, name, option, value, message):
    with pytest.raises(ValueError, match=message):
        load(name, tmp_path, **{option: value})


@pytest.mark.parametrize(("option", "value"), [("frames", "x"), ("frames", 2.5), ("seed", -1), ("sequences", None)])
def test_simulated_sets_too(option, value):
    with pytest.raises(ValueError, match=f"{option} is a whole number, 0 or more; got {value!r}"):
        load("sim-aircraft", **{option: value})


def test_one_event_alone_is_no_list_of_letters():
    assert [one.name for one in load("sim-events", events="leave", frames=60)] == ["sim-events-leave"]


def test_on_the_command_line_it_is_one_line(tmp_path, capsys):
    folder = media.write_images(tmp_path / "a", media.clip(3))
    (folder / "boxes.csv").write_text("frame,x,y\n0,3,4\n1,3,4\n2,3,4\n")
    assert main(["check", "folder", str(folder), "--option", "size=(6,6)"]) == 2
    assert capsys.readouterr().err.strip() == "irtrack: error: size is a number above 0; got (6, 6)"
    assert main(["check", "folder", str(folder), "--option", "size=6"]) == 0
