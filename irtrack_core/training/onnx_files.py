"""A network as ONNX files for other programs, with a JSON file that says how to feed them; checked against torch."""

import hashlib
import json
from pathlib import Path

import numpy as np

from irtrack_core.network.inference import OnnxRuntimeEngine
from irtrack_core.network.torch_inference import TorchEngine
from irtrack_core.network.weights import load_weights, read_card
from irtrack_core.training.export import _calibration_inputs, fold_batch_norms, graphs
from irtrack_core.whole_files import write_whole

TOLERANCE = 1e-4  # largest difference from torch


def export_onnx(weights, out, *, crops=4):
    """The dict that is written to OUT.json: files, inputs, outputs, preprocessing, and the largest difference from torch.

    weights: a file; out: beginning of the names OUT.template.onnx, OUT.search.onnx and OUT.json. `crops` simulated crops
    and as many of noise go through ONNX Runtime and through torch. Raises ValueError where they differ by more than
    TOLERANCE, and then writes nothing.
    """
    net = load_weights(weights)
    if not net.settings.region:
        raise ValueError(
            f"{weights} holds a net without region selection: it has no boxes, and no graphs for other programs"
        )
    made = graphs(net, fixed=True)
    error = difference(net, made, crops)
    if not error <= TOLERANCE:
        raise ValueError(f"the graphs differ from torch by {error:.2g}, more than {TOLERANCE:g}: nothing is written")
    out, sums = Path(out), {}
    for name in ("template", "search"):
        path, content = out.with_name(f"{out.name}.{name}.onnx"), getattr(made, name)
        write_whole(path, content)
        sums[path.name] = hashlib.sha256(content).hexdigest()
    card = read_card(weights)
    told = {
        "weights": Path(weights).name,
        "files": sums,
        **signature(made),
        "preprocessing": preprocessing(net.settings),
        "calibration": card.get("calibration"),
        "settings": net.settings.model_dump(mode="json"),
        "largest_difference_from_torch": error,
    }
    text = json.dumps(told, indent=1) + "\n"
    write_whole(out.with_name(f"{out.name}.json"), text.encode())
    return told


def difference(net, made, crops=4, seed=0):
    """The largest absolute difference between the Graphs in ONNX Runtime and the net in torch, over kernels and outputs."""
    one, two = OnnxRuntimeEngine(made, "f32", 1), TorchEngine(net, "f32", device_name="cpu")
    rng, shape = np.random.default_rng(seed), net.settings
    real = [inputs["crop"][0] for inputs in _calibration_inputs(fold_batch_norms(net), crops, seed)]
    noise = rng.normal(size=(crops, shape.planes, shape.search_size, shape.search_size)).astype(np.float32)
    middle = (shape.search_size - shape.template_size) // 2
    inside = np.s_[:, middle : middle + shape.template_size, middle : middle + shape.template_size]
    worst = 0.0
    for crop in [*real, *noise]:
        crop = np.ascontiguousarray(crop, dtype=np.float32)
        answers = []
        for engine in (one, two):
            engine.template(np.ascontiguousarray(crop[inside]))
            answers.append([np.asarray(part) for part in engine.search(crop[None])])
        worst = max(worst, *(float(np.abs(a - b).max()) for a, b in zip(*answers)))
    return worst


def signature(made):
    """{"template": {"inputs", "outputs"}, "search": ...}: names and shapes, as ONNX Runtime reads them from the graphs."""
    import onnxruntime

    found = {}
    for name in ("template", "search"):
        session = onnxruntime.InferenceSession(getattr(made, name), providers=["CPUExecutionProvider"])
        found[name] = {
            "inputs": {one.name: one.shape for one in session.get_inputs()},
            "outputs": {one.name: one.shape for one in session.get_outputs()},
        }
    return found


def preprocessing(s):
    """Sentences that say how a crop of a frame becomes an input. s: NetworkSettings."""
    planes = {
        "image": "the frame itself",
        "suppressed": "U of eq. (3), what the multi-level filter leaves",
        "filtered": "M of eq. (4)",
        "temporal": "D of the filter in time",
    }
    steps = [
        f"template crop: square about the target's centre, side max(sqrt((w+p)(h+p)), {s.window_floor:g}) frame pixels with "
        f"p = {s.context:g} (w+h), resampled to {s.template_size} x {s.template_size}",
        f"search crop: {s.search_size / s.template_size:.4g} times that side about the place looked at, resampled to "
        f"{s.search_size} x {s.search_size}",
        f"channels, float32: {'; '.join(f'{k}: {planes[name]}' for k, name in enumerate(s.inputs))}",
        "standardised: less its mean, over its standard deviation"
        + (
            "; channels other than the frame are only divided by the deviation that they have in the first search crop"
            if s.unit == "template"
            else ""
        ),
    ]
    steps += ["the first channel is negated where the target is darker than its surroundings"] * s.negate_dark
    steps += ["standardised values are compressed by arcsinh"] * s.squash
    steps += ["the kernels of the template graph are inputs of the search graph, computed once a target"]
    steps += [
        "scores: probability of target at each anchor and position; deltas: cx, cy, w, h of the box against the anchor"
    ]
    return [*steps, "irtrack_core.network.crops.CropMaker and network.anchors.decode are the reference"]
