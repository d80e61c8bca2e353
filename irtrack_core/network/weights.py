"""Weights in safetensors files: the numbers, the settings they belong to, and a card that says how they were made."""

import argparse
import hashlib
import json
import sys
from pathlib import Path

import numpy as np
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from irtrack_core.config import NetworkSettings
from irtrack_core.network import SHIPPED  # noqa: F401  weights.SHIPPED is what the other rooms say
from irtrack_core.network.header import check_header
from irtrack_core.network.inference import Graphs
from irtrack_core.optional import need
from irtrack_core.whole_files import whole_file, write_whole

GRAPHS = {"template": ".template.onnx", "search": ".search.onnx", "int8": ".search-int8.onnx"}  # files beside weights

LARGEST_GRAPH = 128 * 2**20  # bytes; those of the preset `paper` have 20 million
ELSEWHERE = b"\x0a\x08location"  # in an ONNX model: a tensor whose numbers lie in a file beside it, or anywhere

# what a card has to say, so that others can make the file again and know what it is worth
CARD = ("command", "commit", "data", "seeds", "scores")


def write_tensors(path, tensors, metadata):
    """Write a dict of arrays or torch tensors and a metadata dict (JSON values) as a safetensors file, atomically.

    A file is whole or not there, after a power cut too. Raises OSError where it cannot be written.
    """
    arrays = {name: np.asarray(_array(tensor), order="C") for name, tensor in tensors.items()}
    words = {key: json.dumps(value) for key, value in metadata.items()}
    with whole_file(path) as part:
        try:
            save_file(arrays, part, metadata=words)
        except SafetensorError as error:  # its word for a full disk
            raise OSError(f"cannot write {path}: {error}") from error


def _array(tensor):
    return tensor.detach().cpu().numpy() if hasattr(tensor, "detach") else np.asarray(tensor)


def read_tensors(path):
    """(dict of arrays, metadata) of a file written by `write_tensors`.

    Raises FileNotFoundError or ValueError (not a safetensors file, or one cut short), naming the file.
    """
    return _opened(path, lambda file: {name: file.get_tensor(name) for name in file.keys()})


def _opened(path, read):
    """(read(file), metadata) of a safetensors file."""
    check_header(path)
    try:
        with safe_open(path, framework="numpy") as file:
            return read(file), {key: _value(text) for key, text in (file.metadata() or {}).items()}
    except SafetensorError as error:
        raise ValueError(f"{path} is not a whole safetensors file ({error}): make or copy it again") from error


def _value(text):
    """The JSON value that `write_tensors` wrote; other tools write plain words."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def save_weights(net, path, card=None, graphs=None):
    """Save a SiameseNet with its settings; card: a dict saying command, data, seeds, scores.

    graphs: the net's `inference.Graphs`, which are written beside it; the card then holds their checksums.
    """
    card, path = dict(card or {}), Path(path)
    card.pop("graphs", None)
    if graphs is not None:
        models = {name: getattr(graphs, name) for name in GRAPHS if getattr(graphs, name) is not None}
        for name, model in models.items():
            write_whole(path.with_suffix(GRAPHS[name]), model)
        card["graphs"] = {name: hashlib.sha256(model).hexdigest() for name, model in models.items()}
    write_tensors(path, net.state_dict(), {"settings": net.settings.model_dump(mode="json"), "card": card})


def load_graphs(path, preset=None):
    """The `inference.Graphs` of the weights at `path`, or None when none were written for them.

    preset: as in `load_weights`. Raises ValueError when a graph's file is missing or not the one that the card names.
    """
    path = Path(path)
    metadata = read_metadata(path)
    sums = _part(_part(metadata, "card"), "graphs")
    if not sums:
        return None
    models = {}
    for name, checksum in sums.items():
        if name not in GRAPHS:
            raise ValueError(f"the card of {path} names a graph {name!r}, of which this version knows nothing")
        file = path.with_suffix(GRAPHS[name])
        models[name] = file.read_bytes() if file.is_file() and file.stat().st_size <= LARGEST_GRAPH else b""
        if ELSEWHERE in models[name]:
            raise ValueError(f"{file} keeps its numbers in another file: only a graph that is whole is read")
        if hashlib.sha256(models[name]).hexdigest() != checksum:
            raise ValueError(
                f"{file} is missing or not the graph of {path.name}: copy both again, or make it with "
                f"`python -m irtrack_core.training.export {path}`"
            )
    return Graphs(network_settings(path, metadata, preset), **models)


def read_metadata(path):
    """The metadata of a weights file, without its tensors. Errors: see `read_tensors`."""
    return _opened(path, lambda file: None)[1]


def _part(metadata, name):
    """The dict `name` in metadata; {} where another tool, or damage, put something else there."""
    return metadata[name] if isinstance(metadata.get(name), dict) else {}


def read_card(path):
    """The card of a weights file."""
    return _part(read_metadata(path), "card")


def lacking(card):
    """What a card should say and does not: a list of names out of CARD."""
    return [name for name in CARD if card.get(name) in (None, "", {}, [])]


def card_text(path):
    """The card of a weights file as lines to read: preset, parameters and size, then what the card says and lacks."""
    tensors, metadata = read_tensors(path)
    numbers = sum(tensor.size for tensor in tensors.values())
    settings = _part(metadata, "settings")
    width = f", width factor {settings['width']}" if "width" in settings else ""
    lines = [
        f"{path}: preset {settings.get('preset', '?')}{width}, {numbers:,} numbers, {Path(path).stat().st_size:,} bytes"
    ]
    card = _part(metadata, "card")
    for name, value in card.items():
        lines.append(f"  {name}: {value if isinstance(value, str) else json.dumps(value)}")
    missing = lacking(card)
    return "\n".join(lines + ([f"  (the card does not say: {', '.join(missing)})"] if missing else []))


def network_settings(path, metadata, preset=None):
    """The NetworkSettings in the metadata of the file `path`.

    Raises ValueError where there are none, or of another preset than asked for.
    """
    if not isinstance(metadata.get("settings"), dict):
        raise ValueError(f"{path} holds no network settings: it was not written by irtrack_core's save_weights")
    try:
        settings = NetworkSettings(**metadata["settings"])
    except ValidationError as error:
        raise ValueError(f"the network settings in {path} are not such as this version knows: {error}") from error
    if preset is not None and settings.preset != preset:
        raise ValueError(
            f"{path} holds weights of the preset {settings.preset!r}, not {preset!r}: "
            f"ask for preset={settings.preset!r}, or train the preset {preset!r}"
        )
    return settings


def load_weights(path, preset=None):
    """The SiameseNet stored at `path`, in eval mode. Needs torch.

    preset: the preset it must have, "paper" or "compact"; None takes any. Raises ValueError when the file holds another
    preset or its tensors do not fit its settings.
    """
    tensors, metadata = read_tensors(path)
    settings = network_settings(path, metadata, preset)
    need("torch", "train")
    from irtrack_core.network.siamese_net import SiameseNet

    return fill(SiameseNet(settings), tensors, path).eval()


def fill(net, tensors, path):
    """The torch net, its parameters replaced by a dict of arrays. Raises ValueError, naming `path`, if they do not fit."""
    import torch

    try:
        net.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in tensors.items()})
    except RuntimeError as error:
        raise ValueError(f"the tensors in {path} do not fit its settings: {error}") from error
    return net


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m irtrack_core.network.weights", description="Print the cards of weights."
    )
    parser.add_argument("files", nargs="+", type=Path)
    for path in parser.parse_args(arguments).files:
        try:
            print(card_text(path))
        except (FileNotFoundError, ValueError) as error:
            sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
