"""One training step of the networks, float32 beside bfloat16, on one thread: milliseconds, and the ratio.

    python benchmarks/training.py [--widths 0.0625 0.125 0.25 1] [--batch 8] [--steps 5]

Ratios hold only within one run. Where the processor has no instructions for it (AMX, AVX-512 BF16), bfloat16 is slower than
float32: that is why `TrainingSettings(precision="auto")` takes it on a GPU alone.
"""

import argparse
from statistics import median
from time import perf_counter, process_time

import torch

from irtrack_core.config import TrainingSettings, network_preset
from irtrack_core.training.loop import batch_losses, device, new_net


def batch_of(settings, positions, size, where):
    """Random crops, one positive in the middle of each: only the time matters."""
    generator = torch.Generator().manual_seed(0)
    crops = [
        torch.randn(size, len(settings.inputs), side, side, generator=generator)
        for side in (settings.template_size, settings.search_size)
    ]
    q = torch.full((size, settings.m, positions, positions), -1, dtype=torch.int8)
    q[:, 0, positions // 2, positions // 2] = 1
    deltas = torch.zeros(size, 4, settings.m, positions, positions)
    return [part.to(where) for part in (*crops, q, deltas)]


def seconds(settings, precision, size, steps):
    """Median time of a step, forward and backward, the first one left out; on a CPU its own time, whoever else computes."""
    where, plan = device(), TrainingSettings(precision=precision)
    clock = process_time if where.type == "cpu" else perf_counter
    net = new_net(settings).to(where, memory_format=torch.channels_last).train()
    batch, times = batch_of(settings, net.positions(), size, where), []
    for _ in range(steps + 1):
        begin = clock()
        sum(batch_losses(net.train(), batch, plan)).backward()
        if where.type == "cuda":
            torch.cuda.synchronize()
        times.append(clock() - begin)
    return median(times[1:])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--widths", type=float, nargs="+", default=[0.0625, 0.125, 0.25, 1.0])
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--steps", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    nets = {f"paper, width {width:g}": network_preset("paper", width=width) for width in options.widths}
    print(
        f"batch {options.batch}, {device()}, one thread\n{'network':20} {'float32':>9} {'bfloat16':>9}  ratio  1000 steps"
    )
    for name, settings in {"compact": network_preset("compact"), **nets}.items():
        full, half = (seconds(settings, p, options.batch, options.steps) for p in ("float32", "bfloat16"))
        hours = 1000 * full / 3600
        print(f"{name:20} {1000 * full:6.0f} ms {1000 * half:6.0f} ms  {full / half:5.2f}  {hours:.2f} h", flush=True)


if __name__ == "__main__":
    main()
