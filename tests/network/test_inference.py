"""One set of weights on every backend: the same numbers, the same boxes; and what is said when one is not there."""

import copy
import importlib
import logging
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from irtrack_core import boxes as bx
from irtrack_core import datasets, trackers
from irtrack_core.config import network_preset
from irtrack_core.network import inference, layers, torch_inference, weights
from irtrack_core.network.siamese_net import foreground
from irtrack_core.trackers.pyramid import PyramidTracker
from irtrack_core.trackers.siamese import SiameseTracker
from irtrack_core.training import export
from irtrack_core.training.loop import new_net

OTHERS = [name for name in inference.PRECISIONS if name != "torch"]
ALL = [(name, precision) for name, precisions in inference.PRECISIONS.items() for precision in precisions]


def need(backend):
    if lacking := inference.missing(backend):
        pytest.skip(f"{lacking} not installed: {inference.INSTALL[backend]}")


def runnable(net, backend):
    return net if backend == "torch" else export.graphs(net)


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
    engine = inference.engine(runnable(net, backend), backend)
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
    engine = inference.engine(runnable(net, backend), backend)
    template, search = crops(net, 2)
    engine.template(template)
    first = engine.search(search[:1])
    kept = [part.copy() for part in first]
    engine.search(search[1:])
    for mine, before in zip(first, kept, strict=True):
        np.testing.assert_array_equal(mine, before)


def test_folding_leaves_the_net_as_it_was(net):
    before = {name: value.clone() for name, value in net.state_dict().items()}
    folded = torch_inference.fold_batch_norms(net)
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
    graph = onnx.load_from_string(export.graphs(small).search)
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
    return follow(trackers.create("siamese", backend="torch"), sequence)


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
    need(backend)
    mine = follow(trackers.create("siamese", backend=backend, precision=precision), sequence)
    truth = sequence.boxes[1:]
    assert bx.iou(mine, truth).mean() > bx.iou(reference, truth).mean() - 0.05
    assert bx.center_error(mine, reference).mean() < 0.5


def test_int8_convolutions_are_quantised_and_correlations_are_not():
    need("onnxruntime")
    import onnx

    net = tried(network_preset("compact", width=0.25))
    made = export.graphs(net)
    graph = onnx.load_from_string(export.quantize(net, made, count=4)).graph
    kinds = {one.name: one.data_type for one in graph.initializer}
    made_by = {name: node for node in graph.node for name in node.output}
    weights = [node.input[1] for node in graph.node if node.op_type == "Conv"]
    sources = [made_by[name].input[0] for name in weights if name in made_by and "kernel" not in name]
    sizes = [kinds.get(name) for name in sources]
    correlations = len(graph.input) - 1  # the template's kernels stay as they are
    assert sizes.count(onnx.TensorProto.INT8) == len(weights) - correlations
    assert export.quantize(net, made, count=4) == export.quantize(net, made, count=4)


# --- what is not there ------------------------------------------------------------------------------------------------


def without(error, *names):
    """An `import_module` to which the packages `names` are not there."""
    plain = importlib.import_module

    def importing(name):
        if name in names:
            raise error(name)  # OSError: a system library that it needs is not there
        return plain(name)

    return importing


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
@pytest.mark.parametrize("precision, error", [("f32", ImportError), ("int8", ImportError), ("f32", OSError)])
def test_without_its_package_a_backend_falls_back(backend, precision, error, monkeypatch, sequence, reference):
    monkeypatch.setattr(inference.importlib, "import_module", without(error, "onnxruntime", "openvino"))
    assert inference.available() == ["torch", "opencv"]
    with pytest.warns(UserWarning, match=rf"{backend}.*install irtrack-core\[runtime\].*with opencv in f32"):
        tracker = trackers.create("siamese", backend=backend, precision=precision)
    assert (tracker.engine.backend, tracker.engine.precision) == ("opencv", "f32")
    assert np.abs(follow(tracker, sequence) - reference).max() < 0.1
    with pytest.warns(UserWarning, match="with torch in f32"):
        assert SiameseTracker(new_net(network_preset("compact", width=0.1)), backend=backend).engine.backend == "torch"


def test_auto_takes_the_fastest_that_is_there(monkeypatch):
    monkeypatch.setattr(inference.importlib, "import_module", without(ImportError, "onnxruntime"))
    expected = "opencv" if inference.missing("openvino") else "openvino"
    assert trackers.create("siamese").engine.backend == expected
    monkeypatch.setattr(inference.importlib, "import_module", without(ImportError, "onnxruntime", "openvino", "torch"))
    assert trackers.create("siamese").engine.backend == "opencv"
    with pytest.raises(ValueError, match="precision 'int8' needs onnxruntime or openvino: pip install"):
        trackers.create("siamese", precision="int8")


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
def test_a_stop_while_a_backend_is_imported_is_a_stop(monkeypatch, backend):
    """Not a package that is missing: tracking would go on, unstoppable, with another backend."""
    stop = KeyboardInterrupt(15)

    def importing(name):  # as compiled modules put it
        raise ImportError("initialization failed") from stop

    monkeypatch.setattr(inference.importlib, "import_module", importing)
    with pytest.raises(KeyboardInterrupt) as caught:
        trackers.create("siamese", backend=backend)
    assert caught.value is stop


