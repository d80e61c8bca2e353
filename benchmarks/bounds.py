"""Is the Cramér-Rao bound reached? Mean square errors of maximum likelihood over the bound, in many trials.

    python benchmarks/bounds.py [--trials 20000] [--out FILE.csv]

Places are spread evenly over a pixel; the bound is the mean over 8 x 8 places. Both axes are pooled: a ratio scatters by
sqrt(1 / trials). The bound is for high SNR; in clutter that takes more of it. M = 1 is shown as well, where the bound
is not reached: detectors as wide as their distance leave places at which a point hardly changes anything when it moves.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from irtrack_core.config import ScanSettings, SceneSettings
from irtrack_core.experiments import against_limits
from irtrack_core.experiments.cached import write_card
from irtrack_core.imaging import limits
from irtrack_core.provenance import limit_threads, provenance
from irtrack_core.workbook import progress


def conditions():
    """label -> (sensor, kind, extent, snr, free, covariance)."""
    sensor, place, every = ScanSettings(), limits.PLACE, limits.PARAMETERS
    sampled = {m: sensor.replace(oversampling_scan=m, oversampling_cross=m) for m in (1.0, 1.5, 4.0)}

    def colours(shape):
        return limits.of_settings(shape, sensor)

    def clouds(shape):
        return limits.of_settings(shape, sensor, SceneSettings(std=0.1))

    def correlated(shape):
        return limits.white(shape) + limits.exponential(shape, 2.0, 3.0)

    return {
        "point, weak": (sensor, "point", 0.0, 10.0, place, None),
        "point": (sensor, "point", 0.0, 30.0, place, None),
        "uniform 6 px, size free": (sensor, "uniform", 6.0, 20.0, every, None),
        "gaussian 4 px, size free": (sensor, "gaussian", 4.0, 20.0, every, None),
        "point, the sensor's noise": (sensor, "point", 0.0, 30.0, place, colours),
        "point, and clouds": (sensor, "point", 0.0, 30.0, place, clouds),
        "point, exponential clutter": (sensor, "point", 0.0, 60.0, place, correlated),
        "uniform 6 px, clouds, size free": (sensor, "uniform", 6.0, 60.0, every, clouds),
        "point, M = 1.5": (sampled[1.5], "point", 0.0, 30.0, place, None),
        "point, M = 4": (sampled[4.0], "point", 0.0, 30.0, place, None),
        "point, M = 1": (sampled[1.0], "point", 0.0, 30.0, place, None),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=20_000)
    parser.add_argument("--out", type=Path, help="CSV file; its card is written beside it")
    options = parser.parse_args()
    made_by = provenance()  # of the code as it is loaded now
    limit_threads(1)
    rows = []
    for label, (sensor, kind, extent, snr, free, noise) in progress(conditions().items()):
        rng = np.random.default_rng(len(rows))
        errors = against_limits.likelihood_errors(
            sensor, kind, extent, snr, options.trials, rng, free=free, covariance=noise
        )
        least = limits.mean_bound(
            sensor, kind, limits.box_sides(sensor, extent), snr, free=free, covariance=noise, phases=8
        )
        square, least = (errors**2).mean(axis=0), np.diag(least)
        row = {"case": label, "snr": snr, "trials": options.trials, "place": square[:2].sum() / least[:2].sum()}
        if "w" in free:
            row["size"] = square[2:4].sum() / least[2:4].sum()
        rows.append(row | {"sd of place": options.trials**-0.5})
    table = pd.DataFrame(rows).round(4)
    print(table.to_string(index=False))
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(options.out, index=False)
        write_card(options.out, " ".join(["python", "benchmarks/bounds.py", *sys.argv[1:]]), made_by)


if __name__ == "__main__":
    main()
