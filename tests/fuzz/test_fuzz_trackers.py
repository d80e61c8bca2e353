"""Trackers under any order of calls with any frames and boxes: documented errors, finite boxes, nothing shared or lost."""

import copy

import numpy as np
from fuzzing import cases
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from irtrack_core import trackers
from irtrack_core.boxes import check_box

SHAPES = ((48, 64), (48, 64), (48, 64), (31, 17), (1, 40), (3, 3))
KINDS = ("uint8", "uint16", "float32", "float64", "int32", "bool")
TARGETS = ("plain", "plain", "flat", "noise")


def picture(shape, kind, look, seed):
    """A frame of any type: a spot on noise, nothing at all, or noise alone."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]]
    spot = 120 * np.exp(-((x - shape[1] / 2 - seed % 5) ** 2 + (y - shape[0] / 2) ** 2) / 5) * (look == "plain")
    return (60 + spot + rng.normal(0, 4, shape) * (look != "flat")).astype(kind)


@st.composite
def frames(draw):
    """(array, whether a tracker has to take it): type, size, channels, memory layout and content vary."""
    shape, kind = draw(st.sampled_from(SHAPES)), draw(st.sampled_from(KINDS[:3] * 4 + KINDS[3:]))
    frame = picture(shape, kind, draw(st.sampled_from(TARGETS)), draw(st.integers(0, 999)))
    good = kind in KINDS[:3]
    channels = draw(st.sampled_from((0, 0, 0, 0, 1, 3, 2, 4)))
    if channels:
        frame, good = np.stack([frame] * channels, axis=2), good and channels in (1, 3)
    spoil = draw(st.sampled_from((None, None, None, None, "nan", "inf", "huge", "all", "empty")))
    if spoil == "empty":
        frame, good = frame[:0], False
    elif spoil and frame.dtype.kind == "f":
        place = (slice(None),) if spoil == "all" else tuple(draw(st.integers(0, side - 1)) for side in shape)
        value = {"inf": np.inf, "huge": draw(st.sampled_from((3.4e38, -3.4e38, 1e30)))}.get(spoil, np.nan)
        frame[place], good = value, None  # None: it depends on where the tracker looks
    layout = draw(st.sampled_from(("plain", "fortran", "strided", "reversed", "read-only", "list")))
    if layout == "fortran":
        frame = np.asfortranarray(frame)
    elif layout == "strided":
        frame = np.repeat(frame, 2, axis=1)[:, ::2]
    elif layout == "reversed":
        frame = frame[::-1].copy()[::-1]
    elif layout == "list" and frame.size < 100:
        return frame.tolist(), False  # a list of numbers is int64 or float64
    frame.flags.writeable = layout != "read-only"
    return frame, good


numbers = st.one_of(
    st.floats(-5, 70), st.sampled_from((0.0, -1.0, 1e-9, 1e9, 1e300, float("nan"), float("inf"), 24.0, 32.0, 8.0))
)
boxes = st.one_of(
    st.builds(
        lambda x, y, w, h: [x, y, w, h], st.floats(0, 50), st.floats(0, 40), st.floats(0.5, 12), st.floats(0.5, 12)
    ),
    st.lists(numbers, min_size=4, max_size=4),
    st.lists(numbers, max_size=5),
)


class Following(RuleBasedStateMachine):
    """One tracker, told to start and to go on in any order."""

    @initialize(name=st.sampled_from(("siamese", "motion", "peak", "peak-blur", "identity")))
    def make(self, name):
        self.tracker, self.shape = trackers.create(name), None

    def call(self, function, frame, *more):
        """(what it returns, the error): the frame is never changed, an error leaves the tracker as it was."""
        before = np.array(frame, copy=True)
        try:
            found = function(frame, *more), None
        except (ValueError, TypeError) as error:
            assert str(error), repr(error)
            found = None, error
        except RuntimeError as error:
            assert self.shape is None and "call init(frame, box) first" in str(error)
            found = None, error
        np.testing.assert_array_equal(np.asarray(frame), before)
        return found

    @rule(drawn=frames(), box=boxes)
    def start(self, drawn, box):
        frame, good = drawn
        known = copy.copy(self.tracker)
        given = np.array(box, dtype=float)
        _, error = self.call(self.tracker.init, frame, given)
        np.testing.assert_array_equal(given, np.array(box, dtype=float))
        if error is not None:
            assert not good or not usable(given, frame.shape), error
            self.tracker.after_error = known
            self.same_as(known)
        else:
            assert good is not False
            self.shape, self.tracker.after_error = frame.shape[:2], None
            assert self.tracker.score == 1.0

    @rule(drawn=frames())
    def go_on(self, drawn):
        frame, good = drawn
        known = copy.copy(self.tracker)
        box, error = self.call(self.tracker.update, frame)
        if error is not None:
            fits = self.shape is not None and np.shape(frame)[:2] == self.shape
            assert not (good and fits), error
            self.same_as(known)
            return
        assert box.shape == (4,) and box.dtype == np.float64 and np.isfinite(box).all() and (box[2:] > 0).all()
        assert 0 <= self.tracker.score <= 1
        kept = copy.copy(self.tracker)
        box[:] = np.nan  # it is the caller's own
        self.same_as(kept)

    def same_as(self, other):
        """Both go on in the same way."""
        if self.shape is not None:
            frame = picture(self.shape, "uint8", "plain", 3)
            one, two = copy.copy(self.tracker), copy.copy(other)
            np.testing.assert_array_equal(one.update(frame), two.update(frame))


def usable(box, shape):
    try:
        check_box(box, shape)
    except ValueError:
        return False
    return True


Following.TestCase.settings = cases(250, stateful_step_count=5)
TestFollowing = Following.TestCase
