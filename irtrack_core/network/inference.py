"""The search branch on torch, ONNX Runtime or OpenVINO: one set of weights, one call, the same boxes.

`engine(net, backend="openvino")` gives an object with `template(crop)`, once a target, and `search(crops)`, once a frame.
The template branch stays in torch: it runs once. Batch norms are folded into the convolutions before them, and for the other
two backends the search branch becomes an ONNX graph whose inputs are the crop and the template's kernels: a correlation
with one template is a convolution whose weights are an input, so that a new target needs no new graph.
"""

import copy
import importlib
import io
import logging
import tempfile
import warnings
from contextlib import contextmanager, redirect_stdout
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from irtrack_core.datasets.synthetic import random_sequence
from irtrack_core.network.siamese import foreground
from irtrack_core.training.loop import device
from irtrack_core.training.sampling import PairSampler

__all__ = ["PRECISIONS", "available", "engine", "fold_batch_norms", "onnx_graph", "quantize"]

# what each backend computes in; f32 first, the others change the boxes a little
PRECISIONS = {"torch": ("f32", "bf16"), "onnxruntime": ("f32", "int8"), "openvino": ("f32", "bf16", "int8")}
NEEDS = {"torch": (), "onnxruntime": ("onnx", "onnxruntime"), "openvino": ("onnx", "openvino")}
INSTALL = "pip install -e .[runtime]"


def missing(backend, precision="f32"):
    """Packages that a backend needs and that cannot be imported."""
    needs = set(NEEDS[backend]) | ({"onnxruntime"} if precision == "int8" else set())  # its quantisation tool
    lacking = []
    for name in sorted(needs):
        try:
            importlib.import_module(name)
        except (ImportError, OSError):  # not there, or a system library that it needs is not
            lacking.append(name)
    return lacking


def available():
    """Names of the backends whose packages are installed; torch always is."""
    return [name for name in PRECISIONS if not missing(name)]


def engine(net, backend="torch", precision="f32", *, device_name="cpu", threads=None):
    """The engine that runs a SiameseNet in `precision` on `backend`.

    backend: "torch", "onnxruntime" or "openvino"; where its package is missing, a warning says so and torch is taken.
    precision: "f32"; "bf16" (torch, openvino); "int8" (onnxruntime, openvino), quantised on simulated crops, which takes
    a few seconds. device_name: other than "cpu" for torch only. threads: of the two others; None: as many as torch.
    Raises ValueError for an unknown backend, or a precision or device that it lacks.
    """
    if backend not in PRECISIONS:
        raise ValueError(f"unknown backend {backend!r}: use one of {', '.join(PRECISIONS)}")
    if precision not in PRECISIONS[backend]:
        able = [name for name, precisions in PRECISIONS.items() if precision in precisions]
        raise ValueError(
            f"backend {backend!r} has no precision {precision!r}: it has {', '.join(PRECISIONS[backend])}"
            + (f"; {precision} is for {', '.join(able)}" if able else "")
        )
    if backend != "torch" and torch.device(device_name).type != "cpu":
        raise ValueError(f"backend {backend!r} runs on the cpu; for {device_name!r} use backend='torch'")
    lacking = missing(backend, precision)
    if lacking:
        message = f"backend {backend!r} needs {', '.join(lacking)} ({INSTALL}): going on with torch in f32"
        warnings.warn(message, stacklevel=2)
        backend, precision = "torch", "f32"
    kind = {"torch": TorchEngine, "onnxruntime": OnnxRuntimeEngine, "openvino": OpenVinoEngine}[backend]
    return kind(net, precision, device_name=device_name, threads=threads or torch.get_num_threads())


def fold_batch_norms(net):
    """A copy of `net` for inference in which no batch norm follows a convolution directly: its scale and shift are the
    convolution's own. The same function up to rounding."""
    net = copy.deepcopy(net).eval().requires_grad_(False)
    for module in [m for m in net.modules() if isinstance(m, nn.Sequential)]:
        for i in range(len(module) - 1):
            if isinstance(module[i], nn.Conv2d) and isinstance(module[i + 1], nn.BatchNorm2d):
                module[i], module[i + 1] = fuse_conv_bn_eval(module[i], module[i + 1]), nn.Identity()
    return net


