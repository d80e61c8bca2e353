"""The network at work, without torch where it can be: one set of weights, one call, the same boxes on every backend.

`engine(model, backend="auto")` gives an object with `template(crop)`, called once a target, and `search(crops)`, called once
a frame.
Torch runs a SiameseNet. The other backends run two ONNX graphs, `Graphs`, which come with the shipped weights and which
`training.export` makes of any others. The search graph takes the crop and the template's kernels as inputs: a correlation
with one template is a convolution whose weights are an input, so that a new target needs no new graph.
"""

import importlib
import io
import os
import warnings
from dataclasses import dataclass

import cv2
import numpy as np

from irtrack_core.config import NetworkSettings
from irtrack_core.network import layers
from irtrack_core.network.backends import AUTO, INSTALL, PRECISIONS, check
from irtrack_core.optional import interrupted

SIDE = "side"  # the name that a search graph gives to the side of its crops, which may be of any size


@dataclass(frozen=True)
class Graphs:
    """The two branches of a network as ONNX models: what every backend but torch runs.

    settings: NetworkSettings; template, search, int8: bytes of the models, int8 being the search branch in 8 bits, or None.
    template: crop (1, inputs, T, T) -> kernels. search: crop (1, inputs, S, S) and the kernels -> scores (1, m, n, n), the
    probability of target, and deltas (1, 4, m, n, n). S may be less than `search_size`, and n then is less too.
    """

    settings: NetworkSettings
    template: bytes
    search: bytes
    int8: bytes | None = None

    def positions(self):
        """n, the positions along a side of the score map."""
        return layers.positions(self.settings)


def missing(backend):
    """Name of the package that a backend needs and that cannot be imported, or None."""
    if backend == "opencv":
        return None
    try:
        importlib.import_module(backend)
    except (ImportError, OSError) as error:  # not there, or a system library that it needs is not
        if stop := interrupted(error):
            raise stop from None
        return backend
    return None


def available():
    """Names of the backends whose packages are installed; opencv always is."""
    return [name for name in PRECISIONS if not missing(name)]


def choose(backend="auto", precision="f32", device_name="cpu", *, graphs=True):
    """(backend, precision) that can be had here: what was asked for where it is installed.

    "auto" is torch for a SiameseNet (graphs=False) or another device than the cpu, else the first of AUTO with that precision
    that is installed. Where a named backend's package is missing, a warning says so and the automatic choice in f32 is taken.
    Raises ValueError as `check` does, and where "auto" finds nothing with that precision.
    """
    check(backend, precision, device_name)
    if backend == "auto":
        if not graphs or device_name != "cpu":
            return "torch", precision
        for name in AUTO:
            if precision in PRECISIONS[name] and not missing(name):
                return name, precision
        raise ValueError(f"precision {precision!r} needs onnxruntime or openvino: {INSTALL['onnxruntime']}")
    if lacking := missing(backend):
        chosen, _ = choose(graphs=graphs)
        message = f"backend {backend!r} needs {lacking} ({INSTALL[backend]}): going on with {chosen} in f32"
        warnings.warn(message, stacklevel=4)
        return chosen, "f32"
    return backend, precision


def engine(model, backend="auto", precision="f32", *, device_name="cpu", threads=None):
    """The engine that runs a model in `precision` on `backend`.

    model: a SiameseNet, for torch, or Graphs, for the others. precision: "f32"; "bf16" (torch, openvino); "int8"
    (onnxruntime, openvino). device_name: other than "cpu" for torch only. threads: of onnxruntime and openvino; None:
    OMP_NUM_THREADS, else all cores. What "auto" is, what is taken instead and what is refused: see `choose`.
    """
    graphs = isinstance(model, Graphs)
    backend, precision = choose(backend, precision, device_name, graphs=graphs)
    if graphs is (backend == "torch"):
        raise ValueError(f"backend {backend!r} cannot run a {type(model).__name__}: see training.export.graphs")
    if backend == "torch":
        from irtrack_core.network.torch_inference import TorchEngine

        return TorchEngine(model, precision, device_name=device_name)
    kind = {"opencv": OpenCvEngine, "onnxruntime": OnnxRuntimeEngine, "openvino": OpenVinoEngine}[backend]
    return kind(model, precision, threads or int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1))


