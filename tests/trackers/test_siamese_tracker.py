import numpy as np
import pytest
from toys import moving_spot, spot

from irtrack_core import boxes as bx
from irtrack_core import trackers
from irtrack_core.config import TrackerSettings, TrainingSettings, network_preset
from irtrack_core.datasets import Sequence
from irtrack_core.network.crops import strongest, tiles
from irtrack_core.network.weights import save_weights
from irtrack_core.trackers import redetection, select_proposal
from irtrack_core.trackers.base import GrayView, to_gray
from irtrack_core.trackers.camera_motion import CameraMotion
from irtrack_core.trackers.places import Surroundings
from irtrack_core.trackers.select_proposal import Observation, best_proposal, log_odds, most_probable, vote
from irtrack_core.trackers.siamese import SiameseTracker
from irtrack_core.training.loop import new_net, train
from irtrack_core.training.sampling import PairSampler


@pytest.fixture(scope="module")
def net():
    """A small network that has learnt one thing: to follow a bright spot.

    Of six seeds all learn it so; at larger rates or in smaller batches a processor that rounds otherwise may undo it.
    """
    settings = network_preset("compact", width=0.5)
    net = new_net(settings)
    sampler = PairSampler([moving_spot(30)], settings, 13, loose=False)
    train(net, sampler, TrainingSettings(iterations=150, batch=8, lr_first=0.01), progress=False)
    return net


def follow(tracker, sequence):
    tracker.init(sequence.frames[0], sequence.boxes[0])
    return np.array([tracker.update(sequence.frames[i]) for i in range(1, len(sequence))])


def test_it_follows_a_moving_spot(net):
    sequence = moving_spot(20, noise=0.02)
    tracker = SiameseTracker(net)
    predicted = follow(tracker, sequence)
    assert bx.iou(predicted, sequence.boxes[1:]).mean() > 0.6
    assert bx.center_error(predicted, sequence.boxes[1:]).max() < 3
    assert tracker.score > 0.5
    # the target moved farther than the box is wide: standing still would have lost it
    assert bx.iou(sequence.boxes[0], sequence.boxes[-1]) == 0


def test_every_dtype_gives_nearly_the_same_boxes(net):
    sequence = moving_spot(6, noise=0.02)
    scaled = np.clip(40 + 150 * np.asarray([sequence.frames[i] for i in range(6)]), 0, 255).round()
    paths = []
    for dtype in (np.uint8, np.uint16, np.float32):
        tracker = SiameseTracker(net)
        tracker.init(scaled[0].astype(dtype), sequence.boxes[0])
        paths.append(np.array([tracker.update(frame.astype(dtype)) for frame in scaled[1:]]))
    np.testing.assert_allclose(paths[1], paths[0], atol=1e-3)
    np.testing.assert_allclose(paths[2], paths[0], atol=1e-3)


def test_init_forgets_the_target_before(net):
    sequence = moving_spot(5)
    tracker = SiameseTracker(net)
    first = follow(tracker, sequence)
    np.testing.assert_array_equal(follow(tracker, sequence), first)
    np.testing.assert_array_equal(follow(SiameseTracker(net), sequence), first)


@pytest.mark.parametrize("box", [[-3, -3, 8, 8], [115, 95, 8, 8], [60, 50, 1, 1], [0, 0, 120, 100]])
def test_border_tiny_and_whole_frame_boxes(net, box):
    tracker = SiameseTracker(net)
    tracker.init(moving_spot(1).frames[0], box)
    for _ in range(3):
        predicted = tracker.update(moving_spot(1).frames[0])
        assert np.isfinite(predicted).all()
        assert (predicted[2:] >= 1).all()
        bx.check_box(predicted, (100, 120))
        assert 0 <= tracker.score <= 1


def test_a_blank_frame_is_survived(net):
    tracker = SiameseTracker(net)
    tracker.init(moving_spot(1).frames[0], [36, 46, 8, 8])
    assert np.isfinite(tracker.update(np.zeros((100, 120), np.float32))).all()


