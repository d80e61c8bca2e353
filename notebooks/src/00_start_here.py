# %% [markdown]
# # 00 · Start here
#
# These notebooks rebuild a published method for tracking a small target in infrared images from an oversampled scan: a
# multi-level filter followed by a Siamese network (Yao Yingle and Zhao Juan, 2022). Every equation of the paper is a short
# function in the package `irtrack_core`; the notebooks call it, look inside and measure.
#
# **You will** check your installation, learn how a notebook is set and where it writes, and see the shortest possible tracker.
# **You need** Python and NumPy; nothing about infrared or deep learning. **To study:** about 15 minutes. **Run time:** a few seconds.

# %% [markdown]
# ## How to run
#
# - In JupyterLab: *Run ▸ Run All Cells*. Change a parameter in the next cell and run again.
# - In a batch: `python -m irtrack_core.workbook run notebooks/00_start_here.ipynb out.ipynb -p seed 3`. A misspelled parameter
#   is an error.
# - Everything at once: `make results`.
#
# `quick` is a small version of each study for two processor cores; `medium` has the same small networks, but all folds and two seeds;
# `full` is the study itself.

# %% tags=["parameters"]
profile: str = "quick"  # quick | medium | full
seed: int = 0  # of every random draw in this notebook

# %%
from irtrack_core import workbook

book = workbook.start("00_start_here", profile=profile, seed=seed)
book.profile

# %% [markdown]
# ## Where things go
#
# Notebooks hand each other *files*, never variables: tables in `results/<profile>/`, figures in its folder `figures`,
# where `manifest.json` says which notebook, parameters and commit made each one. The repository has a `figures/` of its own: those
# are the pictures that its documents show, and no run of yours changes them.

# %%
for folder in (book.results, book.results / "figures"):
    print(folder.relative_to(book.root) if folder.is_relative_to(book.root) else folder)

# %% [markdown]
# ## The path through the notebooks
#
# | Notebook | What it shows | Equations |
# |---|---|---|
# | [01](01_scan_an_image.ipynb) Scan an image | the image model: target + background + clutter | (1) |
# | [31](31_scan_checks.ipynb) Checks of the scan | each part of 01 against its formula | (1) |
# | [02](02_filter_an_image.ipynb) Filter an image | the multi-level filter | (2)-(4) |
# | [30](30_neural_networks.ipynb) Neural networks | a primer of half an hour, for those to whom they are new | |
# | [03](03_build_the_network.ipynb) Build the network | feature fusion and region selection | (5)-(10) |
# | [04](04_match_and_learn.ipynb) Match and learn | matching, labels, the loss | (8)-(11) |
# | [05](05_train_the_tracker.ipynb) Train the tracker | training | (12) |
# | [06](06_track_a_sequence.ipynb) Track a sequence | the whole method on a sequence | (1)-(12) |
# | [07](07_compared_methods.ipynb) Compared methods | what had to be assumed to rebuild the other methods, their cost, their training | [8]-[11] |
# | [08](08_filter_in_time.ipynb) Filter in time | past frames laid onto the present one | (beyond the paper) |
# | [10](10_experiment_snr.ipynb) Experiment: signal to noise | signal to noise before and after the filter | (13), Fig. 3 |
# | [11](11_experiment_overlap.ipynb) Experiment: overlap | region overlap | (14), Fig. 4 |
# | [12](12_experiment_precision.ipynb) Experiment: precision | precision | (15), Figs. 5 and 6 |
# | [13](13_experiment_speed.ipynb) Experiment: speed | frames per second | (16), Table 1 |
# | [14](14_ablation.ipynb) Ablation | what filter, fusion and region selection each change | |
# | [15](15_changing_shape.ipynb) Changing shape | targets that grow, turn, flap or fade while they are tracked | (beyond the paper) |
# | [16](16_limits.ipynb) How close could anyone come? | the limit that noise sets, and how far our trackers are from it | (beyond the paper) |
# | [20](20_report.ipynb) Report | the paper's numbers beside ours | |

# %% [markdown]
# ## One convention to remember
#
# A box is `x, y, w, h` in pixels. Pixel (0, 0) covers the square from 0 to 1 in both directions, so a box of one whole pixel
# in row 3, column 7 is `(7, 3, 1, 1)`. How well two boxes agree is their intersection over union, the summand of eq. (14).

# %%
from irtrack_core import boxes

truth = [10, 20, 5, 5]
shifted = [10.26, 20, 5, 5]

# %% [markdown]
# **Predict, then run:** a box 5 px wide is shifted by a quarter of a pixel. How much of the overlap is left?
#
# <details><summary>Answer</summary>0.90. The shared part loses a quarter of a pixel, and the union gains one.</details>

# %% tags=["nbval-check-output"]
print(f"a 5 px box, shifted by 0.26 px: IoU = {boxes.iou(truth, shifted):.3f}")

# %% [markdown]
# A quarter of a pixel costs a tenth of the overlap: small targets are hard on this measure. The experiments return to it.
#
# ## The source is one call away
#
# Notebooks never repeat code of the package. To read a function, show it:

# %%
workbook.show_source(boxes.iou)

# %% [markdown]
# ## What to remember
#
# - A notebook's parameters stand in one cell; a misspelled one is an error.
# - Notebooks hand each other files, and each figure says what made it.
# - A box is `x, y, w, h`; on a target of 5 px a quarter of a pixel costs a tenth of the overlap.

# %% [markdown]
# ## Check yourself
#
# Choose an answer; it says at once whether it is right, and why.

# %% tags=["quiz"]
from irtrack_core.widgets import quiz

quiz.ask("00_start_here")

# %% [markdown]
# **Exercises.**
#
# 1. By how much may a 20 px box be shifted before its overlap falls to 0.9?
# 2. Run this notebook in a batch with `-p sed 3` and read the error.
