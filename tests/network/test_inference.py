"""One set of weights on every backend: the same numbers, the same boxes; and what is said when one is not there."""

import numpy as np
import pytest
import torch

from irtrack_core import boxes as bx
from irtrack_core import datasets, trackers
from irtrack_core.config import network_preset
from irtrack_core.network import inference
from irtrack_core.network.siamese import foreground
from irtrack_core.trackers.pyramid import PyramidTracker
from irtrack_core.trackers.siamese import SiameseTracker
from irtrack_core.training.loop import new_net

OTHERS = [name for name in inference.PRECISIONS if name != "torch"]
ALL = [(name, precision) for name, precisions in inference.PRECISIONS.items() for precision in precisions]


def need(backend, precision="f32"):
    lacking = inference.missing(backend, precision)
    if lacking:
        pytest.skip(f"{', '.join(lacking)} not installed: {inference.INSTALL}")


def tried(settings, seed=0):
    """An untrained net whose batch norms have statistics to fold."""
    net = new_net(settings, seed)
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.3)
                module.running_var.uniform_(0.5, 2)
                module.weight.uniform_(0.5, 1.5)
                module.bias.normal_(0, 0.2)
    return net.eval()


@pytest.fixture(scope="module", params=["compact", "paper"])
def net(request):
    torch.manual_seed(1)
    small = {"compact": dict(width=0.5), "paper": dict(width=0.05, search_size=159)}[request.param]
    return tried(network_preset(request.param, **small))


def crops(net, count=1, seed=0):
    s, rng = net.settings, np.random.default_rng(seed)
    shape = len(s.inputs), s.search_size, s.search_size
    template = rng.standard_normal((len(s.inputs), s.template_size, s.template_size), dtype=np.float32)
    return template, rng.standard_normal((count, *shape), dtype=np.float32)


def plainly(net, template, search):
    """What the network itself says, crop by crop, with its batch norms."""
    results = []
    with torch.no_grad():
        for crop in search:
            r_2m, r_4m = net(torch.from_numpy(template)[None], torch.from_numpy(crop)[None])
            results.append((torch.sigmoid(foreground(r_2m))[0], r_4m[0].reshape(4, -1, *r_4m.shape[-2:])))
    return [torch.stack(each).numpy() for each in zip(*results)]


@pytest.mark.parametrize("backend", inference.PRECISIONS)
def test_every_backend_computes_the_network(net, backend):
    need(backend)
    engine = inference.engine(net, backend)
    assert (engine.backend, engine.precision) == (backend, "f32")
    for seed in (0, 1):  # a new target needs no new engine
        template, search = crops(net, 3, seed)
        engine.template(template)
        for mine, truth in zip(engine.search(search), plainly(net, template, search), strict=True):
            assert mine.dtype == np.float32 and mine.shape == truth.shape
            np.testing.assert_allclose(mine, truth, atol=2e-5)
        one = engine.search(search[1:2])
        np.testing.assert_allclose(one[0], plainly(net, template, search[1:2])[0], atol=2e-5)


@pytest.mark.parametrize("backend", inference.PRECISIONS)
def test_results_are_the_callers_own(net, backend):
    need(backend)
    engine = inference.engine(net, backend)
    template, search = crops(net, 2)
    engine.template(template)
    first = engine.search(search[:1])
    kept = [part.copy() for part in first]
    engine.search(search[1:])
    for mine, before in zip(first, kept, strict=True):
        np.testing.assert_array_equal(mine, before)


def test_folding_leaves_the_net_as_it_was(net):
    before = {name: value.clone() for name, value in net.state_dict().items()}
    folded = inference.fold_batch_norms(net)
    template, search = crops(net)
    for mine, truth in zip(plainly(folded, template, search), plainly(net, template, search), strict=True):
        np.testing.assert_allclose(mine, truth, atol=1e-5)
    count = lambda one: sum(isinstance(m, torch.nn.BatchNorm2d) for m in one.modules())  # noqa: E731
    assert count(folded) < count(net)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_the_graph_says_the_same_to_onnx_itself():
    """The reference evaluator of the onnx package: no runtime of ours, and slow, so a small crop."""
    need("onnxruntime")
    import onnx
    from onnx.reference import ReferenceEvaluator

    small = tried(network_preset("compact", width=0.1, template_size=47, search_size=63))
    graph = onnx.load_from_string(inference.onnx_graph(small))
    onnx.checker.check_model(graph, full_check=True)
    template, search = crops(small)
    with torch.no_grad():
        kernels = small.template(torch.from_numpy(template)[None])
    names = [one.name for one in graph.graph.input]
    assert names == ["crop", *(f"kernel{i}" for i in range(len(kernels)))]
    feed = {"crop": search} | {f"kernel{i}": kernel.numpy() for i, kernel in enumerate(kernels)}
    for mine, truth in zip(ReferenceEvaluator(graph).run(None, feed), plainly(small, template, search), strict=True):
        np.testing.assert_allclose(mine, truth, atol=2e-5)