def test_unusable_input(net):
    tracker = SiameseTracker(net)
    frame = moving_spot(1).frames[0]
    with pytest.raises(ValueError, match="empty"):
        tracker.init(frame, [3, 3, 0, 4])
    with pytest.raises(ValueError, match="NaN"):
        tracker.init(np.full_like(frame, np.nan), [36, 46, 8, 8])
    with pytest.raises(TypeError, match="float64"):
        tracker.init(frame.astype(np.float64), [36, 46, 8, 8])
    tracker.init(frame, [36, 46, 8, 8])
    with pytest.raises(ValueError, match="init again"):
        tracker.update(frame[:50])


def test_colour_gives_the_boxes_of_grey_and_only_the_window_is_converted(net, monkeypatch):
    rng, windows, cut = np.random.default_rng(0), [], GrayView.__getitem__
    frames = [rng.integers(0, 255, (900, 1100, 3)).astype(np.uint8) for _ in range(3)]
    grey, runs = [to_gray(frame) for frame in frames], []
    monkeypatch.setattr(GrayView, "__getitem__", lambda self, w: windows.append(cut(self, w)) or windows[-1])
    for shown in (frames, grey):
        tracker = SiameseTracker(net, settings=TrackerSettings(candidates=0))
        tracker.init(shown[0], [200, 200, 9, 9])
        runs.append([tracker.update(frame) for frame in shown[1:]])
    np.testing.assert_array_equal(*runs)
    assert windows and max(window.size for window in windows) < 900 * 1100 / 4


def test_nan_counts_where_the_tracker_looks(net):
    """A float frame is not read as a whole: no work of a frame grows with its size."""
    frame = np.zeros((400, 400), np.float32)
    frame[:100, :120] = moving_spot(1).frames[0]
    tracker = SiameseTracker(net)
    tracker.init(frame, moving_spot(1).boxes[0])
    expected = tracker.update(frame)
    far, near = frame.copy(), frame.copy()
    far[390, 390] = near[52, 42] = np.nan
    tracker.init(frame, moving_spot(1).boxes[0])
    np.testing.assert_array_equal(tracker.update(far), expected)
    with pytest.raises(ValueError, match="NaN"):
        tracker.update(near)


def test_a_checkpoint_of_another_preset_is_refused(net, tmp_path):
    path = tmp_path / "w.safetensors"
    save_weights(net, path)
    assert trackers.create("siamese", weights=path).name == "siamese"
    with pytest.raises(ValueError, match="'compact', not 'paper'"):
        trackers.create("paper", weights=path)


def test_the_card_says_how_to_calibrate_unless_the_caller_does(net, tmp_path):
    path = tmp_path / "net.safetensors"
    save_weights(net, path, {"calibration": {"gain": 0.5, "offset": -1.0, "size": [0.4, 0.1]}})
    tracker = SiameseTracker.from_weights(path)
    assert (tracker.calibration, tracker.size_line) == ((0.5, -1.0), (0.4, 0.1))
    tracker = SiameseTracker.from_weights(path, size_line=(1.0, 0.0))
    assert (tracker.calibration, tracker.size_line) == ((0.5, -1.0), (1.0, 0.0))
    tracker = SiameseTracker.from_weights(path, calibration=(2.0, 0.5))
    assert (tracker.calibration, tracker.size_line) == ((2.0, 0.5), (0.4, 0.1))


def test_best_proposal_equals_the_loop():
    rng = np.random.default_rng(0)
    scores, window = rng.random((2, 3, 3)), rng.random((3, 3))
    proposals = np.concatenate([rng.normal(0, 9, (2, 3, 3, 2)), rng.uniform(4, 30, (2, 3, 3, 2))], axis=-1)
    settings = TrackerSettings(window_influence=0.4, penalty=0.3)
    best, penalised = best_proposal(scores, proposals, (10.0, 14.0), window, settings)
    for a, i, j in np.ndindex(2, 3, 3):
        w, h = proposals[a, i, j, 2:]
        size, ratio = np.sqrt(w * h / 140.0), (w / h) / (10 / 14)
        change = max(size, 1 / size) * max(ratio, 1 / ratio)
        expected = 0.6 * scores[a, i, j] * np.exp(-0.3 * (change - 1)) + 0.4 * window[i, j]
        assert penalised[a, i, j] == pytest.approx(expected)
    assert penalised.flat[best] == penalised.max()


