"""Trackers and estimators against the physical limit, on sequences that are exactly what the limit is worked out for.

A target of constant size and velocity before a flat ground in white noise: nothing but noise keeps a tracker from its
place. The distance to the bound is one number: by how many decibels the SNR could fall for an estimator that reaches
the bound of a single frame until it is as bad as the tracker. Lengths in pixels unless they are said to be in d, the
detector's width.
"""

from functools import lru_cache

import numpy as np
import pandas as pd

from irtrack_core import evaluation, metrics
from irtrack_core.boxes import center_error, from_centers
from irtrack_core.config import ScanSettings
from irtrack_core.datasets.sequence import Sequence
from irtrack_core.imaging import limits

GREY, LEVEL = 64, 8000  # grey values of sigma_w, of the ground: rounding is nothing
SIDE, SPEED = 96, 0.4  # px of a frame, d a frame
ROBUST = np.sqrt(2 * np.log(2))  # median of the distance from a normal law's middle, in sigmas: lost frames count once
FAR = 1.0  # boxes from the truth: lost
# label -> (oversampling, kind, extent in d, SNR)
CONDITIONS = {
    "point, SNR 6": (2.0, "point", 0.0, 6.0),
    "point, SNR 12": (2.0, "point", 0.0, 12.0),
    "point, SNR 24": (2.0, "point", 0.0, 24.0),
    "3 d, SNR 6": (2.0, "uniform", 3.0, 6.0),
    "3 d, SNR 12": (2.0, "uniform", 3.0, 12.0),
    "8 d, SNR 6": (2.0, "uniform", 8.0, 6.0),
    "point, SNR 12, M = 1.5": (1.5, "point", 0.0, 12.0),
    "point, SNR 12, M = 4": (4.0, "point", 0.0, 12.0),
}


def sensor_of(factor, **changes):
    """ScanSettings of `factor` samples per d each way."""
    return ScanSettings(shape=(SIDE, SIDE), oversampling_scan=factor, oversampling_cross=factor, **changes)


def sequence_of(label, number, *, frames=40, seed=0):
    """A `Sequence` of the condition: its target crosses the middle of the frame on a straight line."""
    factor, kind, extent, snr = CONDITIONS[label]
    sensor, rng = sensor_of(factor), np.random.default_rng([seed, number, list(CONDITIONS).index(label)])
    angle, sides = rng.uniform(0, 2 * np.pi), limits.box_sides(sensor, extent * factor)
    step = SPEED * factor * np.array([np.cos(angle), np.sin(angle)])
    centers = SIDE / 2 + rng.uniform(-0.5, 0.5, 2) + (np.arange(frames) - frames / 2)[:, None] * step
    places = np.column_stack([centers, np.tile(sides, (frames, 1))])
    seen = snr * limits.images(sensor, kind, places, (SIDE, SIDE)) + rng.standard_normal((frames, SIDE, SIDE))
    grey = np.rint(LEVEL + GREY * seen).astype(np.uint16)
    name = f"{label} #{number}"
    return Sequence(name, "limits", grey, from_centers(centers, sides), oversampling=(factor, factor))


def likelihood_errors(sensor, kind, extent, snr, trials, rng, *, free=limits.PLACE, covariance=None, half=1.5):
    """Errors (trials, 5) of PARAMETERS of maximum likelihood in one frame, places spread evenly over a pixel.

    extent: pixels; covariance: function of the patch's shape, None: white noise; half: px to each side that is searched.
    """
    sides = limits.box_sides(sensor, extent)
    shape, middle = limits.patch(sides)
    shape = tuple(int(n + 2 * max(np.ceil(half) - 1, 0)) for n in shape)  # the search stays within the patch
    middle = middle + max(np.ceil(half) - 1, 0)
    noise, found = None if covariance is None else covariance(shape), []
    root = None if noise is None else np.linalg.cholesky(noise)
    for begin in range(0, trials, 1000):
        count = min(1000, trials - begin)
        centers = middle + rng.uniform(-0.5, 0.5, (count, 2))
        truth = np.column_stack([centers, np.tile([*sides, snr], (count, 1))])
        drawn = rng.standard_normal((count, shape[0] * shape[1]))
        drawn = drawn if root is None else drawn @ root.T
        seen = snr * limits.images(sensor, kind, truth[:, :4], shape) + drawn.reshape(count, *shape)
        window = (*(middle - half), *(middle + half))
        found.append(limits.locate(seen, sensor, kind, sides, window=window, free=free, covariance=noise) - truth)
    return np.concatenate(found)


