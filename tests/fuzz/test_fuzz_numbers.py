"""Filter, boxes, settings and the words of the command line: what goes in wrong is told, what comes out is a number."""

import contextlib
import io

import media
import numpy as np
import pytest
from fuzzing import cases
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from irtrack_core import boxes as bx
from irtrack_core import config, filtering, metrics
from irtrack_core.cli.main import main
from irtrack_core.filtering.candidates import propose

KINDS = st.sampled_from(("uint8", "uint16", "float32"))


@st.composite
def images(draw):
    """(H, W) of uint8, uint16 or float32, down to one pixel; some with NaN, strided or read-only."""
    kind, shape = draw(KINDS), draw(st.tuples(st.integers(1, 24), st.integers(1, 24)))
    limits = {"uint8": (0, 255), "uint16": (0, 65535)}
    elements = st.integers(*limits[kind]) if kind in limits else st.floats(-1e6, 1e6, width=32)
    image = draw(hnp.arrays(kind, shape, elements=elements, fill=elements))
    if kind == "float32" and draw(st.sampled_from((False, False, True))):
        image[draw(st.integers(0, shape[0] - 1)), draw(st.integers(0, shape[1] - 1))] = draw(
            st.sampled_from((np.nan, np.inf, -np.inf))
        )
    if draw(st.booleans()):
        image = np.repeat(image, 2, axis=0)[::2]
    image.flags.writeable = draw(st.booleans())
    return image


@cases(200)
@given(
    images(), st.integers(-1, 25), st.integers(0, 9), st.integers(-1, 7), st.sampled_from(("bright", "dark", "both"))
)
def test_the_filter_keeps_its_promises_or_says_what_is_wrong(image, length, angles, side, polarity):
    before = image.copy()
    try:
        elements, square = filtering.line_elements(length, angles), filtering.rectangle(side, side)
        background, residual, filtered = filtering.multilevel_filter(image, elements, square, polarity=polarity)
    except (ValueError, TypeError) as error:
        assert str(error)
        well = length >= 1 and length % 2 and angles >= 1 and side >= 1 and side % 2 and np.isfinite(image).all()
        assert not well or max(length, side) > min(image.shape), error
        return
    np.testing.assert_array_equal(image, before)
    for part in (background, residual, filtered):
        assert part.shape == image.shape and part.dtype == image.dtype and np.isfinite(part).all()
    assert (residual >= 0).all() and (filtered >= 0).all() and (filtered <= residual).all()
    if polarity == "bright":
        assert (background <= image).all()
        np.testing.assert_array_equal(residual, image - background)


@cases(100)
@given(images())
def test_candidates_of_any_image(image):
    try:
        boxes, strengths = propose(image)
    except (ValueError, TypeError) as error:
        assert str(error) and not np.isfinite(image).all() or min(image.shape) < 3, error
        return
    assert len(boxes) == len(strengths) and np.isfinite(boxes).all() and np.isfinite(strengths).all()
    for box in boxes:
        bx.check_box(box, image.shape)


NUMBER = st.one_of(st.floats(-50, 50), st.floats(), st.sampled_from((0.0, float("nan"), 1e-300, 1e154)))
BOX = st.lists(NUMBER, min_size=4, max_size=4)
PLAIN = st.builds(lambda x, y, w, h: [x, y, w, h], *[st.floats(-50, 50)] * 2, *[st.floats(1e-3, 90)] * 2)


@cases(150)
@given(st.lists(st.tuples(st.one_of(PLAIN, BOX), st.one_of(PLAIN, BOX)), min_size=1, max_size=5), PLAIN, PLAIN)
def test_boxes_and_their_measures(pairs, one, two):
    overlap = float(bx.iou(one, two))
    assert 0 <= overlap <= 1 + 1e-12 and overlap == float(bx.iou(two, one)) and float(bx.iou(one, one)) > 1 - 1e-6
    np.testing.assert_allclose(bx.from_xyxy(bx.to_xyxy(one)), one, atol=1e-9)
    np.testing.assert_allclose(bx.from_centers(bx.centers(one), np.array(one[2:])), one, atol=1e-9)
    for box in (one, *(box for pair in pairs for box in pair)):
        try:
            kept = bx.check_box(box, (40, 40))
        except ValueError as error:
            assert "box" in str(error)
        else:
            assert np.isfinite(kept).all() and (kept[2:] > 0).all()
    found, truth = (np.array([pair[k] for pair in pairs]) for k in (0, 1))
    good = np.isfinite(np.concatenate([found, truth])).all() and np.abs(np.concatenate([found, truth])).max() < 1e6
    with np.errstate(all="ignore"):
        for measure in (metrics.aor, metrics.success_rate, metrics.precision, metrics.loss_rate):
            try:
                value = measure(found, truth)
            except ValueError as error:
                assert str(error)
            else:
                assert (
                    not good or not (truth[:, 2:] > 0).all() or not (found[:, 2:] > 0).all() or 0 <= value <= 1 + 1e-9
                )


SETTINGS = [value for value in vars(config).values() if isinstance(value, type) and issubclass(value, config.Settings)]
VALUE = st.one_of(
    st.integers(-3, 300),
    st.floats(),
    st.booleans(),
    st.none(),
    st.text(max_size=4),
    st.lists(st.integers(0, 9), max_size=3),
)


@cases(200)
@given(st.sampled_from(SETTINGS), st.data())
def test_settings_are_right_or_refused_by_name(kind, data):
    names = st.sampled_from([*kind.model_fields, "lenght"])
    changes = data.draw(st.dictionaries(names, VALUE, max_size=3))
    try:
        made = kind(**changes)
    except ValueError as error:
        assert kind.__name__ in str(error)
        return
    assert "lenght" not in changes
    again = kind(**made.model_dump())
    assert {name: repr(value) for name, value in again} == {name: repr(value) for name, value in made}
    with pytest.raises(ValueError):
        made.profile_of_nobody = 1


WORDS = (
    "track check fetch images film.npy gone.mp4 flat --box --box=27,17,7,7 27,17,7,7 -3,5,8,8 1,2,3 nan,1,2,3 --pick 1 9 -1 "
    "--list --start 0 2 99 --tracker peak identity magic mil --weights --backend opencv --precision int8 --csv b.csv "
    "gone/b.csv --out o.avi o.gif folder sim-aircraft svanstrom --quick --option frames=2 sequences=1 x=[1 --to . "
    "--checksum abc -h --help --version -- '' ☃"
).split()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder, frames = tmp_path_factory.mktemp("words"), media.clip(3)
    frames[:, 20:24, 30:34] = 200
    media.write_images(folder / "images", frames)
    media.write_images(folder / "flat", np.full((2, 48, 64), 7, np.uint8))
    np.save(folder / "film.npy", frames)
    return folder


@cases(200)
@given(st.sampled_from(("track", "check", "fetch", "")), st.lists(st.sampled_from(WORDS), max_size=7))
def test_any_words_end_with_an_exit_code_and_a_reason(place, monkeypatch, first, words):
    monkeypatch.chdir(place)
    monkeypatch.delenv("IRTRACK_DATA", raising=False)
    words = [word for word in [first, *words] if word]
    if "fetch" in words and "svanstrom" in words:
        return  # it would go and fetch it
    if "check" in words and "sim-aircraft" in words and "--quick" not in words:
        return  # making and reading its 400 frames takes as long as a case may
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        try:
            code = main(words)
        except SystemExit as end:
            code = end.code
    assert code in (0, 1, 2) and "Traceback" not in errors.getvalue()
    assert code != 2 or "error: " in errors.getvalue()