def test_proposals_without_height_are_all_improbable():
    # a drawn frame made the net say so; the change of size is then 1e5 times the target's
    proposals = np.zeros((1, 3, 3, 4))
    proposals[..., 2:] = 1.6, 1e-9
    odds = log_odds(np.full((1, 3, 3), 0.05), proposals, (1.6, 1.6), 0.1)
    best, share, probability = most_probable(odds, proposals, (1.6, 1.6), np.full((3, 3), 1e-5), 1e-4)
    assert 0 <= best < 9 and share == pytest.approx(0, abs=1e-12) and np.isfinite(probability).all()


def test_the_most_probable_proposal_equals_the_loop(monkeypatch):
    rng = np.random.default_rng(0)
    scores, wide = rng.random((2, 3, 3)), rng.random((3, 3)) / 500
    proposals = np.concatenate([rng.normal(0, 9, (2, 3, 3, 2)), rng.uniform(4, 30, (2, 3, 3, 2))], axis=-1)
    for name, value in dict(GATE=0.5, UNEXPECTED=0.2, TEMPERATURE=1 / 0.7).items():
        monkeypatch.setattr(select_proposal, name, value)
    odds = log_odds(scores, proposals, (10.0, 14.0), 0.3)
    best, share, probability = most_probable(odds, proposals, (10.0, 14.0), wide, 3.0)
    variance, evidence = 9 + 0.25 * 140, {}
    for a, i, j in np.ndindex(2, 3, 3):
        x, y, w, h = proposals[a, i, j]
        size, ratio = np.sqrt(w * h / 140.0), (w / h) / (10 / 14)
        change = max(size, 1 / size) * max(ratio, 1 / ratio)
        near = np.exp(-(x * x + y * y) / (2 * variance)) / (2 * np.pi * variance)
        odds = scores[a, i, j] / (1 - scores[a, i, j])
        evidence[a, i, j] = odds**0.7 * (0.8 * near + 0.2 * wide[i, j]) * np.exp(-0.3 * (change - 1))
    total = sum(evidence.values()) + wide.mean()
    for where, value in evidence.items():
        assert probability[where] == pytest.approx(value / total)
    first = max(evidence, key=evidence.get)
    assert np.unravel_index(best, scores.shape) == first
    x, y, w, h = proposals[first]
    mine = [
        value
        for where, value in evidence.items()
        if max(abs(proposals[where][0] - x), abs(proposals[where][1] - y)) < max(w, h) / 2
    ]
    assert share == pytest.approx(sum(mine) / total)


@pytest.mark.parametrize("std", [0.5, 20.0])
def test_what_is_expected_decides_between_equals(std):
    """Two look-alikes: the one that is where the target should be; a far better score elsewhere is believed all the same."""
    wide = np.full((1, 2), 1 / 2704)
    proposals = np.array([[2.0, 1, 16, 16], [25, 0, 16, 16]]).reshape(1, 1, 2, 4)

    def likely(*scores):
        odds = log_odds(np.array(scores).reshape(1, 1, 2), proposals, (16.0, 16.0), 0.1)
        return most_probable(odds, proposals, (16.0, 16.0), wide, std)

    assert likely(0.9, 0.9)[0] == 0
    assert likely(0.9, 0.95)[0] == 0
    assert likely(0.05, 0.9999)[0] == 1
    assert likely(0.9, 0.9)[1] < likely(0.9, 0.05)[1] <= 1


def test_the_paper_topology_tracks_too():
    """An untrained net of the preset `paper`: five fixed anchors, filtered input, 640 x 480."""
    settings = network_preset("paper", width=0.03125)
    tracker = SiameseTracker(new_net(settings), name="paper")
    frame = np.zeros((480, 640), np.uint8)
    frame[200:206, 300:306] = 200
    tracker.init(frame, [299, 199, 8, 8])
    assert tracker.anchors.shape == (5, 17, 17, 4)
    assert np.isfinite(tracker.update(frame)).all()