class SearchBranch(nn.Module):
    """crop (1, inputs, S, S) and the template's kernels -> probability of target (1, m, n, n), deltas (1, 4, m, n, n)."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, crop, *kernels):
        r_2m, r_4m = (r.float() for r in self.net.search(crop, kernels))  # in bf16 a sigmoid has few values near 1
        return torch.sigmoid(foreground(r_2m)), r_4m.unflatten(1, (4, -1))


class TorchEngine:
    """Torch itself, the reference. The others inherit the template branch."""

    backend = "torch"

    def __init__(self, net, precision, *, device_name="cpu", threads=1):
        self.precision, self.device, self.threads = precision, device(device_name), threads
        # channels last: the layout in which small convolutions and pools run about twice as fast on a CPU
        self.net = fold_batch_norms(net).to(self.device, memory_format=torch.channels_last)
        self.branch = SearchBranch(self.net)
        if precision == "bf16":
            self.branch = SearchBranch(copy.deepcopy(self.net).to(torch.bfloat16))

    def template(self, crop):
        """Take the target that the template crop (inputs, T, T) float32 shows."""
        with torch.inference_mode():
            self.kernels = self.net.template(torch.from_numpy(crop)[None].to(self.device))

    def search(self, crops, kernels=None):
        """(scores (K, m, n, n), deltas (K, 4, m, n, n)), float32, of search crops (K, inputs, S, S) float32.

        kernels: of K templates, one for each crop; None: all crops are searched for the target of the last `template`.
        """
        kind = torch.bfloat16 if self.precision == "bf16" else torch.float32
        with torch.inference_mode():
            kernels = [
                kernel.to(kind).expand(len(crops), *kernel.shape[1:])
                for kernel in (self.kernels if kernels is None else kernels)
            ]
            results = self.branch(torch.from_numpy(crops).to(self.device, kind), *kernels)
            return tuple(result.cpu().numpy() for result in results)


class OnnxRuntimeEngine(TorchEngine):
    """The ONNX graph on ONNX Runtime."""

    backend = "onnxruntime"

    def __init__(self, net, precision, **options):
        super().__init__(net, "f32", **options)
        self.precision = precision
        graph = onnx_graph(self.net) if precision != "int8" else quantize(self.net)
        self._load(graph)

    def _load(self, graph):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = self.threads, 3
        self.session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self.names = [one.name for one in self.session.get_inputs()]

    def template(self, crop):
        super().template(crop)
        self.feed = dict(zip(self.names[1:], (kernel.cpu().numpy() for kernel in self.kernels)))

    def _one(self, crop):
        return self.session.run(None, {self.names[0]: crop} | self.feed)

    def search(self, crops):
        found = [self._one(crops[i : i + 1]) for i in range(len(crops))]
        if len(found) == 1:
            return tuple(found[0])
        return tuple(np.concatenate(results) for results in zip(*found))


class OpenVinoEngine(OnnxRuntimeEngine):
    """The ONNX graph on OpenVINO. Its tensors share the memory of arrays that are made once: a third of a small net's time
    would else go into handing them over."""

    backend = "openvino"

    def _load(self, graph):
        import openvino

        hints = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": self.threads, "NUM_STREAMS": 1}
        hints["INFERENCE_PRECISION_HINT"] = "bf16" if self.precision == "bf16" else "f32"  # else it would choose bf16
        core = openvino.Core()
        self.request = core.compile_model(core.read_model(io.BytesIO(graph)), "CPU", hints).create_infer_request()
        self.arrays = [np.zeros(tuple(one.shape), np.float32) for one in self.request.model_inputs]
        for i, array in enumerate(self.arrays):
            self.request.set_input_tensor(i, openvino.Tensor(array, shared_memory=True))
        self.outputs = [self.request.get_output_tensor(i) for i in range(len(self.request.model_outputs))]

    def template(self, crop):
        TorchEngine.template(self, crop)
        for array, kernel in zip(self.arrays[1:], self.kernels, strict=True):
            array[...] = kernel.cpu().numpy()

    def _one(self, crop):
        self.arrays[0][...] = crop
        self.request.infer()
        return [output.data.copy() for output in self.outputs]


@contextmanager
def _quiet():
    """Exporter and quantiser talk to developers of theirs: on stdout, as warnings and in the log."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)


def _example(net):
    """(crop, kernels) of the shapes that a net's search branch takes."""
    s, like = net.settings, next(net.parameters())
    template, crop = (like.new_zeros(1, len(s.inputs), size, size) for size in (s.template_size, s.search_size))
    with torch.no_grad():
        return crop, net.template(template)


def onnx_graph(net):
    """The search branch of a net as the bytes of an ONNX model: inputs crop, kernel0, kernel1; outputs scores, deltas.

    Needs the package onnx. Shapes are fixed, batch 1: that is what the two runtimes are fastest with.
    """
    net, file = fold_batch_norms(net), io.BytesIO()
    crop, kernels = _example(net)
    with _quiet(), torch.no_grad():
        # torch's older exporter: the newer one needs two more packages and takes seconds
        torch.onnx.export(
            SearchBranch(net).eval(),
            (crop, *kernels),
            file,
            dynamo=False,
            opset_version=17,
            input_names=["crop", *(f"kernel{i}" for i in range(len(kernels)))],
            output_names=["scores", "deltas"],
        )
    return file.getvalue()


def calibration_pairs(net, count, seed=0):
    """`count` dicts of the graph's inputs, from simulated sequences: what the ranges of int8 are set on."""
    rng = np.random.default_rng(seed)
    sequences = [random_sequence(rng, frames=4) for _ in range(max(1, count // 2))]
    sampler = PairSampler(sequences, net.settings, net.positions(), seed=seed)
    templates, crops, *_ = sampler.batch(0, count)
    for template, crop in zip(templates, crops, strict=True):
        with torch.inference_mode():
            kernels = net.template(torch.from_numpy(np.ascontiguousarray(template))[None])
        yield {"crop": crop[None]} | {f"kernel{i}": kernel.numpy() for i, kernel in enumerate(kernels)}


def quantize(net, *, count=48, seed=0):
    """`onnx_graph` in 8 bits: convolutions with int8 weights, one scale a channel, and uint8 activations.

    The ranges come from `count` simulated crops. The correlations, whose weights are inputs, stay in f32.
    Needs the packages onnx and onnxruntime.
    """
    import onnx
    from onnxruntime import quantization as q

    pairs = calibration_pairs(fold_batch_norms(net), count, seed)

    class Reader(q.CalibrationDataReader):
        get_next = staticmethod(partial(next, pairs, None))

    with tempfile.TemporaryDirectory() as folder:
        source, ready, target = (Path(folder) / f"{name}.onnx" for name in ("f32", "ready", "int8"))
        source.write_bytes(onnx_graph(net))
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
