"""Target shapes as polygons; `targets.py` moves them and turns them into samples.

A shape is a list of (polygon (P, 2), warmth in (0, 1]); later ones lie on top. Its frame: x right, y down, the largest
extent about 1, the origin near its middle. `phase` in cycles moves legs, wings and rotors.
"""

import numpy as np

TURN = 2 * np.pi


def _ellipse(x, y, rx, ry, points=20):
    angle = np.linspace(0, TURN, points, endpoint=False)
    return np.stack([x + rx * np.cos(angle), y + ry * np.sin(angle)], axis=1)


def _limb(x0, y0, x1, y1, thickness):
    """A tapered bar from one joint to another."""
    along = np.array([x1 - x0, y1 - y0])
    side = np.array([-along[1], along[0]]) / max(np.hypot(*along), 1e-9) * thickness / 2
    start, end = np.array([x0, y0]), np.array([x1, y1])
    return np.array([start + side, end + 0.7 * side, end - 0.7 * side, start - side])


def _aircraft(phase):
    return [
        (_limb(-0.45, 0, 0.5, 0, 0.12), 0.7),
        (np.array([[0.15, 0], [-0.12, 0.42], [-0.22, 0.42], [-0.08, 0], [-0.22, -0.42], [-0.12, -0.42]]), 0.6),
        (np.array([[-0.35, 0], [-0.45, 0.16], [-0.5, 0.16], [-0.45, 0], [-0.5, -0.16], [-0.45, -0.16]]), 0.6),
        (_ellipse(-0.42, 0, 0.09, 0.06), 1.0),
    ]


def _drone(phase):
    spread = 0.36 + 0.04 * np.cos(TURN * phase)
    arms = [(_limb(0, 0, side * spread, -0.08, 0.06), 0.6) for side in (-1, 1)]
    rotors = [(_ellipse(side * spread, -0.1, 0.14, 0.035), 0.5) for side in (-1, 1)]
    legs = [(_limb(side * 0.08, 0.05, side * 0.16, 0.2, 0.04), 0.5) for side in (-1, 1)]
    return [*legs, *arms, *rotors, (_ellipse(0, 0, 0.15, 0.1), 1.0)]


def _bird(phase):
    lift = 0.28 * np.sin(TURN * phase)
    wings = [(np.array([[-0.07, 0], [0.07, 0], [0.1, side * 0.25 - 0], [-0.02, side * 0.5]]), 0.7) for side in (-1, 1)]
    # seen from behind and below: a raised or lowered wing shortens and shifts
    beat = [(wing * [1, np.cos(lift * 3)] + np.abs(wing[:, 1:]) * [lift, 0], warmth) for wing, warmth in wings]
    return [*beat, (_ellipse(0, 0, 0.2, 0.07), 1.0), (_ellipse(0.21, 0, 0.06, 0.05), 0.9)]


def _pedestrian(phase):
    swing = np.sin(TURN * phase)
    parts = []
    for side in (-1, 1):
        stride = 0.19 * side * swing
        bend = 0.06 * max(0.0, -side * np.cos(TURN * phase))
        knee = 0.55 * stride + bend
        parts.append((_limb(0, 0.04, knee, 0.27, 0.13), 0.75))
        parts.append((_limb(knee, 0.27, stride - bend, 0.5, 0.1), 0.65))
        parts.append((_limb(0.07 * side, -0.26, 0.09 * side - 0.85 * stride, 0.06, 0.08), 0.7))
    return [*parts, (_ellipse(0, -0.13, 0.13, 0.2), 0.85), (_ellipse(0, -0.42, 0.07, 0.08), 1.0)]


def _vehicle(phase):
    return [
        (
            np.array([[-0.5, 0.14], [-0.5, -0.04], [-0.3, -0.2], [0.15, -0.2], [0.3, -0.04], [0.5, 0.0], [0.5, 0.14]]),
            0.6,
        ),
        (np.array([[-0.27, -0.05], [-0.22, -0.15], [0.12, -0.15], [0.2, -0.05]]), 0.35),
        (np.array([[0.28, 0.0], [0.5, 0.02], [0.5, 0.12], [0.28, 0.12]]), 1.0),
        (_ellipse(-0.3, 0.16, 0.08, 0.08), 0.85),
        (_ellipse(0.3, 0.16, 0.08, 0.08), 0.85),
    ]


KINDS = {"aircraft": _aircraft, "drone": _drone, "bird": _bird, "pedestrian": _pedestrian, "vehicle": _vehicle}
_TURNS = ("aircraft", "bird")  # seen from above or below: they point where they fly; the others stay upright


def shape(kind, size, phase=0.0, heading=0.0, aspect=1.0, *, stretch=(1.0, 1.0), turn=0.0):
    """Polygons [(points (P, 2) pixels, warmth)] of a target about its box centre (0, 0).

    size: scale, pixels; heading: direction of motion, radians, x towards y; aspect: horizontal stretch, M_s / M_x.
    stretch: factors along and across the body, in its own frame; turn: radians by which it is then turned, x towards y.
    Raises ValueError for an unknown kind.

    >>> [polygon.shape for polygon, warmth in shape("aircraft", 10)][:2]
    [(4, 2), (6, 2)]
    """
    if kind not in KINDS:
        raise ValueError(f"unknown shape {kind!r}: use one of {sorted(KINDS)}")
    parts = KINDS[kind](phase)
    forward = _rotation(heading) if kind in _TURNS else np.diag([1.0 if np.cos(heading) >= 0 else -1.0, 1.0])
    if turn or tuple(stretch) != (1.0, 1.0):  # else not a bit of the sets without changes
        forward = np.diag(stretch) @ forward @ _rotation(turn)
    parts = [(polygon @ forward * [size * aspect, size], warmth) for polygon, warmth in parts]
    low, high = extent(parts)
    return [(polygon - (low + high) / 2, warmth) for polygon, warmth in parts]


def _rotation(angle):
    """Turns rows (x, y) by an angle, x towards y."""
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, sine], [-sine, cosine]])


def extent(parts):
    """Corners (x0, y0), (x1, y1) of the smallest upright rectangle round the polygons."""
    points = np.concatenate([polygon for polygon, _ in parts])
    return points.min(axis=0), points.max(axis=0)
