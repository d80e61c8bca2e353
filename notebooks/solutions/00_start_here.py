# %% [markdown]
# # Solutions to the exercises of 00 · Start here
#
# ## 1
# Shifted by s along one side, a box of 20 px keeps (20 − s) · 20 of its area, and both together cover (20 + s) · 20. So 0.9 = (20 − s) / (20 + s), and s = 20 · 0.1 / 1.9: hardly more
# than one pixel. Overlap is a strict measure for small boxes.

# %%
from irtrack_core import boxes

s = 20 * 0.1 / 1.9
print(f"{s:.3f} px", float(boxes.iou([0, 0, 20, 20], [s, 0, 20, 20])))
assert abs(boxes.iou([0, 0, 20, 20], [s, 0, 20, 20]) - 0.9) < 1e-9

# %% [markdown]
# ## 2
# The run is refused before it starts: a parameter that the notebook does not have would otherwise change nothing, in silence.

# %%
from irtrack_core.workbook import find_root, parameters

try:
    parameters.check(find_root() / "notebooks" / "00_start_here.ipynb", {"sed": "3"}, find_root())
    raise SystemError("it was not refused")
except ValueError as error:
    print(error)
