"""Demo of notebook 01: the imaging model."""

import ipywidgets

from irtrack_core.config import ScanSettings, SceneSettings, TargetSettings
from irtrack_core.figures import scan as scan_figures
from irtrack_core.widgets.base import demo, slider

TARGETS = ["point", "aircraft", "drone", "bird", "pedestrian", "vehicle"]


def scan_an_image(*, scene=None, seed=0):
    """Demo of notebook 01: a frame, its target and the row through it, over the sensor's settings.

    scene: SceneSettings; None: faint clouds. seed: of the scene, the path and the noise.
    """
    scene = scene or SceneSettings(std=0.06)

    def draw(oversampling, f_number, psf, jitter, netd, snr, kind, size, frame):
        m = dict(oversampling_scan=oversampling, oversampling_cross=oversampling)
        sensor = ScanSettings(shape=(128, 128), f_number=f_number, psf=psf, jitter=jitter, netd=netd, **m)
        # the target keeps its temperature: more noise is a lower SNR
        target = TargetSettings(kind=kind, size=size, snr=snr * 30 / netd, speed=1.5)
        return scan_figures.live_view(sensor, scene, target, frame=frame, seed=seed)

    return demo(
        draw,
        {"oversampling": [1, 2, 4], "f_number": [2.5, 8], "jitter": [0.05, 0.4], "snr": [0, 12, 24]},
        oversampling=slider(2.0, 1, 4, "oversampling M", step=0.5),
        f_number=slider(2.5, 1, 8, "optics F", step=0.5),
        psf=ipywidgets.Dropdown(options=["gaussian", "airy"], description="blur"),
        jitter=slider(0.05, 0, 0.4, "jitter, d rms", step=0.05),
        netd=slider(30.0, 5, 100, "NETD, mK", step=5),
        snr=slider(12.0, -30, 60, "SNR at 30 mK"),
        kind=ipywidgets.Dropdown(options=TARGETS, description="target"),
        size=slider(10.0, 2, 40, "its size, px"),
        frame=slider(5, 0, 29, "frame"),
    )
