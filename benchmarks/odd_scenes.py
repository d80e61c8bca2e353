"""Scenes that the project's simulator does not make, for odd_cameras.py, and the parts that they are drawn from.

A scene takes a generator and a number of frames, and returns (frames, boxes (N, 4)), the boxes exact.
"""

import cv2
import numpy as np
from scipy import ndimage


def smooth(rng, height, width, scale):
    """Smooth noise of mean 0 and deviation 1; scale: its correlation length in pixels."""
    coarse = rng.standard_normal((height // 4 + 8, width // 4 + 8)).astype(np.float32)
    field = cv2.resize(ndimage.gaussian_filter(coarse, scale / 4), (width, height), interpolation=cv2.INTER_CUBIC)
    return (field - field.mean()) / field.std()


def rough(rng, height, width, power):
    """Noise with detail at every scale, of mean 0 and deviation 1: its amplitude falls as frequency ** -power."""
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    radius[0, 0] = 1
    field = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((height, width))) / radius**power, (height, width))
    return ((field - field.mean()) / field.std()).astype(np.float32)


def with_spot(frame, center, size, level, *, angle=0.0, blur=0.7, paint=False):
    """The frame with a soft ellipse of `size` (w, h) added, or painted over it; 4 x 4 samples a pixel."""
    (cx, cy), (w, h), (rows, columns) = center, size, frame.shape
    reach = int(max(w, h)) + 6
    x0, x1 = max(int(cx) - reach, 0), min(int(cx) + reach + 1, columns)
    y0, y1 = max(int(cy) - reach, 0), min(int(cy) + reach + 1, rows)
    if x0 >= x1 or y0 >= y1:
        return frame
    x = ((np.arange((x1 - x0) * 4) + 0.5) / 4 + x0 - cx)[None]
    y = ((np.arange((y1 - y0) * 4) + 0.5) / 4 + y0 - cy)[:, None]
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    cover = np.exp(-np.log(2) * ((2 * along / w) ** 2 + (2 * across / h) ** 2) ** 1.5)
    cover = ndimage.gaussian_filter(cover.reshape(y1 - y0, 4, x1 - x0, 4).mean((1, 3)), blur)
    frame, part = frame.copy(), np.s_[y0:y1, x0:x1]
    frame[part] = frame[part] * (1 - cover) + level * cover if paint else frame[part] + level * cover
    return frame


def path(rng, count, shape, speed, margin=25, turn=0.06):
    """Centres (count, 2) of a target that turns at random and stays in the frame."""
    size = np.array(shape[::-1])
    while True:
        place, angle, change, places = rng.uniform(margin, size - margin), rng.uniform(0, 2 * np.pi), 0.0, []
        for _ in range(count):
            places.append(place)
            change = 0.9 * change + rng.normal(0, turn * 0.5)
            angle += change
            place = place + speed * np.array([np.cos(angle), np.sin(angle)])
        near = max(margin - 8, 3)
        if (np.array(places) > near).all() and (np.array(places) < size - near).all():
            return np.array(places)


def boxes_at(centers, size):
    """Boxes (N, 4) of targets of `size`, (w, h) or (N, 2), each half a pixel wider on every side than its half maximum."""
    size = np.broadcast_to(size, np.shape(centers)) + 1.0
    return np.column_stack([centers - size / 2, size])


def noisy(rng, frame, noise=3.0):
    """The frame with white noise."""
    return frame + rng.normal(0, noise, frame.shape)


def as_bytes(frame):
    """Rounded to 8 bits."""
    return np.clip(np.round(frame), 0, 255).astype(np.uint8)


def as_words(frame):
    """Rounded to 16 bits."""
    return np.clip(np.round(frame), 0, 65535).astype(np.uint16)


def plain(rng, count, shape=(256, 320), size=(6, 6), level=45, noise=3, depth=15, ground=90, speed=1.5, scale=25):
    """(float frames, boxes): a warm spot before drifting clouds; depth: the clouds' deviation. level: one, or one a frame."""
    height, width = shape
    clouds = 0.6 * smooth(rng, height + 200, width + 200, scale) + 0.4 * rough(rng, height + 200, width + 200, 1.2)
    centers, drift, frames = path(rng, count, shape, speed), rng.uniform(-0.5, 0.5, 2), []
    for i, spot in enumerate(np.broadcast_to(level, count)):
        x, y = 100 + drift * i
        frame = cv2.warpAffine(depth * clouds, np.array([[1, 0, -x], [0, 1, -y]]), (width, height)) + ground
        frames.append(noisy(rng, with_spot(frame, centers[i], size, spot), noise))
    return frames, boxes_at(centers, size)


