# %% [markdown]
# # Solutions to the exercises of 14 · Ablation
#
# ## 1
# `python -m irtrack_core.workbook run notebooks/14_ablation.ipynb out.ipynb -p preset compact` writes `out.ipynb`. Compare signs only where an interval leaves out 0: a sign that changes inside intervals which hold 0 is no change. With
# `compact` *filter off* means that the network sees the image alone instead of image and suppressed image; with `paper` it means the image instead of the filtered one. So the two ask different questions by the same name.
#
# ## 2
# No new run is needed: the stored study of real sequences has three seeds for each cell.

# %%
import numpy as np
import pandas as pd

from irtrack_core import workbook
from irtrack_core.experiments import ablation

stored = pd.read_csv(workbook.find_root() / "data" / "results" / "ablation" / "real.csv")
cell = list(ablation.FACTORS)
means = stored.groupby([*cell, "seed"])["aor"].mean().unstack("seed")
spread = means.max(axis=1) - means.min(axis=1)
fusion = ablation.effects(stored, np.random.default_rng(0)).set_index("effect").loc["fusion", "change"]
print(
    f"largest less smallest mean of a cell's three seeds: {spread.min():.3f} to {spread.max():.3f}; fusion {fusion:+.3f}"
)
assert spread.median() > abs(fusion)

# %% [markdown]
# Yes, in most cells: one training says little about fusion.
#
# ## 3
# The interaction is the filter's effect with region selection minus its effect without: $0 - e = -e$, where $e$ is what it brings without. The main effect, the mean over both, would be $e / 2$.

# %%
e = 0.1
rows = [
    dict(
        world="simulated",
        sequence=f"s{k}",
        dataset="d",
        seed=0,
        fold=0,
        aor=0.5 + 0.01 * k + e * (one["filter"] and not one["region"]),
    )
    | one
    for one in ablation.CELLS
    for k in range(12)
]
made = ablation.effects(pd.DataFrame(rows), np.random.default_rng(0)).set_index("effect")["change"]
print(made.round(3).to_string())
assert abs(made["filter × region"] + e) < 1e-9 and abs(made["filter"] - e / 2) < 1e-9
