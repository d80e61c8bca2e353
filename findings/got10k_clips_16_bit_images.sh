#!/bin/bash
# got10k hands 16-bit images to a tracker with every pixel above 255 cut to 255: a thermal recording becomes one white area.
#
# Guess that was wrong: 16 bits are scaled to 8, or refused. Tracker.track opens each file with Pillow and asks for RGB;
# Pillow's conversion of 16-bit grey cuts. Nothing is said, and the tracker fails as on a frame without contrast.
# What to do: override `track` in one's own class and read the files there, or scale the recording to 8 bits first.
. "$(dirname "$0")/common.sh"
setup got10k==0.1.3 six==1.17.0 numpy==2.4.6 matplotlib==3.11.2 pillow==13.0.0
MPLBACKEND=Agg run <<'PYTHON'
import numpy as np
from finding import expect, versions
from got10k.trackers import Tracker
from PIL import Image

versions("got10k", "pillow", "numpy")
rng = np.random.default_rng(0)
frame = rng.normal(7000, 40, (48, 64))
frame[20:26, 30:36] += 2000  # the target, far above the noise
Image.fromarray(frame.astype(np.uint16)).save("1.png")


class Look(Tracker):
    """Keeps what it is given."""

    def init(self, image, box):
        self.seen = np.asarray(image)


look = Look("look")
look.track(["1.png"], [30, 20, 6, 6])
stored = np.asarray(Image.open("1.png"))
expect("grey values stored", bool(stored.max() > 8500 and len(np.unique(stored)) > 100), True)
expect("grey values handed over", np.unique(look.seen).tolist(), [255])
PYTHON