def distances(made, *, labels=tuple(CONDITIONS), sequences=3, frames=40, seed=0, trials=500, progress=None):
    """Table condition, tracker, sigma, limit, decibels, lost, aor, aor_limit, aor_limit_size: a row a condition and tracker.

    made: name -> tracker; "likelihood" is added: maximum likelihood in each frame by itself, the size known, searched
    within a box around the target. sigma: the median centre error, as a normal law's deviation on one axis; limit: that
    of the bound of one frame; decibels: 20 log10 of their ratio; lost: share of frames farther off than FAR boxes.
    aor_limit: at the bound with the size known, aor_limit_size: with the size unknown, too. The given first frame is
    left out.
    """
    rows = []
    for label in progress(labels) if progress else labels:
        factor, kind, extent, snr = CONDITIONS[label]
        sensor = sensor_of(factor)
        sides = limits.box_sides(sensor, extent * factor)
        least = limits.mean_bound(sensor, kind, sides, snr)
        known = dict(limit=float(np.sqrt(least[:2, :2].trace() / 2)), aor_limit=limits.best_overlap(sides, least))
        every = limits.PARAMETERS if kind != "point" else limits.PLACE
        known["aor_limit_size"] = limits.best_overlap(sides, limits.mean_bound(sensor, kind, sides, snr, free=every))
        given = [sequence_of(label, number, frames=frames, seed=seed) for number in range(sequences)]
        for name, tracker in made.items():
            boxes = np.concatenate([evaluation.run(tracker, one).boxes[1:] for one in given])
            truth = np.concatenate([one.boxes[1:] for one in given])
            rows.append(_row(label, name, boxes, truth, known))
        errors = likelihood_errors(
            sensor, kind, extent * factor, snr, trials, np.random.default_rng(seed), half=min(max(sides), 4.0)
        )
        centers = errors[:, :2]
        rows.append(_row(label, "likelihood", from_centers(centers, sides), from_centers(0 * centers, sides), known))
    return pd.DataFrame(rows)


def _row(label, name, boxes, truth, known):
    far = np.nan_to_num(center_error(boxes, truth), nan=np.inf)
    sigma = float(np.median(far)) / ROBUST
    row = dict(condition=label, tracker=name, sigma=sigma, limit=known["limit"])
    row |= dict(decibels=float(metrics.decibel(sigma / known["limit"])))
    row |= dict(lost=float(np.mean(far > FAR * truth[:, 2:].max(axis=1))), aor=metrics.aor(boxes, truth))
    return row | {one: known[one] for one in ("aor_limit", "aor_limit_size")}


def sampling(factors, *, snr=12.0, smear=0.25, frames=40, manoeuvre=0.02, trials=0, seed=0, phases=8):
    """Table factor, bound_d, overlapping_d, detectors_d, rate_d, frames_at_rate, likelihood_d of a point, in d.

    bound_d: deviation of the place on one axis from one frame, all samples' noise independent; overlapping_d: where
    neighbouring samples share integration time, `smear` d long. The next two are of a filter over `frames` frames, root
    mean square over the time until one more frame comes: detectors_d at one frame rate (equal detectors), rate_d with
    as many samples a second instead (equal data rate), frames M^2 / 4 times as seldom, the same at M = 2. The velocity
    is unknown and changes by normal steps of `manoeuvre` d a frame (at M = 2). phases: see `limits.mean_bound`.
    likelihood_d (with trials): root mean
    square error of maximum likelihood in one frame.
    """
    rows = []
    for factor in factors:
        sensor = sensor_of(factor, smear=smear)
        one, shared = (unit / snr**2 for unit in _unit_bounds(sensor, phases))
        slower = factor**2 / 4
        count = max(int(round(frames / slower)), 2)
        row = dict(factor=factor, bound_d=one**0.5, overlapping_d=shared**0.5)
        row["detectors_d"] = _any_time(one, manoeuvre, frames)
        # a random walk of the velocity: its steps grow with the root of the time between frames, and v itself with the time
        row |= dict(rate_d=_any_time(one, manoeuvre * slower**1.5, count), frames_at_rate=count)
        if trials:
            errors = likelihood_errors(sensor, "point", 0.0, snr, trials, np.random.default_rng(seed))
            row["likelihood_d"] = float(np.sqrt((errors[:, :2] ** 2).mean())) / factor
        rows.append(row)
    return pd.DataFrame(rows)