def jumping_spot(before=6, after=14):
    """A spot that stands still and then is somewhere else, far outside the search window."""
    rng = np.random.default_rng(1)
    centers = [(30.0, 30.0)] * before + [(150.0, 120.0)] * after
    frames = np.stack([spot((160, 200), center) for center in centers])
    frames += rng.normal(0, 0.01, frames.shape).astype(np.float32)
    return frames, bx.from_centers(centers, np.array([8.0, 8.0]))


def test_a_target_that_jumps_away_is_found_again(net):
    frames, truth = jumping_spot()

    def follow(**changes):
        tracker = SiameseTracker(net, settings=TrackerSettings(**changes))
        tracker.init(frames[0], truth[0])
        return tracker, np.array([tracker.update(frame) for frame in frames[1:]])

    tracker, predicted = follow()
    assert bx.iou(predicted[-1], truth[-1]) > 0.5
    assert tracker.missed == 0
    _, without = follow(candidates=0)
    assert bx.iou(without[-1], truth[-1]) == 0


@pytest.mark.parametrize("rows, columns", [(150, 5), (5, 190), (slice(140, 160), slice(0, 12))])
def test_nan_somewhere_else_does_not_end_the_search(net, rows, columns):
    frames, truth = jumping_spot()
    frames[:, rows, columns] = np.nan
    tracker = SiameseTracker(net)
    tracker.init(frames[0], truth[0])
    predicted = np.array([tracker.update(frame) for frame in frames[1:]])
    assert bx.iou(predicted[-1], truth[-1]) > 0.5


def test_before_init_there_is_nothing_to_follow(net):
    with pytest.raises(RuntimeError, match=r"follows nothing yet: call init\(frame, box\) first"):
        SiameseTracker(net).update(moving_spot(1).frames[0])


@pytest.mark.parametrize("shape", [(1, 50), (50, 1), (2, 2)])
def test_frames_of_a_line_are_survived(net, shape):
    tracker = SiameseTracker(net)
    tracker.init(np.zeros(shape, np.uint8), [0, 0, 1, 1])
    assert np.isfinite([tracker.update(np.zeros(shape, np.uint8)) for _ in range(3)]).all()


def test_a_missed_target_keeps_its_size_and_the_score_says_so(net):
    frames, truth = jumping_spot()
    tracker = SiameseTracker(net, settings=TrackerSettings(candidates=0))
    tracker.init(frames[0], truth[0])
    for frame in frames[1:6]:
        tracker.update(frame)
    assert tracker.score > 0.7
    size = tracker.size.copy()
    for frame in frames[6:]:
        tracker.update(frame)
    assert tracker.score < 0.3
    assert tracker.missed == len(frames) - 6
    np.testing.assert_array_equal(tracker.size, size)


@pytest.mark.parametrize("apart", [1, 3])
def test_strongest_equals_the_loop(apart):
    residual = np.random.default_rng(apart).random((20, 30)).astype(np.float32)
    expected = []
    for y, x in np.ndindex(*residual.shape):
        around = residual[max(y - apart, 0) : y + apart + 1, max(x - apart, 0) : x + apart + 1]
        if residual[y, x] == around.max():
            expected.append((residual[y, x], x + 0.5, y + 0.5))
    expected = [place for _, *place in sorted(expected, reverse=True)[:4]]
    np.testing.assert_array_equal(strongest(residual, 4, apart), expected)


def test_nothing_stands_out_of_a_flat_frame():
    assert len(strongest(np.zeros((9, 9), np.float32), 3, 1)) == 0


def test_a_box_never_outgrows_the_frame():
    """An untrained net that is believed at once: its boxes may grow at every frame, but not without end."""
    net = new_net(network_preset("compact", width=0.25))
    net.region.regress[-1].bias.data[2:] += 0.5
    tracker = SiameseTracker(net, settings=TrackerSettings(size_rate=1.0, lost_below=0.0))
    rng = np.random.default_rng(0)
    tracker.init(rng.random((60, 80), dtype=np.float32), [30, 20, 20, 20])
    sizes = np.array([tracker.update(rng.random((60, 80), dtype=np.float32))[2:] for _ in range(12)])
    assert (sizes <= (80, 60)).all()
    assert (sizes >= 1).all()