class GraphEngine:
    """What the three backends that run ONNX graphs share. kernels: of the last template, one array for each of the head's."""

    def __init__(self, graphs, precision, threads):
        self.precision, self.threads, self.device = precision, threads, "cpu"
        self.graphs = graphs
        self._check()
        try:
            self.template_graph = self._load(graphs.template)
            self.search_graphs = {graphs.settings.search_size: self._search_graph(graphs.settings.search_size)}
        except ImportError:
            raise
        except Exception as error:  # each package has errors of its own
            words = " ".join(str(error).split())[:300]
            raise ValueError(f"{self.backend} cannot load the network's graphs ({words}): make them again") from error

    def _check(self):
        """Raises RuntimeError where the backend cannot work in this process."""

    def _search_graph(self, side):
        return self._load(self.graphs.int8 if self.precision == "int8" else self.graphs.search, side)

    def takes(self, side):
        """True where search crops of `side` pixels can be searched: not where the graphs were made for one size alone.

        Those of earlier versions were. The first time loads a graph; it has to come after a `template`.
        """
        if side not in self.search_graphs:
            try:
                graph = self._search_graph(side)
                shape = 1, self.graphs.settings.planes, side, side
                self._run(graph, [np.zeros(shape, np.float32), *self.kernels])
                self.search_graphs[side] = graph
            except Exception:  # each package has errors of its own
                self.search_graphs[side] = None
        return self.search_graphs[side] is not None

    def template(self, crop):
        """Take the target that the template crop (inputs, T, T) float32 shows."""
        self.kernels = self._run(self.template_graph, [crop[None]])

    def search(self, crops, kernels=None):
        """(scores (K, m, n, n), deltas (K, 4, m, n, n)), float32, of search crops (K, inputs, S, S) float32.

        kernels: of K templates, one for each crop; None: all crops are searched for the target of the last `template`.
        S: `search_size`, or another side that it `takes`.
        """
        found, side = [], crops.shape[-1]
        if side not in self.search_graphs:  # in a copy of an engine that has loaded it
            self.search_graphs[side] = self._search_graph(side)
        graph = self.search_graphs[side]
        for i in range(len(crops)):
            own = self.kernels if kernels is None else [kernel[i : i + 1] for kernel in kernels]
            found.append(self._run(graph, [crops[i : i + 1], *own]))
        return tuple(found[0]) if len(found) == 1 else tuple(map(np.concatenate, zip(*found)))

    # a copied or pickled tracker has engines of its own: those of the runtimes cannot be copied
    def __getstate__(self):
        kept = {"kernels": self.kernels} if hasattr(self, "kernels") else {}
        return kept | {"how": (self.graphs, self.precision, self.threads)}

    def __setstate__(self, state):
        self.__init__(*state.pop("how"))
        self.__dict__.update(state)


class OpenCvEngine(GraphEngine):
    """The graphs on OpenCV's own dnn module, which needs no further package."""

    backend = "opencv"

    def _load(self, graph, side=None):
        # sizes are those of the crop that comes first, and stay so: a net of its own for each
        net = cv2.dnn.readNetFromONNX(np.frombuffer(graph, np.uint8), engine=cv2.dnn.ENGINE_CLASSIC)
        return net, net.getUnconnectedOutLayersNames()

    def _run(self, graph, inputs):
        net, outputs = graph
        for name, value in zip(("crop", "kernel0", "kernel1"), inputs):
            net.setInput(value, name)
        return [np.array(output) for output in net.forward(outputs)]


class OnnxRuntimeEngine(GraphEngine):
    """The graphs on ONNX Runtime."""

    backend = "onnxruntime"

    def _load(self, graph, side=None):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        if side:
            options.add_free_dimension_override_by_name(SIDE, side)
        options.intra_op_num_threads, options.log_severity_level = self.threads, 3
        session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        return session, [one.name for one in session.get_inputs()]

    def _run(self, graph, inputs):
        session, names = graph
        return session.run(None, dict(zip(names, inputs)))


class OpenVinoEngine(GraphEngine):
    """The graphs on OpenVINO. Its tensors share the memory of arrays that are made once: a third of a small net's time would
    else go into handing them over."""

    backend = "openvino"
    _ran = None  # the process in which it first computed

    def _check(self):
        if self._ran not in (None, os.getpid()):  # it would wait for threads that a fork does not take along
            raise RuntimeError(
                "openvino has run in the process that this one was forked from, and cannot start here: start processes by "
                "multiprocessing.get_context('spawn'), or use backend='onnxruntime'"
            )

    def _load(self, graph, side=None):
        import openvino

        hints = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": self.threads, "NUM_STREAMS": 1}
        hints["INFERENCE_PRECISION_HINT"] = "bf16" if self.precision == "bf16" else "f32"  # else it would choose bf16
        core = openvino.Core()
        model = core.read_model(io.BytesIO(graph))
        if side:
            model.reshape({"crop": [*model.input("crop").partial_shape[:2], side, side]})
        request = core.compile_model(model, "CPU", hints).create_infer_request()
        arrays = [np.zeros(tuple(one.shape), np.float32) for one in request.model_inputs]
        for i, array in enumerate(arrays):
            request.set_input_tensor(i, openvino.Tensor(array, shared_memory=True))
        return request, arrays, [request.get_output_tensor(i) for i in range(len(request.model_outputs))]

    def _run(self, graph, inputs):
        OpenVinoEngine._ran = self._ran or os.getpid()
        request, arrays, outputs = graph
        for array, value in zip(arrays, inputs, strict=True):
            array[...] = value
        request.infer()
        return [output.data.copy() for output in outputs]
