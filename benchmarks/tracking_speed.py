"""Frames per second of the trackers, end to end: window filter, crop, network, decoding, choice; side by side in one run.

    python benchmarks/tracking_speed.py [rounds] [--threads 1 2] [--paper] [--many 1 4 16] [--base FOLDER]

Every tracker takes a round in turn, so that a busy machine is unfair to none; given is the median round, its ratio to the
peak tracker, and where a frame's time goes. "cpu" is the processor's time for a frame, all threads together: where other
programs run it says what an idle core would do, for the wall's time then holds waiting as well.

`siamese` is shown on every backend, on targets of three sizes and in a frame eight times as large, beside `motion` and
`peak-motion`, which see past frames; with --base the `siamese` of an older checkout takes its turns too. `paper` is the
paper's network at full width, untrained (its speed does not depend on its weights); `many` is the shipped tracker on several
sequences in step, one call of the network for all (torch). CSRT and KCF take their turns in the environment that
`make baselines` makes, where it is there.
"""

import argparse
import sys
import time
from functools import partial

import cv2
import numpy as np
import torch
from away import PYTHON, Away, run

from irtrack_core import trackers
from irtrack_core.config import ScanSettings, SceneSettings, TargetSettings, network_preset
from irtrack_core.datasets import in_memory
from irtrack_core.datasets.synthetic import as_sequence
from irtrack_core.experiments.speed import STAGES, hardware, stages_of
from irtrack_core.imaging.scan import Simulation
from irtrack_core.network import inference
from irtrack_core.trackers import opencv
from irtrack_core.trackers.batched import BatchedTracker
from irtrack_core.trackers.siamese import SiameseTracker
from irtrack_core.training.loop import new_net

FRAMES = 60  # of a clip: its first ones, in which the place is not known well yet, take longer
BASE = " (base)"


def clip(size, shape=(480, 640), frames=FRAMES):
    """A Sequence: a simulated aircraft of `size` pixels before clouds, 8 bit."""
    sensor = ScanSettings(shape=shape, bits=8, output="agc")
    target = TargetSettings(kind="aircraft", size=size, snr=25, speed=1.0)
    simulation = Simulation(sensor, SceneSettings(), target, frames=frames, seed=1)
    return in_memory(as_sequence(simulation, f"aircraft-{size}", "benchmark"))


def race(made, sequence, rounds):
    """(wall, cpu) seconds a frame of each tracker, the median round; the trackers take turns."""

    def turn(tracker, count=None):
        clip = sequence.frames, sequence.boxes[0], count
        return tracker.run(*clip) if isinstance(tracker, Away) else run(tracker, *clip)

    for tracker in made.values():
        turn(tracker, 6)
    turns = [{name: turn(tracker) for name, tracker in made.items()} for _ in range(rounds)]
    return {name: np.median([turn[name] for turn in turns], axis=0) for name in made}


def engines(make):
    """Name -> tracker on every backend and precision that is installed; make(backend=, precision=) -> tracker."""
    made = {}
    for backend, precisions in inference.PRECISIONS.items():
        for precision in precisions:
            if not inference.missing(backend):
                made[f"{backend} {precision}"] = make(backend=backend, precision=precision)
    return made


def older_engines(made, folder, threads):
    """Name -> `siamese` of another checkout, with the same backends and precisions."""
    found = {}
    for name in made:
        backend, precision = name.split()
        options = dict(backend=backend, precision=precision, threads=threads)
        try:
            found[name + BASE] = Away("siamese", sys.executable, folder, **options)
        except RuntimeError:
            print(f"the older checkout has no {name}")
    return found


def compare(title, sequence, others, siamese, rounds):
    """Print the table of one clip."""
    took = race(others | siamese, sequence, rounds)
    print(f"\n{title}")
    head = f"{'':28} {'wall ms':>8} {'fps':>6} {'cpu ms':>7} {'fps':>6} {'x peak':>7} {'x base':>7}"
    print(f"{head}   {' '.join(f'{stage:>7}' for stage in STAGES)} ms")
    for name, (wall, cpu) in took.items():
        parts = stages_of(siamese[name], [sequence]) if name in siamese else {}
        columns = " ".join(f"{value:7.3f}" for value in parts.values())
        base = f"{took[name + BASE][1] / cpu:7.2f}" if name + BASE in took else f"{'':7}"
        ratio = took["peak"][1] / cpu
        print(
            f"{name:28} {1e3 * wall:8.3f} {1 / wall:6.0f} {1e3 * cpu:7.3f} {1 / cpu:6.0f} {ratio:7.3f} {base}   {columns}"
        )


def many(counts, rounds):
    """Print the frames per second of so many sequences in step, beside one after the other."""
    sequence, model = clip(16), trackers.create("siamese", backend="torch")
    runs = {count: BatchedTracker(model) for count in counts}

    def took(count):
        runs[count].init([sequence.frames[0]] * count, [sequence.boxes[0]] * count)
        begin = time.process_time(), time.perf_counter()
        for k in range(1, len(sequence)):
            runs[count].update([sequence.frames[k]] * count)
        frames = count * (len(sequence) - 1)
        return (time.process_time() - begin[0]) / frames, (time.perf_counter() - begin[1]) / frames

    turns = [{count: took(count) for count in counts} for _ in range(rounds)]
    print(f"\nmany sequences in step, {torch.get_num_threads()} thread(s), torch f32: target 16 px, frame 640 x 480")
    for count in counts:
        cpu, wall = np.median([turn[count] for turn in turns], axis=0)
        print(f"{count:4} sequences: {1 / wall:6.0f} frames/s by the wall, {1 / cpu:6.0f} a core")


def main(rounds=5, threads=(1,), paper=False, counts=(), base=None):
    cv2.setNumThreads(1)
    print(f"{hardware()}; OpenCV {cv2.__version__}, torch {torch.__version__}")
    others = {name: trackers.create(name) for name in ("peak", "peak-motion")}
    if "csrt" in opencv.available():
        others["csrt"] = trackers.create("csrt")
    elif PYTHON.is_file():
        others |= {name: Away(name) for name in ("csrt", "kcf")}
    else:
        print("without csrt: `make baselines` makes an environment that has it")
    for number in threads:
        torch.set_num_threads(number)
        made = engines(partial(trackers.create, "siamese", threads=number))
        older = {} if base is None else older_engines(made, base, number)
        made |= {"motion": trackers.create("motion", threads=number)}
        for size, shape in ((8, (480, 640)), (8, (1360, 1810)), (16, (480, 640)), (32, (480, 640))):
            sequence = clip(size, shape)
            title = f"siamese, {number} thread(s): target {size} px, frame {shape[1]} x {shape[0]}"
            compare(title, sequence, others | older, made, rounds)
        if counts:
            many(counts, rounds)
        if paper:
            net = new_net(network_preset("paper"))
            made = engines(partial(SiameseTracker, net, threads=number))
            title = f"paper at full width, {number} thread(s): target 8 px, frame 640 x 480"
            compare(title, clip(8, frames=12), {"peak": others["peak"]}, made, 3)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rounds", type=int, nargs="?", default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1], help="of torch and of the runtimes")
    parser.add_argument("--paper", action="store_true", help="the paper's network at full width, too")
    parser.add_argument("--many", type=int, nargs="+", default=[], help="numbers of sequences that are tracked in step")
    parser.add_argument("--base", help="folder with a checkout of an older commit")
    options = parser.parse_args()
    main(options.rounds, options.threads, options.paper, options.many, options.base)