def test_a_switch_to_black_hot_is_followed(net):
    """Settings of a net that sees bright targets only; the spot turns dark in frame 6."""
    sequence = moving_spot(14, noise=0.01)
    frames = np.stack([np.asarray(sequence.frames[i]) for i in range(14)])
    frames[6:] = 1 - frames[6:]
    switched = Sequence(name="switch", dataset="test", frames=frames, boxes=sequence.boxes)
    tracker = SiameseTracker(net)
    errors = bx.center_error(follow(tracker, switched), switched.boxes[1:])
    assert tracker.maker.polarity == "dark"
    assert (errors[-5:] < 3).all()


def test_a_net_that_tells_half_of_a_change_is_corrected(net):
    tracker = SiameseTracker(net, size_line=(0.5, 0.05))
    sequence = moving_spot(2)
    tracker.init(sequence.frames[0], sequence.boxes[0])
    tracker.update(sequence.frames[1])
    anchor, change = tracker.anchor(tracker.observation), np.array([0.4, -0.2])
    np.testing.assert_allclose(
        tracker._corrected_log_size(anchor * np.exp(0.5 * change + 0.05)),
        np.log(anchor / tracker.initial_size) + change,
    )


@pytest.mark.parametrize(("growth", "followed"), [(0.1, 0.0), (-0.15, 0.0), (0.3, 0.225), (-1.5, -1.485)])
def test_the_larger_a_change_the_more_of_it_is_followed(net, growth, followed):
    tracker = SiameseTracker(net, settings=TrackerSettings(size_dead_zone=0.15, lost_below=0.0))
    tracker._corrected_log_size = lambda size: np.full(2, growth)
    sequence = moving_spot(2)
    tracker.init(sequence.frames[0], sequence.boxes[0])
    tracker.log_growth = np.full(2, growth)
    tracker.update(sequence.frames[1])
    np.testing.assert_allclose(np.log(tracker.size / tracker.initial_size), followed, atol=1e-9)


def test_small_changes_of_size_are_not_followed(net):
    tracker = SiameseTracker(net, settings=TrackerSettings(size_dead_zone=10.0))
    predicted = follow(tracker, moving_spot(8))
    np.testing.assert_allclose(predicted[:, 2:], 8.0)


@pytest.mark.parametrize(("shape", "count"), [((100, 120), 1), ((320, 320), 1), ((512, 640), 5), ((480, 321), 5)])
def test_tiles_cover_the_frame(shape, count):
    found = tiles(shape, (3.0, 5.0))
    assert len(found) == count
    covered = np.zeros(shape, int)
    for x, y, w, h in found[-max(count - 1, 1) :]:
        assert w <= 320 and h <= 320
        covered[y : y + h, x : x + w] += 1
    assert (covered == 1).all()
    x, y, w, h = found[0]
    assert x <= 3 <= x + w and y <= 5 <= y + h and 0 <= x and 0 <= y and x + w <= shape[1] and y + h <= shape[0]


def test_vote_is_the_weighted_mean_of_what_lies_near():
    proposals = np.array([[0.0, 0, 10, 10], [1, 0, 12, 10], [9, 0, 10, 10]]).reshape(1, 1, 3, 4)
    seen = Observation(
        np.array([50.0, 60]),
        95.0,
        np.zeros((2, 95, 95)),
        np.array([[[0.8, 0.4, 0.9]]]),
        proposals,
        np.zeros((1, 1, 3)),
        0,
    )
    center, size = vote(seen, 0.3)  # within 3 pixels: the first two, weights 0.64 and 0.16
    np.testing.assert_allclose(center, [50 + 0.2, 60])
    np.testing.assert_allclose(size, [10.4, 10])