@lru_cache(maxsize=64)  # a demo asks again and again, with other SNRs and manoeuvres
def _unit_bounds(sensor, phases):
    """(independent noise, overlapping integration): variance of a point's place on one axis at SNR 1, in d^2."""
    sides = limits.box_sides(sensor)

    def overlapping(shape):
        return limits.white(shape, sensor)

    return tuple(
        limits.mean_bound(sensor, "point", sides, 1.0, covariance=noise, phases=phases)[:2, :2].trace()
        / 2
        / sensor.oversampling_scan**2
        for noise in (None, overlapping)
    )


def _any_time(measured, noise, frames):
    """Root mean square error of the place from the last of `frames` frames until the next one comes."""
    known = limits.filtered_covariances(measured, noise, frames)[-1]
    return float(known[0, 0] + known[0, 1] + known[1, 1] / 3 + noise**2 / 12) ** 0.5


def found_by_frames(snrs, counts, *, trials=60, side=48, reach=1, seed=0, progress=None):
    """Table snr, frames, way, found: share of trials in which the target is placed within 2 px in the last frame.

    ways: "one frame"; "path" (`limits.best_path`, steps up to `reach` px); "known motion" (frames stacked along it);
    "foretold" (1 - `limits.outliers` with known motion). A point at M = 2 anywhere within `side` px, at 0.6 px a frame
    in any direction.
    """
    sensor, rows, sums = sensor_of(2.0), [], {}
    sides = limits.box_sides(sensor)
    rng, longest = np.random.default_rng(seed), max(counts)
    for snr in progress(snrs) if progress else snrs:
        for _ in range(trials):
            angle = rng.uniform(0, 2 * np.pi)
            velocity = 0.6 * np.array([np.cos(angle), np.sin(angle)])
            back = np.arange(longest)[::-1, None]
            path = rng.uniform(8, side - 8, 2) - back * velocity
            places = np.column_stack([path, np.tile(sides, (longest, 1))])
            seen = snr * limits.images(sensor, "point", places, (side, side))
            ratios = limits.log_ratios(seen + rng.standard_normal(seen.shape), sensor, "point", sides, snr)
            for count in counts:
                last = ratios[-count:]
                ways = {"path": limits.best_path(last, reach)[0][-1]}
                ways["known motion"] = limits.stacked_places(last, velocity)[0]
                for way, place in ways.items():
                    hit = np.hypot(*(place + 0.5 - path[-1])) <= 2
                    sums[snr, count, way] = sums.get((snr, count, way), 0) + hit
    for count in counts:
        told = 1 - limits.outliers(sensor, "point", sides, np.asarray(snrs), side**2, frames=count)
        rows += [dict(snr=snr, frames=count, way="foretold", found=one) for snr, one in zip(snrs, told)]
    rows += [dict(snr=s, frames=c, way=way, found=hits / trials) for (s, c, way), hits in sums.items()]
    return pd.DataFrame(rows)


def sizes_and_snrs(sizes, snrs, factors, *, scene=None):
    """Table factor, side_d, snr, sigma_d, sigma_side, aor, p_quarter: the best that one frame allows, size and place unknown.

    sizes: extents in d of a uniform target; sigma_d: of the place on one axis, d; sigma_side: of a side of the box, px;
    aor: mean overlap at the bound; p_quarter: share of frames within 0.25 d. scene: SceneSettings, whose clouds are
    added to the noise.
    """
    rows = []
    for factor in factors:
        sensor = sensor_of(factor)
        noise = None if scene is None else (lambda shape, sensor=sensor: limits.of_settings(shape, sensor, scene))
        for size in sizes:
            sides = limits.box_sides(sensor, size * factor)
            unit = limits.mean_bound(sensor, "uniform", sides, 1.0, free=limits.PARAMETERS, phases=2, covariance=noise)
            for snr in snrs:
                least = unit / snr**2
                row = dict(factor=factor, side_d=float(sides.mean() / factor), snr=snr)
                row |= dict(sigma_d=float(np.sqrt(least[:2, :2].trace() / 2)) / factor)
                row |= dict(sigma_side=float(np.sqrt(least[2:4, 2:4].trace() / 2)))
                row |= dict(
                    aor=limits.best_overlap(sides, least), p_quarter=limits.best_precision(least, 0.25 * factor)
                )
                rows.append(row)
    return pd.DataFrame(rows)