def sea_glints(rng, count=100):
    """A boat near the horizon; fourteen new glints a frame, as bright as the boat, each for one to four frames."""
    i, rows = np.arange(count), np.arange(256)[:, None]
    centers = np.stack([40 + rng.uniform(1, 2) * i, 110 + rng.uniform(-12, 14) + 4 * np.sin(i / 15)], axis=1)
    waves, frames, glints = smooth(rng, 400, 600, 4), [], []
    for i, center in enumerate(centers):
        line = 110 + 3 * np.sin(i / 12)
        frame = np.where(rows < line, 60 - 0.1 * rows, 95 + 0.05 * (rows - line) + 6 * waves[:256, 2 * i : 2 * i + 320])
        for _ in range(14):
            place = rng.uniform(0, 320), line + 3 + abs(rng.normal(0, 60))
            glints.append((place, rng.uniform(20, 90), i + rng.integers(1, 5)))
        glints = [one for one in glints if one[2] > i]
        for place, level, _ in glints:
            frame = with_spot(frame, place, (3, 1.2), level, blur=0.4)
        frames.append(as_bytes(noisy(rng, with_spot(frame, center, (7, 4), 55))))
    return frames, boxes_at(centers, (7, 4))


def twelve_alike(rng, count=100):
    """Twelve equal targets that fly about; one of them is meant."""
    places = [path(rng, count, (256, 320), 1.2, 15) for _ in range(12)]
    clouds, frames = 10 * smooth(rng, 256, 380, 25) + 90, []
    for i in range(count):
        frame = clouds[:, i // 3 : i // 3 + 320]
        for one in places:
            frame = with_spot(frame, one[i], (5, 5), 45)
        frames.append(as_bytes(noisy(rng, frame)))
    return frames, boxes_at(places[0], (5, 5))


def five_fps(rng, count=80):
    """Five frames a second: the target jumps by 11 to 17 px and the background with it."""
    clouds = 15 * (smooth(rng, 484, 612, 30) + 0.4 * rough(rng, 484, 612, 1.2)) + 90
    place, angle, frames, centers = np.array([256.0, 192.0]), rng.uniform(0, 2 * np.pi), [], []
    for i in range(count):
        frame = clouds[30 + 3 * i % 40 : 414 + 3 * i % 40, 20:532]
        frames.append(as_bytes(noisy(rng, with_spot(frame, place, (8, 7), 55))))
        centers.append(place)
        angle, step, ahead = angle + rng.normal(0, 0.35), rng.uniform(11, 17), np.full(2, np.inf)
        while (ahead < 30).any() or (ahead > (482, 354)).any():
            ahead, angle = place + step * np.array([np.cos(angle), np.sin(angle)]), angle + 0.4
        place, angle = ahead, angle - 0.4
    return frames, boxes_at(np.array(centers), (8, 7))


def horizon(rng, count=100):
    """A target warmer than the sky and colder than the ground flies down through the horizon: its contrast reverses."""
    sky, ground = 8 * smooth(rng, 256, 520, 40) + 60, 12 * rough(rng, 256, 520, 1.2) + 130
    start, fall, way, frames, centers = rng.uniform(60, 200), rng.uniform(0.9, 1.2), rng.choice([-1, 1]), [], []
    for i in range(count):
        line, part = 130 + 5 * np.sin(np.arange(320) / 40) + 0.1 * i, np.s_[:, i // 3 : i // 3 + 320]
        below = 1 / (1 + np.exp(line - np.arange(256)[:, None]))
        centers.append((start + 0.4 * i * way, 75 + fall * i))
        frame = with_spot(sky[part] * (1 - below) + ground[part] * below, centers[i], (7, 6), 95, paint=True)
        frames.append(as_bytes(noisy(rng, frame, 2.5)))
    return frames, boxes_at(np.array(centers), (7, 6))


def approach(rng, count=200):
    """A target comes near: from 4 to 60 px in 200 frames, with a hot part."""
    centers = path(rng, count, (384, 512), 0.7, 60)
    clouds = 10 * (smooth(rng, 484, 612, 40) + 0.5 * rough(rng, 484, 612, 1.2)) + 80
    sides, frames = 4 * 15 ** (np.arange(count) / 199), []
    for i, side in enumerate(sides):
        frame = clouds[20:404, i // 4 : i // 4 + 512]
        frame = with_spot(frame, centers[i], (side, 0.6 * side), 150, paint=True)
        frame = with_spot(frame, centers[i] + (0.15 * side, 0), (0.25 * side, 0.25 * side), 200, paint=True)
        frames.append(as_bytes(noisy(rng, frame)))
    return frames, boxes_at(centers, np.stack([sides, 0.6 * sides], axis=1))


def crossing(rng, count=100):
    """Two equal targets cross, 1.5 px from each other in frame 50."""
    clouds, angle, frames = 12 * smooth(rng, 256, 420, 25) + 90, rng.uniform(0.2, 1.2), []
    way = 1.26 * (np.arange(count) - 50)[:, None] * [np.cos(angle), np.sin(angle)]
    centers, others = way + (160, 128), way * (1, -1) + (160, 129.5)
    for i in range(count):
        frame = with_spot(clouds[:, i // 3 : i // 3 + 320], centers[i], (7, 5), 50)
        frames.append(as_bytes(noisy(rng, with_spot(frame, others[i], (7, 5), 50))))
    return frames, boxes_at(centers, (7, 5))


def desert(rng, count=100):
    """A vehicle among 250 stones, seen by a camera that turns by 0.7 degrees a frame."""
    ground, middle = 20 * rough(rng, 700, 700, 1.4) + 100, np.array([350.0, 350.0])
    for _ in range(250):
        place, size = rng.uniform(0, 700, 2), (rng.uniform(3, 12), rng.uniform(3, 9))
        ground = with_spot(ground, place, size, rng.uniform(110, 180), angle=rng.uniform(0, 3), paint=True)
    turn, centers = rng.choice([-1, 1]) * np.deg2rad(0.7), np.full((count, 2), -1.0)
    while (centers < 6).any() or (centers > (314, 250)).any():
        start, way, frames, centers = middle + rng.uniform(-40, 40, 2), rng.uniform(-1, 1, 2), [], []
        way *= 1.3 / np.hypot(*way)
        for i in range(count):
            place, c, s = start + 0.8 * i * way, np.cos(turn * i), np.sin(turn * i)
            view = np.column_stack(
                [[[c, -s], [s, c]], (160, 128) - np.array([[c, -s], [s, c]]) @ (middle + (0.4 * i, 0.2 * i))]
            )
            centers.append(view @ (*place, 1))
            frames.append((place, view))
        centers = np.array(centers)
    angle = np.arctan2(way[1], way[0])
    for i, (place, view) in enumerate(frames):
        seen = with_spot(ground, place, (8, 5), 185, angle=angle, paint=True)
        frames[i] = as_bytes(noisy(rng, cv2.warpAffine(seen, view, (320, 256))))
    return frames, boxes_at(centers, (8, 6))


def snow(rng, count=100):
    """Sixty flakes, bright or dark, that fall through the picture."""
    frames, boxes = plain(rng, count)
    x, y, size, drift, level = rng.uniform([[0], [0], [2], [1], [15]], [[320], [256], [7], [4], [70]], (5, 60))
    for i, frame in enumerate(frames):
        for k, sign in enumerate(rng.choice([1, 1, -0.4], 60)):
            frame = with_spot(frame, (x[k], y[k]), (1.5, 1.5 * size[k]), level[k] * sign, blur=0.5)
        frames[i], x, y = as_bytes(frame), x + 0.4 * drift, y + 2 * size
        gone = y > 260
        x, y = np.where(gone, rng.uniform(-20, 320, 60), x), np.where(gone, -4, y)
    return frames, boxes


def sun(rng, count=100):
    """The sun crosses a darkened picture with a wide glow; where it whitens the target too, the box still counts."""
    frames, boxes = plain(rng, count)
    rows, columns = np.mgrid[:256, :320]
    glow = [600 * np.exp(-np.hypot(columns - (60 + 1.5 * i), rows - 60) / 25) for i in range(count)]
    return [as_bytes(0.5 * f + g) for f, g in zip(frames, glow)], boxes


def pulsing(rng, count=100):
    """A target that pulses between a tenth and the whole of its contrast, once in seven frames."""
    frames, boxes = plain(rng, count, level=45 * (0.55 + 0.45 * np.sin(0.9 * np.arange(count))))
    return [as_bytes(f) for f in frames], boxes


def hand_held(rng, count=100):
    """A shaking camera follows a target: the target stays near the middle, a full background runs by at 3 to 6 px a frame."""
    scene, speed, frames = 18 * rough(rng, 656, 1220, 1.2), rng.uniform(3, 6), []
    for _ in range(120):
        place, size = rng.uniform((0, 0), (1220, 656)), (rng.uniform(3, 30), rng.uniform(3, 20))
        scene = with_spot(scene, place, size, rng.uniform(-40, 50), paint=True)
    centers = (160, 128) + ndimage.gaussian_filter1d(rng.normal(0, 6, (count, 2)), 3, axis=0)
    for i, center in enumerate(centers):
        view = np.array([[1, 0, -speed * i - 20], [0, 1, -100 - 0.8 * i]])
        frame = with_spot(cv2.warpAffine(scene, view, (320, 256)) + 100, center, (6, 5), 45)
        frames.append(as_bytes(noisy(rng, frame)))
    return frames, boxes_at(centers, (6, 5))


SCENES = (sea_glints, twelve_alike, five_fps, horizon, approach, crossing, desert, snow, sun, pulsing, hand_held)