class Played(SiameseTracker):
    """A tracker whose network is replaced by a play: what scores where, by the number that a frame has in its first pixel."""

    here, there = np.array([40.0, 60.0]), np.array([95.0, 20.0])

    def init(self, frame, box):
        super().init(frame, box)
        self.unexpected = np.full((1, 1), 1e-4)  # the maps of a play are not those of its net
        self.redetection._candidates = lambda *_: [self.there]

    def look(self, frame, centers, scale=1.0, std=0.0):
        return [self.one(center, *self.seen_about(center, frame[0, 0])) for center in centers]

    def seen_about(self, center, k):
        """(places, scores) in a window about the centre."""
        beyond = bool(np.linalg.norm(center - self.there) < 10)
        return [self.there if beyond else self.here], [self.play(k)[beyond]]

    def one(self, center, places, scores):
        proposals = np.array([[*(place - center), 8.0, 8.0] for place in places]).reshape(1, 1, -1, 4)
        scores = np.array(scores).reshape(1, 1, -1)
        odds = log_odds(scores, proposals, self.size, self.settings.penalty)
        return Observation(np.asarray(center), 95.0, np.zeros((2, 95, 95)), scores, proposals, scores, 0, odds=odds)


def played(net, play, frames, kind=Played, **changes):
    """(tracker, boxes (frames - 1, 4)) of a play of so many frames, whose target is given at (40, 60)."""
    tracker = kind(net, settings=TrackerSettings(**changes))
    tracker.play = play
    # grey levels: in a smaller unit its numbers would be multiplied, and the first of them is the frame's
    image = 100 * np.random.default_rng(0).random((100, 120), dtype=np.float32)
    image[0, 0] = 0
    tracker.init(image, [36.0, 56.0, 8.0, 8.0])
    boxes = []
    for k in range(1, frames):
        image[0, 0] = k
        boxes.append(tracker.update(image))
    return tracker, np.array(boxes)


@pytest.mark.parametrize(
    ("play", "where"),
    [
        (lambda k: (0.999, 0.9), "here"),  # nothing happens
        # a cut: the target is elsewhere for good
        (lambda k: (0.999, 0.02) if k < 5 else (0.02, 0.99), "there"),
        # hidden for ten frames, while something shines there
        (lambda k: (0.02 if 5 <= k < 15 else 0.999, 0.95 if k >= 5 else 0.02), "here"),
        (lambda k: (0.02 if 5 <= k < 15 else 0.999, 0.3), "here"),  # hidden, and nothing else in sight
        # gone for good: that the place left looks no worse than a poor view of the target is no reason to go back
        (lambda k: (0.999, 0.02) if k < 5 else (0.1, 0.99 if k < 15 else 0.15), "there"),
        (lambda k: (0.999 if k < 5 else 0.985, 0.999 if k >= 5 else 0.02), "here"),  # no drop that would raise a doubt
        # noise: something shines there now and then, when the target is faint, but never long
        (lambda k: (0.999, 0.02) if k % 3 == 2 else (0.02, 0.99), "here"),
    ],
)
def test_jumps_and_returns(net, play, where, monkeypatch):
    monkeypatch.setattr(redetection, "CLEAR", 99.0)
    tracker, boxes = played(net, play, 30)
    np.testing.assert_allclose(bx.centers(boxes[-1]), getattr(tracker, where), atol=1.0)
    assert not tracker.missed


@pytest.mark.parametrize(("usual", "frames"), [(0.9, 3), (0.999, 1)])
def test_a_clear_target_is_believed_at_once_elsewhere(net, usual, frames):
    """A faint one has to be seen there in three frames."""
    tracker, boxes = played(net, lambda k: (usual, 0.02) if k < 10 else (0.01, 0.99), 20)
    there = [np.allclose(bx.centers(box), tracker.there, atol=1.0) for box in boxes]
    assert there.index(True) == 9 + frames - 1


@pytest.mark.parametrize("extent", [640, 0])
def test_a_distractor_beside_the_target_is_not_the_target(net, extent, monkeypatch):
    """The target is hidden for good; a look-alike has shone elsewhere all the time."""
    monkeypatch.setattr(redetection, "REFERENCE_SLACK", 4.0)
    tracker, boxes = played(net, lambda k: (0.999 if k < 8 else 0.02, 0.97), 20, surroundings=extent)
    assert tracker.lost  # also where it went there: what looks less like the target than it did is doubtful
    place = tracker.here if extent else tracker.there
    np.testing.assert_allclose(bx.centers(boxes[-1]), place, atol=1.0)


