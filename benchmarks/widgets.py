"""How long a move of each demo's first control takes in the kernel: `python benchmarks/widgets.py`.

Processor time of the redrawing, the median of a few moves and the longest, without what the browser adds. The goal is 100 ms.
"""

import os
import time
from statistics import median

import ipywidgets

from irtrack_core import datasets, widgets
from irtrack_core.config import SceneSettings
from irtrack_core.network.weights import SHIPPED, load_weights
from irtrack_core.provenance import limit_threads

MOVES = 7


def demos():
    """(notebook, name, demo) of every demo with controls."""
    net, aircraft = load_weights(SHIPPED / "compact.safetensors"), datasets.load("sim-aircraft", frames=20)[4]
    held = datasets.in_memory(aircraft)
    image, box = held.frames[5], held.boxes[5]
    yield "01", "scan_an_image", widgets.scan_an_image(scene=SceneSettings(std=0.06))
    yield "02", "filter_an_image", widgets.filter_an_image(image, box)
    yield "03", "feature_maps", widgets.feature_maps(net, held)
    yield "03", "network_shapes", widgets.network_shapes()
    yield "04", "anchors_on_frame", widgets.anchors_on_frame(held)
    yield "04", "response_maps", widgets.response_maps(net, held)
    yield "06", "scrub", widgets.scrub(held, {"peak": held.boxes})
    yield "06", "pick_and_track", widgets.pick_and_track(held.frames)
    yield "08", "moving_point", widgets.moving_point()
    yield "15", "stretched_target", widgets.stretched_target()


def sliders(widget):
    """The number sliders in a widget."""
    kinds = ipywidgets.IntSlider | ipywidgets.FloatSlider
    found = [widget] if isinstance(widget, kinds) else []
    return found + [one for child in getattr(widget, "children", ()) for one in sliders(child)]


def moves(control):
    """Processor seconds of moves of a slider, the first left out."""
    taken = []
    for number in range(MOVES + 1):
        value = control.value + control.step * (1 if number % 2 == 0 else -1)
        if not control.min <= value <= control.max:
            value = control.value - control.step
        begin = time.process_time()
        control.value = value
        taken.append(time.process_time() - begin)
    return taken[1:]


def main():
    os.environ.pop("IRTRACK_BATCH", None)
    limit_threads()
    print(f"{'notebook':9}{'demo':18}{'median ms':>10}{'longest ms':>12}")
    for notebook, name, demo in demos():
        taken = moves(sliders(demo)[0])
        print(f"{notebook:9}{name:18}{1000 * median(taken):10.0f}{1000 * max(taken):12.0f}", flush=True)


if __name__ == "__main__":
    main()
