"""How long a move of each demo's controls takes in the kernel: `python benchmarks/widgets.py`.

Processor time of the redrawing, without what the browser adds: the median of a few moves of the quickest and of the slowest
control, and the longest move of all. The goal is 100 ms. A longest move of 200 ms more than the others holds a collection of
Python's garbage, which torch makes long.
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
    for name in (
        "best_boxes",
        "noise_with_colour",
        "several_frames",
        "where_it_ends",
        "samples_per_detector",
        "whole_numbers",
    ):
        yield "16", name, getattr(widgets, name)()


def controls(widget):
    """The sliders, menus and boxes to tick in a widget."""
    kinds = ipywidgets.IntSlider | ipywidgets.FloatSlider | ipywidgets.SelectionSlider | ipywidgets.Dropdown
    found = [widget] if isinstance(widget, kinds | ipywidgets.Checkbox) else []
    return found + [one for child in getattr(widget, "children", ()) for one in controls(child)]


def move(control, number):
    """Move a control: a slider to a value far from the last ones, so that nothing is known already; a menu to its next."""
    if hasattr(control, "index"):
        control.index = (control.index + 1) % len(control.options)
    elif isinstance(control, ipywidgets.Checkbox):
        control.value = not control.value
    else:
        steps = round((control.max - control.min) / control.step)
        value = control.min + round((0.1 + 0.618 * number) % 1 * steps) * control.step
        control.value = value if value != control.value else control.min


def moves(control):
    """Processor seconds of moves of a control, the first left out."""
    taken = []
    for number in range(MOVES + 1):
        begin = time.process_time()
        move(control, number)
        taken.append(time.process_time() - begin)
    return taken[1:]


def main():
    os.environ.pop("IRTRACK_BATCH", None)
    limit_threads()
    print(f"{'notebook':9}{'demo':22}{'controls':>8}{'quickest ms':>13}{'slowest ms':>12}{'longest ms':>12}")
    for notebook, name, demo in demos():
        taken = [moves(control) for control in controls(demo)]
        low, high = (1000 * pick(median(one) for one in taken) for pick in (min, max))
        longest = 1000 * max(map(max, taken))
        print(f"{notebook:9}{name:22}{len(taken):8}{low:13.0f}{high:12.0f}{longest:12.0f}", flush=True)


if __name__ == "__main__":
    main()
