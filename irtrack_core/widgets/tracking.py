"""Demos of notebook 06: a tracked sequence to play, and a target of the reader's own to pick and follow."""

from functools import cache, partial
from itertools import islice

import ipywidgets
import numpy as np
from ipyevents import Event

from irtrack_core import trackers
from irtrack_core.boxes import from_centers
from irtrack_core.cli.track import first_frame, track
from irtrack_core.figures import tracking as figures
from irtrack_core.filtering.candidates import propose, propose_at
from irtrack_core.widgets.base import WHOLE, Pen, demo, impossible, live, recording, slider
from irtrack_core.widgets.recorded import spread

PICKS, FOLLOWED = 3, 40  # targets and frames that are recorded
HINT = "Click on the target: on the left to take what stands out there, on the right to move the box to that point."


def scrub(sequence, boxes, *, side=96):
    """Demo of notebook 06: any frame of a sequence with every tracker's box, whole and near the target; it can be played.

    sequence: a Sequence; boxes: tracker -> (N, 4), as `TrackResult.boxes`. In batch: a figure of the middle frame.
    """

    def draw(frame):
        row = {name: path[frame] for name, path in boxes.items()}
        title = f"{sequence.name}, frame {frame}"
        return figures.whole_and_near(sequence.frames[frame], row, truth=sequence.boxes[frame], title=title, side=side)

    return _played(draw, len(sequence))


