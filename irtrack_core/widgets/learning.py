"""A learning curve that grows while a network is trained."""

from time import monotonic

import ipywidgets
from IPython.display import display

from irtrack_core.figures import network as figures
from irtrack_core.figures import style
from irtrack_core.widgets.base import live, png


class LiveCurve:
    """A learning curve for the argument `watch` of `training.loop.train`: drawn again every `every` seconds.

    total: number of iterations, the length of the axis. In a batch run nothing is drawn.
    """

    def __init__(self, total, *, every=1.0):
        self.total, self.every, self.last = total, every, 0.0
        self.image = ipywidgets.Image(format="png") if live() else None
        if self.image is not None:
            self.image.add_class("irtrack-demo")
            display(self.image)

    def __call__(self, history):
        if self.image is None or (monotonic() - self.last < self.every and len(history) < self.total):
            return
        with style.detached():
            figure, axis = style.new(width=6, height=3.2)
        figures.learning_curve(axis, history)
        axis.set_xlim(0, self.total)
        self.image.value = png(figure)
        self.last = monotonic()
