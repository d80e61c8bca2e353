"""Interactive demos: each is a tested function that draws a figure, with controls over it; the only importer of ipywidgets.

In a live front end a demo shows its controls and redraws when they move. In a batch run (IRTRACK_BATCH is set) it returns the
figure of its first settings. In a batch run that records (IRTRACK_BATCH=record, as `workbook site` sets it) it also draws
itself over a few values of its controls, and the web site replays these without a kernel. `LiveCurve` has no controls and is
a figure there.
"""

from irtrack_core.widgets.base import demo, live, png
from irtrack_core.widgets.changing_shape import stretched_target
from irtrack_core.widgets.filtering import filter_an_image, filter_your_image
from irtrack_core.widgets.in_time import moving_point
from irtrack_core.widgets.learning import LiveCurve
from irtrack_core.widgets.limits import (
    best_boxes,
    noise_with_colour,
    samples_per_detector,
    several_frames,
    where_it_ends,
    whole_numbers,
)
from irtrack_core.widgets.network import anchors_on_frame, feature_maps, network_shapes, response_maps
from irtrack_core.widgets.pad import ElementPad
from irtrack_core.widgets.recorded import Recorded
from irtrack_core.widgets.scan import TARGETS, scan_an_image
from irtrack_core.widgets.tracking import pick_and_track, scrub

__all__ = [
    "TARGETS",
    "ElementPad",
    "LiveCurve",
    "Recorded",
    "anchors_on_frame",
    "best_boxes",
    "demo",
    "feature_maps",
    "filter_an_image",
    "filter_your_image",
    "live",
    "moving_point",
    "network_shapes",
    "noise_with_colour",
    "pick_and_track",
    "png",
    "response_maps",
    "samples_per_detector",
    "scan_an_image",
    "scrub",
    "several_frames",
    "stretched_target",
    "where_it_ends",
    "whole_numbers",
]