def test_what_looked_as_good_as_the_target_may_be_it(net):
    """Perhaps the tracker has followed the wrong one."""
    tracker, boxes = played(net, lambda k: (0.999 if k < 8 else 0.02, 0.998), 20)
    np.testing.assert_allclose(bx.centers(boxes[-1]), tracker.there, atol=1.0)


@pytest.mark.parametrize("center", [(0.5, 0.5), (99.5, 59.5), (60.0, 30.0)])
def test_surroundings_are_a_part_of_the_frame_that_knows_its_places(center):
    """At the frame's border too, where the target is not in their middle."""
    frame = np.arange(60 * 100, dtype=np.float32).reshape(60, 100)
    about = Surroundings(frame, np.array(center), 40)
    assert about.picture.shape == (40, 40)
    np.testing.assert_array_equal(about.center, about.place(np.array(center)))
    for y, x in np.ndindex(60, 100):
        place = about.place(np.array([x + 0.5, y + 0.5]))
        if place is not None:
            assert about.picture[int(place[1]), int(place[0])] == frame[y, x]
    assert sum(about.place(np.array([x + 0.5, y + 0.5])) is not None for y, x in np.ndindex(60, 100)) == 40 * 40


def test_the_second_best_place_is_tried_where_the_best_is_distractor_before(net):
    """Two places shine when the target has gone: one has shone all the time, the other, a little fainter, is the target."""

    class Two(Played):
        new = np.array([20.0, 20.0])

        def init(self, frame, box):
            super().init(frame, box)
            self.redetection._candidates = lambda *_: [self.there, self.new]

        def seen_about(self, center, k):
            if np.linalg.norm(center - self.new) < 10:
                return [self.new], [0.994 if k >= 10 else 0.02]
            return super().seen_about(center, k)

    tracker, boxes = played(net, lambda k: (0.9999 if k < 10 else 0.02, 0.995), 30, kind=Two)
    np.testing.assert_allclose(bx.centers(boxes[-1]), tracker.new, atol=1.0)


def test_surroundings_hold_the_elements_of_a_large_target():
    """A net that does not reduce large targets has line elements as long as these."""
    tracker = SiameseTracker(new_net(network_preset("paper", width=0.03125)))
    frame = np.random.default_rng(0).integers(0, 255, (1000, 1100)).astype(np.uint8)
    tracker.init(frame, [20.0, 20.0, 900.0, 900.0])
    tracker.look(tracker.redetection.surroundings.picture, [np.array([900.0, 900.0])])


def test_a_distractor_of_another_picture_does_not_count(net, monkeypatch):
    """A cut comes: the new picture has the target where the old one had a look-alike."""
    monkeypatch.setattr(redetection, "REFERENCE_SLACK", 4.0)
    tracker, boxes = played(net, lambda k: (0.999 if k < 8 else 0.02, 0.97), 20, kind=Cut)
    np.testing.assert_allclose(bx.centers(boxes[-1]), tracker.there, atol=1.0)


class Cut(Played):
    """The picture changes as a whole in frame 8, and is known to have moved by `shift` where there is one."""

    shift = None

    class Watch(CameraMotion):
        changed, gain, k = False, 1.0, 0

        def __init__(self):
            pass

        def __call__(self, plane, doubt):
            self.k += 1
            self.changed = self.k == 8
            return self.shift if self.changed else None

        def keep(self, plane, center):
            pass

    def init(self, frame, box):
        super().init(frame, box)
        self.camera_motion = self.Watch()
        self.camera_motion.shift = self.shift


class CutWithin(Cut):
    """At the cut the target moves within its window, to its edge, where scores are lower; a look-alike shines elsewhere."""

    edge = np.array([40.0, 85.0])

    def seen_about(self, center, k):
        if np.linalg.norm(center - self.there) < 10:
            return [self.there], [0.02 if k < 8 else 0.95]
        if k < 8:
            return [self.here], [0.95]
        return [self.here, self.edge], [0.02, 0.9 if np.linalg.norm(center - self.edge) < 10 else 0.6]


