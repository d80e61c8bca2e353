"""Every setting of the project: frozen, checked, with its default and the reason for it; one file a room.

A misspelled or impossible setting is an error that names it. `settings.replace(length=21)` gives a changed copy.
"""

from irtrack_core.config.base import Settings
from irtrack_core.config.experiments import PROFILES, Profile, profile
from irtrack_core.config.filtering import FilterSettings, TemporalSettings
from irtrack_core.config.imaging import Deformation, ScanSettings, SceneSettings, TargetSettings
from irtrack_core.config.network import NetworkSettings, network_preset
from irtrack_core.config.trackers import (
    DeformingSettings,
    MultiSettings,
    PeakSettings,
    PyramidSettings,
    TrackerSettings,
)
from irtrack_core.config.training import SamplingSettings, TrainingSettings, training_preset

__all__ = [
    "PROFILES",
    "Deformation",
    "DeformingSettings",
    "FilterSettings",
    "MultiSettings",
    "NetworkSettings",
    "PeakSettings",
    "Profile",
    "PyramidSettings",
    "SamplingSettings",
    "ScanSettings",
    "SceneSettings",
    "Settings",
    "TargetSettings",
    "TemporalSettings",
    "TrackerSettings",
    "TrainingSettings",
    "network_preset",
    "profile",
    "training_preset",
]
