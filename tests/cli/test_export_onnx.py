"""`irtrack export`: graphs that compute what torch does, files that say how to feed them, and refusals."""

import json

import numpy as np
import onnxruntime
import pytest
import torch

from irtrack_core.cli.main import main
from irtrack_core.config import network_preset
from irtrack_core.network.siamese_net import foreground
from irtrack_core.network.weights import SHIPPED, load_weights, save_weights
from irtrack_core.training import onnx_files
from irtrack_core.training.loop import new_net


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("onnx")
    assert main(["export", "--onnx", str(folder / "mine.onnx")]) == 0
    return folder


def test_the_files_alone_give_what_torch_gives(exported):
    told, rng = json.loads((exported / "mine.json").read_text()), np.random.default_rng(4)
    first, second = (onnxruntime.InferenceSession(exported / f"mine.{name}.onnx") for name in ("template", "search"))
    crops = [rng.normal(size=told[name]["inputs"]["crop"]).astype(np.float32) for name in ("template", "search")]
    kernels = first.run(list(told["template"]["outputs"]), {"crop": crops[0]})
    inputs = dict(zip(told["template"]["outputs"], kernels)) | {"crop": crops[1]}
    scores, deltas = second.run(["scores", "deltas"], inputs)
    net = load_weights(SHIPPED / "compact.safetensors")
    with torch.no_grad():
        r_2m, r_4m = net(*map(torch.from_numpy, crops))
    np.testing.assert_allclose(scores, torch.sigmoid(foreground(r_2m)).numpy(), atol=1e-4)
    np.testing.assert_allclose(deltas, r_4m.unflatten(1, (4, -1)).numpy(), atol=1e-4)
    assert told["largest_difference_from_torch"] < 1e-4 and len(told["files"]) == 2
    assert any("95 x 95" in step for step in told["preprocessing"])


def test_graphs_of_other_weights_are_noticed(tmp_path, monkeypatch):
    net = new_net(network_preset("compact", width=0.25), seed=1)
    save_weights(net, tmp_path / "w.safetensors")
    other = onnx_files.graphs(new_net(network_preset("compact", width=0.25), seed=2))
    monkeypatch.setattr(onnx_files, "graphs", lambda net, **_: other)
    with pytest.raises(ValueError, match="differ from torch"):
        onnx_files.export_onnx(tmp_path / "w.safetensors", tmp_path / "out", crops=1)
    assert [path.name for path in tmp_path.iterdir()] == ["w.safetensors"]


def test_what_cannot_be_exported_is_refused(tmp_path, capsys):
    for words, match in (
        (["--weights", "none.safetensors", "--onnx", str(tmp_path / "x")], "no weights at none.safetensors"),
        (["--onnx", str(tmp_path / "no" / "x")], "no folder"),
        (["--onnx", str(SHIPPED / "compact")], "belong to it"),
    ):
        assert main(["export", *words]) == 2
        assert match in capsys.readouterr().err
    save_weights(new_net(network_preset("compact", width=0.25, region=False)), tmp_path / "flat.safetensors")
    assert main(["export", "--weights", str(tmp_path / "flat.safetensors"), "--onnx", str(tmp_path / "x")]) == 2
    assert "without region selection" in capsys.readouterr().err
