"""The numbers printed in the paper, to stand beside ours. Never used in a computation, and never tuned towards.

Yao Yingle, Zhao Juan, "Small object tracking algorithm for infrared oversampled scanning images based on deep learning",
2022. Its figures are graphs without values: what the text or the graph lets one read is kept as text.
"""

METHODS = ("method", "ref8", "ref9", "ref10", "ref11")

# Fig. 3, best signal-to-noise ratio in dB
SNR = {"method": "35", "ref8": "≤ 30", "ref9": "≤ 30", "ref10": "≤ 25", "ref11": "≤ 25"}

# Fig. 4, region overlap against "iterations"
OVERLAP = {"method": "above 0.9, falling slowly", "others": "falling"}

# Fig. 6, precision in percent: (text, where to draw it)
PRECISION = {
    "method": ("about 90", 90),
    "ref10": ("above 70", 70),
    "ref8": ("about 60", 60),
    "ref9": ("about 60", 60),
    "ref11": ("below 60", 60),
}

# Table 1, frames per second
SPEED = {
    "aircraft": {"method": 201, "ref8": 142, "ref9": 165, "ref10": 182, "ref11": 166},
    "pedestrian": {"method": 202, "ref8": 152, "ref9": 167, "ref10": 177, "ref11": 164},
    "otcbvs": {"method": 205, "ref8": 154, "ref9": 160, "ref10": 180, "ref11": 169},
}
SPEED_HARDWARE = "GTX 980M"
