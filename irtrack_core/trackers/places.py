"""Places other than the tracker's own: a candidate for the target, and what stood about the target before."""

import numpy as np


class Candidate:
    """Another place where the target may be.

    center, velocity: (2,) frame pixels; log_scale: logarithm of the target's size there over the given one; lead: by how many
    logits it scores higher than the tracker's own place, summed over `frames` frames.
    """

    def __init__(self, center, velocity=(0.0, 0.0), log_scale=0.0, lead=0.0):
        self.center, self.velocity, self.log_scale = np.array(center), np.array(velocity), log_scale
        self.lead, self.frames = lead, 1

    @property
    def expected(self):
        """(2,) where it should be in the next frame."""
        return self.center + self.velocity

    def update(self, center, lead):
        """Add a frame in which it was seen at `center` with this lead."""
        self.velocity, self.center = (self.velocity + center - self.center) / 2, np.array(center)
        self.lead, self.frames = self.lead + lead, self.frames + 1

    def coast(self, decay):
        """Add a frame in which it was not looked at; decay: share of the velocity that is kept."""
        self.center, self.velocity, self.frames = self.expected, self.velocity * decay, self.frames + 1


class Surroundings:
    """A copy of what stood about the target at `center` (2,): at most `extent` pixels a side of the frame (H, W)."""

    def __init__(self, frame, center, extent):
        self.size = np.minimum(extent, frame.shape[1::-1])
        corner = np.clip(np.asarray(center) - self.size / 2, 0, np.array(frame.shape[1::-1]) - self.size)
        self.corner = corner.astype(int)
        (x, y), (w, h) = self.corner.tolist(), self.size.tolist()
        self.picture, self.center, self.age = frame[y : y + h, x : x + w].copy(), center - self.corner, 0

    def place(self, center):
        """A place (2,) of the frame as one of the picture; None beyond it."""
        place = center - self.corner
        return place if ((place >= 0) & (place < self.size)).all() else None
