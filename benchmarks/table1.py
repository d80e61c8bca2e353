"""Table 1 at the paper's own width: frames per second of `paper` and of the rebuilt [8]-[11], side by side in one run.

    python benchmarks/table1.py [--frames 12] [--rounds 3] [--threads 1] [--out FILE.csv]

Full width, untrained (the speed does not depend on the weights), in the bare frame that they are compared in, on one sequence
of each simulated set, end to end: filter, crops, network, decoding. All run in torch; `paper` also in every runtime that is
installed. The rebuilt methods have no exported graphs, so their fastest runtime is torch. Trackers take turns;
given are the median round and its ratio to `paper` in torch, by the processor's time: other programs may run.
"""

import argparse
import sys
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch
from away import run

from irtrack_core import datasets
from irtrack_core.config import PyramidSettings, TrackerSettings
from irtrack_core.datasets import in_memory
from irtrack_core.experiments import protocol
from irtrack_core.experiments.cached import write_card
from irtrack_core.experiments.compared.notes import BARE, BARE_REGION
from irtrack_core.experiments.compared.tracker import ComparedTracker
from irtrack_core.experiments.compared.train_methods import network_settings, new_network
from irtrack_core.experiments.speed import hardware
from irtrack_core.network import inference
from irtrack_core.provenance import limit_threads, provenance
from irtrack_core.trackers.siamese import SiameseTracker


def trackers_of(threads):
    """{(name, backend precision): tracker} of all that can be run here."""
    nets = {name: new_network(network_settings(name)).eval() for name in protocol.METHODS}
    paper = partial(SiameseTracker, nets["paper"], settings=TrackerSettings(**BARE_REGION), threads=threads)
    made = {}
    for backend, precisions in inference.PRECISIONS.items():
        for precision in precisions:
            if not inference.missing(backend):
                made["paper", f"{backend} {precision}"] = paper(backend=backend, precision=precision)
    for name in protocol.METHODS[1:]:
        made[name, "torch f32"] = ComparedTracker(nets[name], settings=PyramidSettings(**BARE))
    return made


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=12, help="of each sequence")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, help="CSV file; a card is written beside it")
    options, made_by = parser.parse_args(), provenance()
    limit_threads(options.threads)
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    made, rows = trackers_of(options.threads), []
    for name in datasets.SIMULATED:
        sequence = in_memory(datasets.load(name, frames=options.frames, sequences=1, seed=0)[0])
        clip = sequence.frames, sequence.boxes[0]
        for tracker in made.values():
            run(tracker, *clip, 3)
        turns = [{key: run(tracker, *clip) for key, tracker in made.items()} for _ in range(options.rounds)]
        for key in made:
            wall, cpu = np.median([turn[key] for turn in turns], axis=0)
            rows.append((name, *key, 1 / wall, 1 / cpu))
    table = pd.DataFrame(rows, columns=["dataset", "tracker", "runtime", "fps", "fps_cpu"])
    reference = table[(table["tracker"] == "paper") & (table["runtime"] == "torch f32")].set_index("dataset")["fps_cpu"]
    table["ratio"] = table["fps_cpu"] / table["dataset"].map(reference)
    print(f"{hardware()}, {options.threads} thread(s)")
    print(table.round(2).to_string(index=False))
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        table.round(3).to_csv(options.out, index=False)
        command = " ".join(["python", "benchmarks/table1.py", *sys.argv[1:]])
        write_card(options.out, command, made_by, hardware=hardware(), threads=options.threads)


if __name__ == "__main__":
    main()
