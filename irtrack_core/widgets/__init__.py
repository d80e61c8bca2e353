"""Interactive demos: each is a tested function that draws a figure, with controls over it; the only importer of ipywidgets.

In a live front end a demo shows its controls and redraws when they move. In a batch run (IRTRACK_BATCH is set) it returns the
figure of its first settings. In a batch run that records (IRTRACK_BATCH=record, as `workbook site` sets it) it also draws
itself over a few values of its controls, and the web site replays these without a kernel. `LiveCurve` has no controls and is
a figure there.

Each is imported at its first use: most notebooks need neither the trackers nor torch, which takes two seconds to import.
"""

from importlib import import_module

PLACES = {
    "base": ("demo", "live", "png"),
    "changing_shape": ("stretched_target",),
    "filtering": ("filter_an_image", "filter_your_image"),
    "in_time": ("moving_point",),
    "learning": ("LiveCurve",),
    "limits": (
        "best_boxes",
        "noise_with_colour",
        "samples_per_detector",
        "several_frames",
        "where_it_ends",
        "whole_numbers",
    ),
    "network": ("anchors_on_frame", "feature_maps", "network_shapes", "response_maps"),
    "pad": ("ElementPad",),
    "recorded": ("Recorded",),
    "scan": ("TARGETS", "scan_an_image"),
    "tracking": ("pick_and_track", "scrub"),
}


def __getattr__(name):
    place = next((place for place, names in PLACES.items() if name in names), None)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.{place}"), name)
    return found


def __dir__():
    return sorted({*globals(), *(name for names in PLACES.values() for name in names)})