# --- tracking ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sequence():
    return datasets.load("sim-otcbvs", frames=20, sequences=1)[0]


def follow(tracker, sequence):
    tracker.init(sequence.frames[0], sequence.boxes[0])
    return np.array([tracker.update(sequence.frames[i]) for i in range(1, len(sequence))])


@pytest.fixture(scope="module")
def reference(sequence):
    return follow(trackers.create("siamese"), sequence)


@pytest.mark.parametrize("backend", OTHERS)
def test_the_shipped_tracker_gives_the_same_boxes_everywhere(backend, sequence, reference):
    need(backend)
    tracker = trackers.create("siamese", backend=backend)
    assert tracker.engine.backend == backend
    mine = follow(tracker, sequence)
    assert np.abs(mine - reference).max() < 0.1
    np.testing.assert_array_equal(follow(tracker, sequence), mine)  # and on a second target as on the first


@pytest.mark.parametrize("backend", OTHERS)
def test_the_paper_topology_too(backend, sequence):
    need(backend)
    net = tried(network_preset("paper", width=0.03125))
    boxes = [follow(SiameseTracker(net, backend=name), sequence) for name in ("torch", backend)]
    assert np.abs(boxes[1] - boxes[0]).max() < 0.1


@pytest.mark.parametrize("backend, precision", [pair for pair in ALL if pair[1] != "f32"])
def test_fewer_bits_give_nearly_the_same_boxes(backend, precision, sequence, reference):
    need(backend, precision)
    mine = follow(trackers.create("siamese", backend=backend, precision=precision), sequence)
    truth = sequence.boxes[1:]
    assert bx.iou(mine, truth).mean() > bx.iou(reference, truth).mean() - 0.05
    assert bx.center_error(mine, reference).mean() < 0.5


def test_int8_convolutions_are_quantised_and_correlations_are_not():
    need("onnxruntime", "int8")
    import onnx

    net = tried(network_preset("compact", width=0.25))
    graph = onnx.load_from_string(inference.quantize(net, count=4)).graph
    kinds = {one.name: one.data_type for one in graph.initializer}
    made_by = {name: node for node in graph.node for name in node.output}
    weights = [node.input[1] for node in graph.node if node.op_type == "Conv"]
    sources = [made_by[name].input[0] for name in weights if name in made_by and "kernel" not in name]
    sizes = [kinds.get(name) for name in sources]
    correlations = len(graph.input) - 1  # the template's kernels stay as they are
    assert sizes.count(onnx.TensorProto.INT8) == len(weights) - correlations
    assert inference.quantize(net, count=4) == inference.quantize(net, count=4)


# --- what is not there ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", OTHERS)
@pytest.mark.parametrize("precision, error", [("f32", ImportError), ("int8", ImportError), ("f32", OSError)])
def test_without_its_package_a_backend_falls_back_to_torch(backend, precision, error, monkeypatch, sequence, reference):
    def without(name):
        raise error(name)  # OSError: a system library that it needs is not there

    monkeypatch.setattr(inference.importlib, "import_module", without)
    assert inference.available() == ["torch"]
    with pytest.warns(UserWarning, match=rf"{backend}.*{backend.replace('_', '')}.*install -e \.\[runtime\].*torch"):
        tracker = trackers.create("siamese", backend=backend, precision=precision)
    assert (tracker.engine.backend, tracker.engine.precision) == ("torch", "f32")
    np.testing.assert_array_equal(follow(tracker, sequence), reference)


@pytest.mark.parametrize(
    "options, message",
    [
        (dict(backend="tensorrt"), "unknown backend 'tensorrt': use one of torch, onnxruntime, openvino"),
        (dict(precision="int8"), "'torch' has no precision 'int8'.*for onnxruntime, openvino"),
        (dict(backend="onnxruntime", precision="bf16"), "'onnxruntime' has no precision 'bf16'"),
        (dict(precision="f64"), "no precision 'f64': it has f32, bf16$"),
        (dict(backend="openvino", device_name="cuda"), "use backend='torch'"),
        (dict(device_name="gpu"), "'gpu' names no device"),
        (dict(device_name="cuda:99"), "no device 'cuda:99' here"),
    ],
)
def test_what_cannot_be_had_is_told(options, message):
    with pytest.raises(ValueError, match=message):
        trackers.create("siamese", **options)


def test_a_pyramid_asks_for_its_device_in_the_same_place():
    net = new_net(network_preset("paper", width=0.02, region=False))
    with pytest.raises(ValueError, match="no device 'cuda:99' here"):
        PyramidTracker(net, device_name="cuda:99")
