"""Speed of the compared filters beside the multi-level filter, on one thread of this machine.

    python benchmarks/clutter.py [repeats]

All filters take turns in one loop; medians of CPU time (a busy machine is unfair to none) in ms, and as a ratio to U and M
together (4 lines of 15, a 3 x 3 square). Parameters are those of the papers. A simulated frame; 640 x 480 leaves out the two
low-rank filters.
"""

import sys
import time

import numpy as np

from irtrack_core.config import ScanSettings
from irtrack_core.filtering import baselines, line_elements, multilevel_filter, rectangle
from irtrack_core.imaging.scan import simulate


def race(image, names, repeats):
    """Median milliseconds of each filter, called in turn; "U and M" first."""
    lines, square = line_elements(15, 4), rectangle(3, 3)
    ways = {"U and M": lambda: multilevel_filter(image, lines, square)}
    ways |= {name: (lambda name=name: baselines.create(name)(image)) for name in names}
    took = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            begin = time.process_time()
            way()
            took[name].append(time.process_time() - begin)
    return {name: 1e3 * float(np.median(values)) for name, values in took.items()}


if __name__ == "__main__":
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    for shape in ((256, 256), (480, 640)):
        image = simulate(ScanSettings(shape=shape, bits=8, output="agc"), frames=1, seed=0).frame(0)
        names = [name for name in baselines.available() if shape[0] == 256 or name not in ("ipi", "pstnn")]
        took = race(image, names[1:], repeats)
        print(f"{shape[1]} x {shape[0]}, uint8, median of {repeats}")
        for name, value in took.items():
            print(f"  {name:11s} {value:9.2f} ms   x {value / took['U and M']:.1f}")