def _played(draw, count):
    """A demo that plays draw(frame) -> figure, or shows one frame."""
    last = count - 1
    frame = slider(last // 2, 0, last, "frame")
    shown = demo(draw, {"frame": spread(count, 40)}, plays="frame", frame=frame)
    if not live():
        return shown
    # a picture takes the kernel about a third of a second; the slider moves in the browser and does not wait for it
    play = ipywidgets.Play(value=frame.value, max=last, interval=400, show_repeat=True)
    ipywidgets.jslink((play, "value"), (frame, "value"))
    box = ipywidgets.VBox([play, shown])
    box.add_class("irtrack-play")
    return box


def pick_and_track(frames, *, tracker="siamese", start=0, most=500, name="your video"):
    """Demo of notebook 06: pick a target with a click, with sliders or among the filter's candidates, then track it.

    A click in the whole frame takes the box of what stands out there, or else moves the present box there; a click in the
    enlarged part moves the box.
    frames: lazy frames, as `datasets.open_frames.open_frames` gives them; tracker: its name. At most `most` frames are
    tracked, from frame `start` on. In batch: a figure of that frame's candidates; where demos are recorded, the first few
    tracked.
    Raises ValueError where there is no frame `start`.
    """
    first = trackers.to_gray(first_frame(frames, start))
    boxes, strengths = propose(first)
    if not len(boxes):  # nothing stands out: begin in the middle
        height, width = first.shape
        boxes, strengths = np.array([[width / 2 - 5, height / 2 - 5, 10.0, 10.0]]), np.zeros(1)
    draw = partial(figures.preview, first, boxes=boxes, strengths=strengths)
    follow, count = partial(_Track, frames, tracker, start, name), min(most, len(frames) - start)
    if recording():
        return _picks(follow, tracker, start, min(count, FOLLOWED), draw, boxes[:PICKS])
    if not live():
        return demo(draw, box=ipywidgets.fixed(boxes[0]))
    picker = _Picker(partial(follow, count), count, first, boxes, draw)
    picker.box.picker = picker  # keeps the picker alive as long as the box
    return picker.box


class _Track:
    """A target tracked through at most `count` frames from `start` on; watch(step) is called after each.

    boxes, scores, lost: of each frame; bad: number of unreadable frames.
    """

    def __init__(self, frames, tracker, start, name, count, box, watch=lambda step: None):
        self.frames, self.tracker, self.start, self.name = frames, tracker, start, name
        one, steps = trackers.create(tracker), []
        for _, frame, found, score, problem in islice(track(one, frames, box, start), count):
            lost = frame is not None and bool(getattr(one, "lost", False))
            steps.append((found, float(score), lost, bool(problem)))
            watch(len(steps) - 1)
        self.boxes, self.scores, self.lost, bad = zip(*steps)
        self.bad = sum(bad)

    def draw(self, frame):
        """The figure of a frame, counted from `start`."""
        picture, lost = self.frames[self.start + frame], ", lost" if self.lost[frame] else ""
        title = f"{self.name}, frame {self.start + frame}, score {self.scores[frame]:.2f}{lost}"
        return figures.whole_and_near(picture, {self.tracker: self.boxes[frame]}, title=title)


def _picks(follow, tracker, start, count, preview, boxes):
    """The recorded demo: the first candidates, each tracked for `count` frames; the first frame shows all candidates."""
    tracked = cache(lambda rank: follow(count, boxes[rank]))

    def draw(rank, frame):
        return preview(boxes[rank]) if frame == start else tracked(rank).draw(frame - start)

    ranks = [(f"candidate {rank + 1}", rank) for rank in range(len(boxes))]
    return demo(
        draw,
        {"rank": list(range(len(boxes))), "frame": [start + step for step in spread(count, 12)]},
        plays="frame",
        note=f"Here {tracker} tracks the filter's first candidates; in the notebook you click on a target of your own.",
        rank=ipywidgets.Dropdown(options=ranks, description="target"),
        frame=slider(start, start, start + count - 1, "frame"),
    )


class _Picker:
    """The live controls of `pick_and_track`: a menu of candidates, sliders, a picture to click on, a button, the result."""

    def __init__(self, follow, count, first, boxes, draw):
        self.follow, self.first, self.boxes, self.draw, self.moving = follow, first, boxes, draw, False
        self.pen = Pen()
        ranks = [(f"candidate {rank}", rank) for rank in range(1, len(boxes) + 1)]
        self.choice = ipywidgets.Dropdown(options=[*ranks, ("by click or sliders", 0)], description="target")
        # a target may cross the border of the frame
        limits = dict(zip("xywh", first.shape[::-1] * 2))
        lows = {"x": -limits["x"] / 4, "y": -limits["y"] / 4, "w": 1, "h": 1}
        self.sliders = {side: slider(1.0, lows[side], limits[side], f"{side}, px", step=0.5) for side in "xywh"}
        self.picture = ipywidgets.Image(format="png")
        self.clicks = Event(source=self.picture, watched_events=["click"])
        self.button = ipywidgets.Button(description="Track it", button_style="primary")
        self.bar = ipywidgets.IntProgress(
            max=max(count - 1, 1), layout={"visibility": "hidden", "width": "30em", "max_width": WHOLE}
        )
        self.text, self.result = ipywidgets.HTML(), ipywidgets.VBox([])
        for control in (self.choice, *self.sliders.values()):
            control.style.description_width, control.layout.width, control.layout.max_width = "9em", "30em", WHOLE
        self.choice.observe(self._chosen, names="value")
        for control in self.sliders.values():
            control.observe(self._moved, names="value")
        self.clicks.on_dom_event(self._clicked)
        self.button.on_click(self._track)
        self._put(boxes[0])
        row = ipywidgets.HBox([self.button, self.bar])
        parts = [self.choice, *self.sliders.values(), ipywidgets.HTML(HINT), self.picture, row, self.text, self.result]
        self.box = ipywidgets.VBox(parts)
        self.box.add_class("irtrack-pick")

    @property
    def chosen(self):
        """The box xywh of the sliders."""
        return np.array([control.value for control in self.sliders.values()])

    def _put(self, box):
        """Set the four sliders, and draw once."""
        self.moving = True
        for control, value in zip(self.sliders.values(), box):
            control.value = round(float(value), 1)
        self.moving = False
        self._redraw()

    def _redraw(self):
        def draw():
            self.figure = self.draw(self.chosen)
            return self.figure

        self.picture.value = self.pen.png(draw)

    def _chosen(self, change):
        if change.new:
            self._put(self.boxes[change.new - 1])

    def _moved(self, _):
        if not self.moving:
            self.choice.value = 0
            self._redraw()

    def _clicked(self, event):
        across, down = event["relativeX"] / event["boundingRectWidth"], event["relativeY"] / event["boundingRectHeight"]
        found = figures.pointed_at(self.figure, across, down)
        if found is None:
            return
        axes, *point = found
        box = propose_at(self.first, point) if axes is self.figure.axes[0] else None
        if box is None:
            box = from_centers(np.array(point), self.chosen[2:])
        self.choice.value = 0
        self._put(box)

    def _track(self, _):
        self.button.disabled, self.bar.layout.visibility, self.text.value = True, "visible", ""
        try:
            done = self.follow(self.chosen, partial(setattr, self.bar, "value"))
        except (ValueError, TypeError, OSError) as error:
            self.text.value = impossible(error)
            return
        finally:
            self.button.disabled, self.bar.layout.visibility = False, "hidden"
        count = len(done.boxes)
        self.text.value = f"{count} frames followed, {done.bad} of them unreadable; target lost in {sum(done.lost)}"
        self.result.children = [_played(done.draw, count)]
