"""Demos of notebook 16: each main relation of the physical limit, with its settings as sliders."""

from irtrack_core.experiments.against_limits import sampling
from irtrack_core.figures import limits as figures
from irtrack_core.widgets.base import demo, slider

FACTORS = (1.25, 1.5, 2.0, 2.5, 3.0, 4.0)


def best_boxes(*, extent=2.0, snr=8.0):
    """Demo: boxes as scattered as the bound says, and the best AOR and precision, by size, SNR, oversampling and optics."""
    return demo(
        figures.boxes_at_bound,
        {"extent": [1.0, 2.0, 5.0], "snr": [4.0, 8.0, 20.0], "factor": [2.0, 4.0]},
        extent=slider(extent, 0.5, 8.0, "extent, d", step=0.5),
        snr=slider(snr, 2.0, 40.0, "SNR", step=1.0),
        factor=slider(2.0, 1.5, 4.0, "oversampling M", step=0.5),
        f_number=slider(2.5, 1.0, 8.0, "optics F", step=0.5),
    )


def noise_with_colour(*, std=2.0, length=3.0):
    """Demo: what clutter costs, by its strength and correlation length and the target's size."""
    return demo(
        figures.coloured,
        {"std": [1.0, 2.0, 5.0], "length": [0.5, 3.0, 32.0], "extent": [1.0, 3.0]},
        std=slider(std, 0.0, 8.0, "clutter, sigma_w", step=0.5),
        length=slider(length, 0.5, 64.0, "correlation length, px", step=0.5),
        extent=slider(1.0, 0.5, 3.0, "extent, d", step=0.5),
    )


def several_frames(*, frames=12, manoeuvre=0.02):
    """Demo: what further frames add, by the target's manoeuvres."""
    return demo(
        figures.motion,
        {"frames": [2, 12, 40], "manoeuvre": [0.0, 0.02, 0.2], "snr": [8.0]},
        frames=slider(frames, 1, 40, "frames"),
        manoeuvre=slider(manoeuvre, 0.0, 0.5, "change of velocity, px", step=0.01),
        snr=slider(8.0, 2.0, 40.0, "SNR", step=1.0),
    )


def where_it_ends(*, side=32, frames=10, snr=2.0):
    """Demo: where the bound no longer holds, by the window searched and the frames joined."""
    return demo(
        figures.threshold,
        {"side": [8, 32, 256], "frames": [1, 10, 40], "snr": [1.0, 2.0, 4.0]},
        side=slider(side, 4, 512, "side of the window, px"),
        frames=slider(frames, 1, 60, "frames"),
        snr=slider(snr, 0.5, 8.0, "SNR", step=0.5),
    )


def samples_per_detector(*, smear=0.25, manoeuvre=0.02):
    """Demo: what oversampling brings at equal detectors and at equal data rate."""

    def draw(smear, manoeuvre, snr):
        return figures.sampled(sampling(FACTORS, snr=snr, smear=smear, manoeuvre=manoeuvre, phases=4))

    return demo(
        draw,
        {"smear": [0.25, 1.0], "manoeuvre": [0.0, 0.02, 0.2], "snr": [6.0, 24.0]},
        smear=slider(smear, 0.0, 2.0, "integration l, d", step=0.25),
        manoeuvre=slider(manoeuvre, 0.0, 0.5, "change of velocity, d", step=0.01),
        snr=slider(12.0, 2.0, 40.0, "SNR", step=1.0),
    )


def whole_numbers(*, step=1.0, side=5.0):
    """Demo: what whole grey values and whole pixels take."""
    return demo(
        figures.rounding,
        {"step": [0.3, 1.0, 3.0], "side": [3.0, 5.0, 16.0]},
        step=slider(step, 0.1, 6.0, "grey step, sigma_w", step=0.1),
        side=slider(side, 1.0, 24.0, "side of the box, px", step=0.5),
    )
