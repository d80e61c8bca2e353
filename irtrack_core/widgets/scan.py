"""Demo of notebook 01: the imaging model."""

import ipywidgets

from irtrack_core.config import ScanSettings, SceneSettings, TargetSettings
from irtrack_core.figures import scan as scan_figures
from irtrack_core.widgets.base import demo

__all__ = ["scan_an_image"]

TARGETS = ["point", "aircraft", "drone", "bird", "pedestrian", "vehicle"]


def scan_an_image(*, scene=None, seed=0):
    """Demo of notebook 01: a frame, its target and the row through it, as the sensor's settings change.

    scene: SceneSettings, faint clouds when None; seed: of the scene, the path and the noise.
    """
    scene = scene or SceneSettings(std=0.06)

    def draw(oversampling, f_number, psf, jitter, netd, snr, kind, size, frame):
        m = dict(oversampling_scan=oversampling, oversampling_cross=oversampling)
        sensor = ScanSettings(shape=(128, 128), f_number=f_number, psf=psf, jitter=jitter, netd=netd, **m)
        # the target keeps its temperature: more noise is a lower SNR
        target = TargetSettings(kind=kind, size=size, snr=snr * 30 / netd, speed=1.5)
        return scan_figures.live_view(sensor, scene, target, frame=frame, seed=seed)

    slider = {"continuous_update": False}
    return demo(
        draw,
        film={"grid": {"oversampling": [1, 2, 4], "f_number": [2.5, 8], "jitter": [0.05, 0.4], "snr": [0, 12, 24]}},
        oversampling=ipywidgets.FloatSlider(value=2, min=1, max=4, step=0.5, description="oversampling M", **slider),
        f_number=ipywidgets.FloatSlider(value=2.5, min=1, max=8, step=0.5, description="optics F", **slider),
        psf=ipywidgets.Dropdown(options=["gaussian", "airy"], description="blur"),
        jitter=ipywidgets.FloatSlider(value=0.05, min=0, max=0.4, step=0.05, description="jitter, d rms", **slider),
        netd=ipywidgets.FloatSlider(value=30, min=5, max=100, step=5, description="NETD, mK", **slider),
        snr=ipywidgets.FloatSlider(value=12, min=-30, max=60, step=1, description="SNR at 30 mK", **slider),
        kind=ipywidgets.Dropdown(options=TARGETS, description="target"),
        size=ipywidgets.FloatSlider(value=10, min=2, max=40, step=1, description="its size, px", **slider),
        frame=ipywidgets.IntSlider(value=5, max=29, description="frame", **slider),
    )
