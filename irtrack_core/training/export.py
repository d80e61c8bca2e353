"""A network as ONNX graphs, for every backend but torch: `python -m irtrack_core.training.export WEIGHTS` writes them beside.

Needs torch and the packages onnx and onnxruntime (its quantiser): extras `train` and `runtime`.
"""

import argparse
import io
import logging
import sys
import tempfile
import threading
import warnings
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from irtrack_core.datasets.synthetic import random_sequence
from irtrack_core.network.inference import SIDE, Graphs
from irtrack_core.network.siamese_net import Branch, blank
from irtrack_core.network.torch_inference import SearchBranch, fold_batch_norms
from irtrack_core.network.weights import load_weights, read_card, save_weights
from irtrack_core.training.sampling import PairSampler

_ONE_AT_A_TIME = threading.RLock()  # exporter and `_quiet` change what belongs to the whole process


@contextmanager
def _quiet():
    """Exporter and quantiser talk to developers of theirs: on stdout, as warnings and in the log."""
    with _ONE_AT_A_TIME:
        level = logging.root.manager.disable
        logging.disable(logging.WARNING)
        try:
            with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
                warnings.simplefilter("ignore")
                yield
        finally:
            logging.disable(level)


def graphs(net, *, int8=False, fixed=False):
    """The Graphs of a SiameseNet; int8: with the search branch in 8 bits too, see `quantize`.

    The batch is 1. The side of search crops is free, and fixed by `inference` when a graph is loaded: that is what the
    runtimes are fastest with. fixed: it is `search_size` in the graph already, for other programs.
    """
    net = fold_batch_norms(net)
    template, crop = blank(net)
    with torch.no_grad():
        kernels = net.template(template)
    names = [f"kernel{i}" for i in range(len(kernels))]
    free = {"crop": (2, 3), "scores": (2, 3), "deltas": (3, 4)}
    axes = {name: dict.fromkeys(axes, SIDE if name == "crop" else "n") for name, axes in free.items()}
    axes = None if fixed else axes
    search = _exported(SearchBranch(net), (crop, *kernels), ["crop", *names], ["scores", "deltas"], axes)
    made = Graphs(net.settings, _exported(Branch(net, "template"), (template,), ["crop"], names), search)
    return replace(made, int8=quantize(net, made)) if int8 else made


def _exported(branch, inputs, input_names, output_names, free=None):
    """Bytes of the ONNX model of a branch. free: {input or output: {axis: name}} of the axes of any length."""
    file = io.BytesIO()
    with _quiet(), torch.no_grad():
        # torch's older exporter: the newer one needs two more packages and takes seconds
        torch.onnx.export(
            branch.eval(),
            inputs,
            file,
            dynamo=False,
            opset_version=17,
            input_names=input_names,
            output_names=output_names,
            dynamic_axes=free,
        )
    return file.getvalue()


def _calibration_inputs(net, count, seed=0):
    """`count` dicts of the search graph's inputs, from simulated sequences: what the ranges of int8 are set on."""
    rng = np.random.default_rng(seed)
    sequences = [random_sequence(rng, frames=4) for _ in range(max(1, count // 2))]
    templates, crops, *_ = PairSampler(sequences, net.settings, net.positions(), seed=seed).batch(0, count)
    for template, crop in zip(templates, crops, strict=True):
        with torch.inference_mode():
            kernels = net.template(torch.from_numpy(np.ascontiguousarray(template))[None])
        yield {"crop": crop[None]} | {f"kernel{i}": kernel.numpy() for i, kernel in enumerate(kernels)}


def quantize(net, made, *, count=48, seed=0):
    """The search graph of `made` in 8 bits, bytes: int8 weights, one scale a channel, and uint8 activations.

    net: the SiameseNet that the Graphs `made` were made of. The ranges come from `count` simulated crops. The correlations,
    whose weights are inputs, stay in f32.
    """
    import onnx
    from onnxruntime import quantization as q

    inputs = _calibration_inputs(fold_batch_norms(net), count, seed)

    class Reader(q.CalibrationDataReader):
        get_next = staticmethod(partial(next, inputs, None))

    with tempfile.TemporaryDirectory() as folder:
        source, ready, target = (Path(folder) / f"{name}.onnx" for name in ("f32", "ready", "int8"))
        source.write_bytes(made.search)
        with _quiet():
            q.quant_pre_process(source, ready, skip_symbolic_shape=True)
            model = onnx.load(ready)
            stored = {one.name for one in model.graph.initializer}
            correlations = [n.name for n in model.graph.node if n.op_type == "Conv" and n.input[1] not in stored]
            q.quantize_static(
                ready,
                target,
                Reader(),
                quant_format=q.QuantFormat.QDQ,
                per_channel=True,
                activation_type=q.QuantType.QUInt8,
                weight_type=q.QuantType.QInt8,
                op_types_to_quantize=["Conv", "MaxPool", "Concat"],
                nodes_to_exclude=correlations,
            )
        return target.read_bytes()


def main(arguments=None):
    """Write the graphs of weights files beside them, and their checksums into the files' cards."""
    parser = argparse.ArgumentParser(prog="python -m irtrack_core.training.export", description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    for path in parser.parse_args(arguments).files:
        try:
            net = load_weights(path)
        except (FileNotFoundError, ValueError) as error:
            sys.exit(f"error: {error}")
        save_weights(net, path, read_card(path), graphs(net, int8=True))
        print(f"wrote the graphs of {path}")


if __name__ == "__main__":
    main()
