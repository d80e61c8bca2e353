"""The camera output, and targets that hide, flicker or cross: each against its definition."""

import numpy as np
import pytest
from scipy import ndimage

from irtrack_core import boxes
from irtrack_core.config import ScanSettings, SceneSettings, TargetSettings
from irtrack_core.imaging import camera_output, scan

CALM = dict(shape=(64, 64), gain=0, offset=0, odd_even=0, knee=0, drift=0, spikes=0, jitter=0, stagger=0)
FLAT = SceneSettings(kind="flat")


def test_radiometric_levels_do_not_look_at_the_frame():
    sensor = ScanSettings(bits=14, span=40.0)
    scale, zero = camera_output.gain_and_offset(sensor, np.random.default_rng(0).normal(size=(64, 64)), 0.01)
    assert scale == pytest.approx(16383 / 40) and zero == pytest.approx(16383 / 2)


def test_agc_spreads_its_percentiles_over_most_of_the_range():
    sensor = ScanSettings(bits=8, output="agc", agc_clip=2.0)
    background = np.tile(np.linspace(-3, 5, 401, dtype=np.float32), (401, 1))
    scale, zero = camera_output.gain_and_offset(sensor, background, 1e-6)
    low, high = -3 + 0.02 * 8, 5 - 0.02 * 8
    assert zero + scale * low == pytest.approx(0.1 * 255, abs=0.5)
    assert zero + scale * high == pytest.approx(0.9 * 255, abs=0.5)
    assert camera_output.gain_and_offset(sensor, background, 1.0)[0] == pytest.approx(
        sensor.agc_noise
    )  # noise limits it


def test_detail_takes_away_the_local_mean():
    ramp = np.tile(np.linspace(0, 4, 256, dtype=np.float32), (256, 1))
    spot = np.zeros_like(ramp)
    spot[100:102, 120:122] = 1
    flat = camera_output.subtract_local_mean(ramp + spot, 1.0, 16.0)
    exact = ramp + spot - ndimage.gaussian_filter(ramp + spot, 16.0, mode="reflect")
    np.testing.assert_allclose(flat, exact, atol=0.02)
    np.testing.assert_array_equal(camera_output.subtract_local_mean(ramp, 0.0, 16.0), ramp)


def test_digitise_rounds_clips_and_compresses():
    raw = np.array([[-3.0, 0.4, 0.6], [254.6, 300.0, 17.0]], np.float32)
    assert camera_output.digitise(raw.copy(), ScanSettings(bits=8)).tolist() == [[0, 0, 1], [255, 255, 17]]
    assert camera_output.digitise(raw.copy(), ScanSettings(bits=14)).dtype == np.uint16
    noise = np.random.default_rng(0).uniform(0, 255, (64, 64)).astype(np.float32)
    fine, coarse = (camera_output.digitise(noise.copy(), ScanSettings(bits=8, quality=q)) for q in (95, 20))
    assert 0 < np.abs(fine - noise).mean() < np.abs(coarse - noise).mean() < 60


def test_compression_and_detail_keep_the_sum_exact():
    sensor = ScanSettings(**CALM | dict(bits=8, output="agc", quality=60, detail=0.8, detail_size=12.0))
    frame = scan.simulate(sensor, SceneSettings(kind="trees", std=0.5), frames=2).components(1)
    np.testing.assert_array_equal(frame.image, frame.target + frame.background + frame.clutter)


@pytest.mark.parametrize("bad", [dict(bits=14, quality=50), dict(output="radiometric", detail=0.5), dict(agc_clip=60)])
def test_output_settings_that_contradict_each_other(bad):
    with pytest.raises(ValueError, match="quality|detail|agc_clip"):
        ScanSettings(**bad)


def test_an_occluded_target_fades_and_has_no_box():
    hidden = TargetSettings(snr=200.0, speed=0.2, occlusion=0.3)
    sequence = scan.simulate(ScanSettings(**CALM), FLAT, hidden, frames=60)
    absent = np.isnan(sequence.boxes[:, 0])
    assert absent.sum() == pytest.approx(18, abs=2) and absent[30] and not absent[[0, 15, 45, 59]].any()
    peak = np.array([sequence.components(i).target.max() for i in range(60)])
    assert peak[30] == 0 and peak[absent].max() < 0.6 * peak.max()
    assert peak[~absent].min() > 0.3 * peak.max()


def test_flicker_changes_the_contrast_from_frame_to_frame():
    steady, unsteady = (
        scan.simulate(ScanSettings(**CALM), FLAT, TargetSettings(snr=500.0, speed=0, flicker=f), frames=80)
        for f in (0.0, 0.2)
    )
    peaks = np.array([[s.components(i).target.max() for i in range(80)] for s in (steady, unsteady)])
    assert np.ptp(peaks[0]) == 0
    assert np.log(peaks[1]).std() == pytest.approx(0.2, rel=0.25)


def test_crossing_distractors_meet_the_target():
    scene = SceneSettings(kind="flat", distractors=2, crossing=1, distractor_snr=1.0)
    for seed in range(4):
        target = TargetSettings(snr=100.0, speed=1.0)
        sequence = scan.simulate(ScanSettings(**CALM), scene, target, frames=50, seed=seed)
        distance = np.hypot(*(sequence.objects[1].path - boxes.centers(sequence.boxes)).T)
        assert distance.min() < 1.5 and distance.max() > 15
        assert 10 < distance.argmin() < 40