class CutBesideDeadPixels(CutWithin):
    """The target at the edge has dead pixels near it for a frame: no window can be laid about it."""

    def seen_about(self, center, k):
        if k == 8 and np.linalg.norm(center - self.edge) < 10:
            raise ValueError("the image holds NaN")
        return super().seen_about(center, k)


def test_dead_pixels_about_another_place_are_no_error(net):
    tracker, boxes = played(net, None, 20, kind=CutBesideDeadPixels)
    np.testing.assert_allclose(bx.centers(boxes[8:]), np.tile(tracker.edge, (11, 1)), atol=1.0)


def test_after_a_cut_the_best_of_the_window_competes_with_what_is_elsewhere(net):
    tracker, boxes = played(net, None, 20, kind=CutWithin)
    np.testing.assert_allclose(bx.centers(boxes[7:]), np.tile(tracker.edge, (12, 1)), atol=1.0)


@pytest.mark.parametrize("cut", [True, False])
def test_after_a_cut_one_look_elsewhere_is_enough(net, cut):
    """The target is faint: without the cut it would have to be seen there in three frames."""
    kind = Cut if cut else Played
    tracker, boxes = played(net, lambda k: (0.9, 0.02) if k < 8 else (0.01, 0.99), 20, kind=kind)
    there = [np.allclose(bx.centers(box), tracker.there, atol=1.0) for box in boxes]
    assert there.index(True) == (7 if cut else 9)


def test_how_the_target_looks_is_known_from_the_given_frame(net):
    """It is gone in the very next frame, as fast targets are at a low frame rate; what is left here looks fair."""
    tracker, boxes = played(net, lambda k: (0.999, 0.02) if k < 1 else (0.3, 0.99), 8)
    np.testing.assert_allclose(bx.centers(boxes[-1]), tracker.there, atol=1.0)


def test_a_clear_target_need_not_look_as_it_did_before_a_cut(net):
    tracker, boxes = played(net, lambda k: (0.99999, 0.02) if k < 10 else (0.01, 0.996), 20)
    np.testing.assert_allclose(bx.centers(boxes[-1]), tracker.there, atol=1.0)


class Knocked(Cut):
    shift = Cut.there - Cut.here


@pytest.mark.parametrize(("after", "followed"), [(0.99, True), (0.5, False)])
def test_a_jump_of_the_picture_is_believed_where_the_target_looks_as_usual(net, after, followed):
    """Though a look-alike, brighter than the target, is now where that would have been."""
    tracker, boxes = played(net, lambda k: (0.999 if k < 8 else 0.9999, after), 10, kind=Knocked)
    np.testing.assert_allclose(bx.centers(boxes[-1]), tracker.there if followed else tracker.here, atol=1.0)


@pytest.mark.parametrize("likeness", [1.0, 0.5, -1.0])
def test_alignment_counts_as_far_as_the_picture_is_like_the_template(net, likeness, monkeypatch):
    tracker = SiameseTracker(net)
    frame, box = moving_spot(1).frames[0], moving_spot(1).boxes[0]
    tracker.init(frame, box)
    (tracker.observation,) = tracker.look(frame, [tracker.center])
    found = lambda self, channel, start, size, rounds: (start + [4.0, 0.0], likeness)  # noqa: E731
    monkeypatch.setattr(type(tracker.alignment), "__call__", found)
    center, told = tracker.alignment.measure(tracker, tracker.center)
    moved = center - tracker.center
    assert told == max(likeness, 0)
    np.testing.assert_allclose(moved, [max(likeness, 0) ** 3 * 4 / tracker.observation.zoom, 0])


def test_after_a_cut_what_is_here_does_not_tell_how_the_target_looks(net):
    """Something here looks fair; the target, elsewhere, is seen thirty frames later."""
    tracker, boxes = played(net, lambda k: (0.999, 0.02) if k < 8 else (0.75, 0.02 if k < 40 else 0.99), 50, kind=Cut)
    np.testing.assert_allclose(bx.centers(boxes[37]), tracker.here, atol=1.0)
    np.testing.assert_allclose(bx.centers(boxes[-1]), tracker.there, atol=1.0)