# --- the graphs that are shipped --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["compact", "compact-sim"])
def test_shipped_graphs_are_the_shipped_networks(name):
    path = weights.SHIPPED / f"{name}.safetensors"
    net, stored = weights.load_weights(path), weights.load_graphs(path)
    assert stored.positions() == net.positions() and stored.int8
    engine = inference.engine(stored, "opencv")
    for seed in range(3):
        template, search = crops(net, 2, seed)
        engine.template(template)
        for mine, truth in zip(engine.search(search), plainly(net, template, search), strict=True):
            np.testing.assert_allclose(mine, truth, atol=1e-4)


def test_graphs_of_other_weights_are_refused(tmp_path):
    net = tried(network_preset("compact", width=0.1))
    path = tmp_path / "mine.safetensors"
    weights.save_weights(net, path)
    assert weights.load_graphs(path) is None  # none were written: torch runs it
    assert trackers.create("siamese", weights=path).engine.backend == "torch"
    weights.save_weights(net, path, {"command": "x"}, export.graphs(net))
    assert trackers.create("siamese", weights=path).engine.backend != "torch"
    assert weights.read_card(path)["command"] == "x"
    path.with_suffix(".search.onnx").write_bytes(export.graphs(tried(net.settings, seed=3)).search)
    with pytest.raises(ValueError, match="mine.search.onnx is missing or not the graph.*training.export"):
        trackers.create("siamese", weights=path)
    path.with_suffix(".search.onnx").unlink()
    with pytest.raises(ValueError, match="mine.search.onnx is missing"):
        trackers.create("siamese", weights=path)


def test_the_exporter_writes_graphs_beside_weights(tmp_path):
    net = tried(network_preset("compact", width=0.1))
    weights.save_weights(net, tmp_path / "mine.safetensors", {"data": "none"})
    export.main([str(tmp_path / "mine.safetensors")])
    assert {p.name.removeprefix("mine") for p in tmp_path.iterdir()} == {".safetensors", *weights.GRAPHS.values()}
    assert weights.read_card(tmp_path / "mine.safetensors")["data"] == "none"
    assert (
        trackers.create("siamese", weights=tmp_path / "mine.safetensors", precision="int8").engine.precision == "int8"
    )


@pytest.mark.parametrize("backend", OTHERS)
def test_trackers_are_copied_and_pickled_as_they_are(backend, sequence, reference):
    need(backend)
    tracker = trackers.create("siamese", backend=backend)
    tracker.init(sequence.frames[0], sequence.boxes[0])
    twins = [copy.deepcopy(tracker), pickle.loads(pickle.dumps(tracker))]
    tracker.init(sequence.frames[5], sequence.boxes[5])  # the others follow what they followed
    for twin in twins:
        assert np.abs(twin.update(sequence.frames[1]) - reference[0]).max() < 0.1


@pytest.mark.parametrize("backend", OTHERS)
def test_trackers_are_made_in_threads(backend):
    need(backend)
    stdout, level = sys.stdout, logging.root.manager.disable
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: trackers.create("siamese", backend=backend), range(4)))
    assert [tracker.engine.backend for tracker in made] == [backend] * 4
    assert sys.stdout is stdout and logging.root.manager.disable == level


def test_without_torch_what_needs_it_names_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    for words in (dict(name="siamese", backend="torch"), dict(name="ref8"), dict(name="pyramid")):
        with pytest.raises(ModuleNotFoundError, match=r"torch is not installed.*pip install 'irtrack-core\[train\]'"):
            trackers.create(words.pop("name"), **words)


def test_no_torch_where_another_backend_tracks():
    code = "import sys; from irtrack_core import trackers; trackers.create('siamese', backend='opencv'); "
    code += "print([name for name in ('torch', 'scipy', 'pandas', 'matplotlib') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


@pytest.mark.parametrize("changes", [{}, dict(region=False), dict(fusion_kernel=3), dict(search_size=287)])
@pytest.mark.parametrize("preset", ["paper", "compact"])
def test_positions_are_those_of_the_network(preset, changes):
    net = new_net(network_preset(preset, width=0.02, **changes))
    template, search = (
        torch.zeros(1, len(net.settings.inputs), n, n) for n in (net.settings.template_size, net.settings.search_size)
    )
    with torch.no_grad():
        assert net(template, search)[0].shape[-1] == layers.positions(net.settings) == net.positions()


@pytest.mark.parametrize(
    "options, message",
    [
        (
            dict(backend="tensorrt"),
            "unknown backend 'tensorrt': use auto or one of torch, opencv, onnxruntime, openvino",
        ),
        (dict(backend="torch", precision="int8"), "'torch' has no precision 'int8'.*for onnxruntime, openvino"),
        (dict(backend="opencv", precision="bf16"), "'opencv' has no precision 'bf16'"),
        (dict(backend="onnxruntime", precision="bf16"), "'onnxruntime' has no precision 'bf16'"),
        (dict(precision="f64"), "no backend has precision 'f64': use f32, bf16 or int8"),
        (dict(backend="torch", precision="f64"), "no precision 'f64': it has f32, bf16$"),
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
