# %% [markdown]
# # Solutions to the exercises of 02 · Filter an image
#
# ## 1
# The smallest of three pixels above each other first, then the largest of three of these. The bright point goes, for it is one pixel high; the bottom row goes, too, but in the corner rows nothing
# outside decides.

# %%
import numpy as np

from irtrack_core import filtering

image = np.array([[1, 2, 1, 3, 1], [2, 1, 2, 1, 2], [1, 2, 9, 2, 1], [2, 1, 2, 1, 2], [7, 7, 8, 7, 7]], np.uint8)
opened = filtering.opening(image, np.ones((3, 1), np.uint8))
print(opened)
column = image[:, 2].astype(int)
eroded = [min(column[max(i - 1, 0) : i + 2]) for i in range(5)]
assert [max(eroded[max(i - 1, 0) : i + 2]) for i in range(5)] == opened[:, 2].tolist()

# %% [markdown]
# ## 2
# A line that is as long as the target fits under it, and the target becomes background. The line must be longer than the target in *every* direction that it takes, the diagonal included: longer than the
# box's diagonal, not its side.

# %%
frame = np.full((41, 41), 50, np.uint8)
frame[17:24, 17:24] = 150  # 7 x 7
kept = {}
for length in range(3, 22, 2):
    _, U, _ = filtering.multilevel_filter(frame, filtering.line_elements(length, 4), filtering.rectangle(1, 1))
    kept[length] = int(U[20, 20])
print(kept)
assert kept[7] == 0 and kept[9] == 100

# %% [markdown]
# ## 3
# $s$ is worth it where noise consists of single bright pixels and the target is larger than $s$. Larger than the target, it kills it.

# %%
rng = np.random.default_rng(0)
spiky = frame.copy()
spiky[rng.integers(0, 12, 30), rng.integers(0, 41, 30)] = 200
for size in (1, 3, 5, 9):
    _, _, M = filtering.multilevel_filter(spiky, filtering.line_elements(15, 4), filtering.rectangle(size, size))
    print(f"s of {size}: target {M[20, 20]}, false pixels {(M[:12] > 20).sum()}")
assert M[20, 20] == 0

# %% [markdown]
# ## 4
# Dark targets are holes. A closing fills what its element does not fit *into*; each line fills the hole and also the dark grooves that run in other directions. The smallest of the closings fills only what no line at all
# fits into: the small hole. It is the dual of the largest opening: turn the image's sign, and one becomes the other.

# %%
dark = 255 - spiky
E, U, _ = filtering.multilevel_filter(dark, filtering.line_elements(15, 4), filtering.rectangle(1, 1), polarity="dark")
closings = [255 - filtering.opening(255 - dark, line) for line in filtering.line_elements(15, 4)]
assert (E == np.min(closings, axis=0)).all() and (U == E - dark).all()
