"""The Siamese trackers by name, with the weights that are shipped."""

from irtrack_core.config import TrackerSettings
from irtrack_core.network.weights import SHIPPED
from irtrack_core.trackers.siamese import SiameseTracker

MOTION = TrackerSettings(mend=0.5, alignment_rounds=1)  # of the tracker `motion`


def create_siamese(weights=None, **options):
    """The preset `compact`, weights as shipped."""
    return SiameseTracker.from_weights(weights or SHIPPED / "compact.safetensors", **options)


def create_motion(weights=None, **options):
    """`siamese` with D of the filter in time as third input of its network, trained on from it.

    Half of what it sees wrong in the given box is mended, and one round of alignment does not pull back what the net corrects
    later. Both were chosen on training clips and simulated sequences, with right and wrong first boxes
    (docs/other_trackers.md).
    """
    options = {"name": "motion", "settings": MOTION} | options
    return SiameseTracker.from_weights(weights or SHIPPED / "motion.safetensors", **options)


def create_paper(weights=None, **options):
    """The preset `paper`. weights: a file made by notebook 05, results/<profile>/weights/paper_fold0_seed0.safetensors;
    none is shipped, so without it paper.safetensors must have been put into `weights.SHIPPED`."""
    path = weights or SHIPPED / "paper.safetensors"
    return SiameseTracker.from_weights(path, preset="paper", **{"name": "paper"} | options)
