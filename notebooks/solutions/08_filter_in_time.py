# %% [markdown]
# # Solutions to the exercises of 08 · Filter in time
#
# ## 1
# The shorter the longest gap, the faster the point must be: it has to leave its own place within the gaps, in three of the five past frames at least, or it is in the median.

# %%
import numpy as np

from irtrack_core.experiments.in_time import SIZE, responses_of, scene_video
from irtrack_core.filtering import TemporalFilter


def found(speed, pan, longest, model="translation"):
    _, responses, box = responses_of(speed, pan, longest, model)
    row, column = np.unravel_index(np.argmax(responses["D"]), responses["D"].shape)
    return bool(np.abs(np.array([column, row]) + 0.5 - box[:2] - box[2:] / 2).max() <= 3)


slowest = {
    longest: next((speed for speed in (0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5) if found(speed, 1.5, longest)), None)
    for longest in (5, 20)
}
print("slowest speed at which the point is the strongest, by longest gap:", slowest)
assert slowest[20] is not None and (slowest[5] is None or slowest[5] >= slowest[20])

# %% [markdown]
# ## 2
# Without registration a pan of $p$ pixels a frame lays frames $k$ back $k p$ pixels beside the ground, and slope times $k p$ is left of it. The point, 25 grey values high, is lost as soon as that is as strong: for the median
# gap of 12 frames at about half a pixel a frame.

# %%
frames, _ = scene_video(0.0, 0.0, frames=1, noise=0.0)
slope = float(np.sqrt((np.gradient(frames[0])[1] ** 2).mean()))
lost = next(pan for pan in (0.0, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0) if not found(1.0, pan, 20, "still"))
print(
    f"slope {slope:.0f} grey values a pixel; lost from a pan of {lost} px a frame on: 12 frames back {12 * lost * slope:.0f}"
)
assert found(1.0, 1.5, 20) and not found(1.0, 1.0, 20, "still")

# %% [markdown]
# ## 3
# Remembered, the shutter would come back in the past each time that a gap reaches it, for the last time 20 frames after. As one of five
# pictures it does nothing to the median $B$, but $s$ grows by the distance between the shutter's grey value and the ground's, and $D$ falls
# by as much. So a frame with far less structure than the last one is not remembered: `covered` counts it, $D$ is 0 in it, and the next frame
# is compared with those before the shutter.

# %%
video, boxes = scene_video(1.0, 1.5, frames=30)
video[20] = 500.0
temporal, told = TemporalFilter(), []
for frame, box in zip(video, boxes):
    temporal.push(frame, (SIZE / 2, SIZE / 2), box[2:])
    told.append((temporal.covered, len(temporal.past)))
print("frame: covered for, frames remembered:", {k: told[k] for k in (19, 20, 21, 22)})
assert told[19] == (0, 19) and told[20] == (1, 19) and told[21] == (0, 20)
