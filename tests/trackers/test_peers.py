"""Peers that run from files: each on a tiny stand-in graph with the true names and shapes, and what other files answer."""

import tempfile

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from irtrack_core import boxes as bx
from irtrack_core import trackers
from irtrack_core.cli.main import main
from irtrack_core.network import weights
from irtrack_core.trackers import onnx_inputs, peers

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

HALF = {"zero": np.float32(0), "quarter": np.float32(0.25), "half": np.float32(0.5), "gain": np.float32(4)}


def node(kind, inputs, outputs, **attributes):
    return helper.make_node(kind, inputs.split(), outputs.split(), **attributes)


def save(path, nodes, inputs, outputs, constants, opset=11):
    values = [[helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in part] for part in (inputs, outputs)]
    graph = helper.make_graph(
        nodes, "stand-in", *values, [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 7
    onnx.save(model, path)
    return path


def bright_cells(image, template, out):
    """Nodes: the mean of each 16 px cell of an image above 1/2, times 4; of the template nothing but a dependence."""
    return [
        node("AveragePool", image, "pooled", kernel_shape=[16, 16], strides=[16, 16]),
        node("ReduceMean", "pooled", "gray", axes=[1], keepdims=1),
        node("Sub", "gray half", "above"),
        node("Mul", "above gain", "loud"),
        node("ReduceMean", template, "all", axes=[1, 2, 3], keepdims=1),
        node("Mul", "all zero", "none"),
        node("Add", "loud none", out),
    ]


def vit(path, names="template search output1 output2 output3", opset=11, cells=16):
    template, search, score, size, offset = names.split()
    nodes = bright_cells(search, template, "seen") + [
        node("Mul", "seen zero", "alike"),
        node("Sigmoid", "alike", score),
        node("Concat", "alike alike", "zeros", axis=1),
        node("Add", "zeros quarter", size),
        node("Add", "zeros half", offset),
    ]
    inputs = [(template, [1, 3, 128, 128]), (search, [1, 3, 16 * cells, 16 * cells])]
    outputs = [(name, [1, planes, cells, cells]) for name, planes in ((score, 1), (size, 2), (offset, 2))]
    return save(path, nodes, inputs, outputs, HALF, opset)


def dasiamrpn(folder):
    weights = {"w": np.full((256, 3, 1, 1), 1 / 256, np.float32), "i": np.eye(20, dtype=np.float32)[:, :, None, None]}
    weights |= {"r": np.zeros((20, 256, 4, 4), np.float32), "c": np.zeros((10, 256, 4, 4), np.float32)}
    nodes = [node("AveragePool", "x", "p", kernel_shape=[87, 87], strides=[8, 8]), node("Conv", "p w", "63")]
    nodes += [
        node("AveragePool", "63", "64", kernel_shape=[3, 3]),
        node("Conv", "64 r", "65"),
        node("Conv", "65 i", "66"),
    ]
    nodes += [node("AveragePool", "63", "67", kernel_shape=[3, 3]), node("Conv", "67 c", "68")]
    outputs = [("66", [1, 20, "h", "w"]), ("68", [1, 10, "h", "w"])]
    files = {"model": save(folder / "model.onnx", nodes, [("x", [1, 3, "H", "W"])], outputs, weights)}
    for name, times in (("kernel_r1", 20), ("kernel_cls1", 10)):
        nodes = [node("AveragePool", "f", "p", kernel_shape=[3, 3]), node("Tile", "p t", "out")]
        shapes = [("f", [1, 256, 6, 6])], [("out", [1, 256 * times, 4, 4])]
        files[name] = save(folder / f"{name}.onnx", nodes, *shapes, {"t": np.array([1, times, 1, 1])})
    return files


def nanotrack(folder, channels=48, wanted=48):
    """wanted: the channels that the head takes, where they are other than the backbone's."""
    nodes = [node("AveragePool", "input", "p", kernel_shape=[15, 15], strides=[16, 16]), node("Conv", "p w", "output")]
    shapes = [("input", [1, 3, "H", "W"])], [("output", [1, channels, "h", "w"])]
    weights = {"w": np.full((channels, 3, 1, 1), 1 / 3, np.float32)}
    files = {"backbone": save(folder / "backbone.onnx", nodes, *shapes, weights)}
    nodes = [
        node("Conv", "input1 c", "z"),
        node("ReduceMean", "z", "all", axes=[2, 3], keepdims=1),
        node("Mul", "all zero", "none"),
        node("Conv", "input2 c", "seen"),
        node("Abs", "seen", "loud"),  # a sum right behind a convolution OpenCV takes for a residual of the same shape
        node("Add", "loud none", "output1"),
        node("Conv", "input2 r", "four"),
        node("Abs", "four", "output2"),
    ]
    shapes = [("input1", [1, wanted, 8, 8]), ("input2", [1, wanted, 16, 16])]
    shapes = shapes, [("output1", [1, 2, 16, 16]), ("output2", [1, 4, 16, 16])]
    weights = {name: np.full((planes, wanted, 1, 1), 1 / wanted, np.float32) for name, planes in (("c", 2), ("r", 4))}
    files["head"] = save(folder / "head.onnx", nodes, *shapes, weights | HALF)
    return files


def lighttrack(folder, names="zf x cls reg", sigmoid=True):
    kernel, search, scores, reach = names.split()
    nodes = [node("AveragePool", "z", "p", kernel_shape=[16, 16], strides=[16, 16]), node("Tile", "p t", "zf")]
    files = {"template": save(folder / "z.onnx", nodes, [("z", [1, 3, 128, 128])], [("zf", [1, 96, 8, 8])],
                              {"t": np.array([1, 32, 1, 1])})}  # fmt: skip
    nodes = bright_cells(search, kernel, "seen") + [
        node("Sigmoid" if sigmoid else "Identity", "seen", scores),
        node("Concat", "seen seen seen seen", "four", axis=1),
        node("Mul", "four zero", "zeros"),
        node("Add", "zeros reach", reach),
    ]
    inputs = [(kernel, [1, 96, 8, 8]), (search, [1, 3, 256, 256])]
    outputs = [(scores, [1, 1, 16, 16]), (reach, [1, 4, 16, 16])]
    # the middle of a cell lies 8 px right and below of its place: distances of a square of 64 about it
    reach = np.array([24, 24, 40, 40], np.float32)[None, :, None, None]
    files["search"] = save(folder / "x.onnx", nodes, inputs, outputs, HALF | {"reach": reach})
    return files


MAKERS = {
    "nanotrack": nanotrack,
    "vittrack": lambda folder: {"net": vit(folder / "v.onnx")},
    "dasiamrpn": dasiamrpn,
    "lighttrack": lighttrack,
}


def spots(count=8, dtype=np.uint8):
    """A bright disc that moves (3, 2) px a frame, and its boxes."""
    y, x = np.mgrid[:160, :200]
    centers = np.array([70, 60]) + np.arange(count)[:, None] * [3, 2]
    frames = [(30 + 200 * ((x - cx) ** 2 + (y - cy) ** 2 < 100)).astype(dtype) for cx, cy in centers]
    return frames, bx.from_centers(centers + 0.5, np.array([20.0, 20.0]))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_lighttrack_follows_what_its_graph_calls_bright(dtype, tmp_path):
    tracker = trackers.create("lighttrack", **lighttrack(tmp_path))
    frames, boxes = spots(dtype=dtype)
    tracker.init(frames[0], boxes[0])
    found = np.array([tracker.update(frame) for frame in frames[1:]])
    assert tracker.name == "lighttrack" and 0 < tracker.score <= 1
    assert np.abs(bx.centers(found) - bx.centers(boxes[1:])).max() < 5  # the cells are 2.5 px and more of the frame
    assert np.isfinite(found).all() and (found[:, 2:] > 5).all()


def test_vittrack_runs_from_its_file(tmp_path):
    tracker = trackers.create("vittrack", net=vit(tmp_path / "v.onnx"))
    frames, boxes = spots(4)
    tracker.init(frames[0], boxes[0])
    for k, frame in enumerate(frames[1:], start=1):
        box = tracker.update(frame)
        # all cells score alike: the first of the two by two in the middle wins, half a cell of 80 / 16 px up and left
        assert np.abs(bx.centers(box) - (bx.centers(boxes[0]) - 2.5 * k)).max() <= 0.5 * k + 0.5
        assert tracker.score == 1 and np.abs(box[2:] - 20).max() <= 1  # a quarter of the crop


@pytest.mark.parametrize("name, files", [("dasiamrpn", dasiamrpn), ("nanotrack", nanotrack)])
def test_it_runs_from_its_files(tmp_path, name, files):
    tracker = trackers.create(name, **files(tmp_path))
    frames, boxes = spots(3)
    tracker.init(frames[0], boxes[0])
    for frame in frames[1:]:
        assert np.isfinite(tracker.update(frame)).all() and tracker.score == 1


@pytest.mark.parametrize("other", [24, 96])
def test_files_of_two_models_are_refused(other, tmp_path):
    """OpenCV computes something from them, and never says so."""
    with pytest.raises(
        ValueError, match=rf"NanoTrack .* both of one version .*input1 of \(any, {other}, any, any\)"
    ) as error:
        trackers.create("nanotrack", **nanotrack(tmp_path, channels=other))
    assert one_line(error)
    files = lighttrack(tmp_path)
    model = onnx.load(files["search"])
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 2 * other
    onnx.save(model, files["search"])
    with pytest.raises(
        ValueError, match=rf"LightTrack .*zf of \(1, 96, 8, 8\), and .* takes \(1, {2 * other}, 8, 8\)"
    ) as error:
        trackers.create("lighttrack", **files)
    assert one_line(error)


def test_vittrack_of_another_search_window_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"VitTrack .*search of \(1, 3, 256, 256\), and .* takes \(1, 3, 320, 320\)"):
        trackers.create("vittrack", net=vit(tmp_path / "v.onnx", cells=20))


def test_declared_inputs_are_those_that_onnx_reads(tmp_path):
    files = [*nanotrack(tmp_path).values(), *lighttrack(tmp_path).values(), vit(tmp_path / "v.onnx")]
    files += [*dasiamrpn(tmp_path).values(), *weights.SHIPPED.glob("*.onnx")]
    for path in files:
        inputs = onnx.load(path).graph.input
        known = {v.name: tuple(d.dim_value or None for d in v.type.tensor_type.shape.dim) for v in inputs}
        assert onnx_inputs.shapes(path) == known and known
    whole = path.read_bytes()
    for length in (0, 1, 5, 100, len(whole) // 2):
        (tmp_path / "cut").write_bytes(whole[:length])
        onnx_inputs.check_fed(tmp_path / "cut", {"crop": (1, 2, 3)})
        assert onnx_inputs.shapes(tmp_path / "cut") == {}


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_left(data):
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        assert all(isinstance(shape, tuple) for shape in onnx_inputs.shapes(file.name).values())


def test_lighttrack_takes_its_box_from_the_distances(tmp_path):
    tracker = trackers.create("lighttrack", **lighttrack(tmp_path))
    frames, boxes = spots(1)
    tracker.init(frames[0], boxes[0])
    for _ in range(60):
        box = tracker.update(frames[0])
    # 64 of 128 px of the template: the window is twice the target's side, so its size stays
    np.testing.assert_allclose(box[2:], 20, atol=0.5)


def one_line(error):
    return "\n" not in str(error.value)


def test_other_graphs_are_refused_in_one_line(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    good, siam = lighttrack(tmp_path), dasiamrpn(tmp_path)
    swapped = siam | {"kernel_r1": siam["kernel_cls1"], "kernel_cls1": siam["kernel_r1"]}
    cases = [
        ("vittrack", {"net": vit(tmp_path / "n.onnx", "z x a b c")}, "VitTrack.*inputs template, search.*'template'"),
        ("vittrack", {"net": siam["model"]}, "VitTrack"),
        ("dasiamrpn", swapped, "DaSiamRPN.*in this order"),
        ("lighttrack", {"template": good["search"], "search": good["template"]}, "z -> zf"),
        ("lighttrack", lighttrack(tmp_path / "a", "k x cls reg"), "zf, x -> cls, reg"),
        ("lighttrack", lighttrack(tmp_path / "b", sigmoid=False), "no probabilities"),
    ]
    for name, files, match in cases:
        with pytest.raises(ValueError, match=match) as error:
            trackers.create(name, **files)
        assert one_line(error), error.value


@pytest.mark.parametrize("name, key", [(name, key) for name, keys in peers.FILES.items() for key in keys])
def test_an_operator_that_opencv_does_not_know_is_refused_in_one_line(name, key, tmp_path):
    """Of a later opset; in any of the files, be the others right."""
    files = MAKERS[name](tmp_path)
    assert sorted(files) == sorted(peers.FILES[name])
    model = onnx.load(files[key])
    model.graph.node[0].op_type = "OperatorOfTomorrow"
    onnx.save(model, files[key])
    with pytest.raises(ValueError, match="(?i)" + name) as error:
        trackers.create(name, **files)
    assert one_line(error)


@pytest.mark.parametrize("name", MAKERS)
def test_evaluate_takes_each_peer_by_its_files(name, tmp_path, capsys):
    frames, boxes = spots(3)
    clip = tmp_path / "set" / "clip"
    clip.mkdir(parents=True)
    for number, frame in enumerate(frames):
        cv2.imwrite(str(clip / f"{number}.png"), frame)
    lines = [f"{number},{','.join(map(str, box))}\n" for number, box in enumerate(boxes)]
    (clip / "boxes.csv").write_text("frame,x,y,w,h\n" + "".join(lines))
    files = MAKERS[name](tmp_path)
    words = [name, *(str(files[key]) for key in peers.FILES[name])]
    run = ["evaluate", name, str(tmp_path / "set"), "--out"]
    assert main([*run, str(tmp_path / "good"), "--peer", *words]) == 0
    assert f"| {name} | 1 | 1 |" in capsys.readouterr().out
    # the files of another model: one line, and nothing is left that looks like a result
    other = vit(tmp_path / "other.onnx", "z x a b c")
    assert main([*run, str(tmp_path / "bad"), "--peer", name, *[str(other)] * len(files)]) == 2
    told = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
    assert len(told) == 1 and told[0].startswith("irtrack: error: OpenCV cannot")
    assert not list((tmp_path / "bad").glob("*.csv"))


@pytest.mark.parametrize("name, words", [("vittrack", "net="), ("dasiamrpn", "kernel_r1="), ("lighttrack", "search=")])
def test_weights_are_asked_for(name, words, tmp_path):
    with pytest.raises(ValueError, match=f"needs its weights: create.*{words}"):
        trackers.create(name)
    keys = {
        "vittrack": ("net",),
        "dasiamrpn": ("model", "kernel_r1", "kernel_cls1"),
        "lighttrack": ("template", "search"),
    }
    with pytest.raises(FileNotFoundError, match="no weights of .*none.onnx"):
        trackers.create(name, **dict.fromkeys(keys[name], tmp_path / "none.onnx"))
    broken = tmp_path / "broken.onnx"
    broken.write_text("this is no graph\n")
    with pytest.raises(ValueError, match="broken.onnx") as error:
        trackers.create(name, **dict.fromkeys(keys[name], broken))
    assert one_line(error)


def test_the_command_line_names_the_files_of_each_peer(capsys):
    with pytest.raises(SystemExit):
        main(["evaluate", "--help"])
    told = " ".join(capsys.readouterr().out.split())  # argparse breaks the lines
    for name, keys in peers.FILES.items():
        assert " ".join([name, *map(str.upper, keys)]) in told
