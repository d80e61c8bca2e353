"""Weights in safetensors files: the numbers, the settings they belong to, and a card that says how they were made."""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from irtrack_core.config import NetworkSettings
from irtrack_core.network.siamese import SiameseNet
from irtrack_core.provenance import provenance

__all__ = [
    "CARD",
    "SHIPPED",
    "card_text",
    "lacking",
    "load_weights",
    "provenance",
    "read_card",
    "read_tensors",
    "remove_parts",
    "save_weights",
    "write_tensors",
]

SHIPPED = Path(__file__).resolve().parent / "shipped"  # folder of the weights that come with the package

# what a card has to say, so that others can make the file again and know what it is worth
CARD = ("command", "commit", "data", "seeds", "scores")


def write_tensors(path, tensors, metadata):
    """Write tensors and a metadata dict (JSON values) atomically: a file is whole or not there, after a power cut too."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        save_file(tensors, temporary, metadata={key: json.dumps(value) for key, value in metadata.items()})
        os.chmod(temporary, 0o644)
        os.fsync(handle)
        os.replace(temporary, path)
    finally:
        os.close(handle)
        Path(temporary).unlink(missing_ok=True)


def remove_parts(path):
    """Remove what writers of `path` that were killed left beside it."""
    path = Path(path)
    for part in path.parent.glob(f".{path.name}.*.part"):
        part.unlink(missing_ok=True)


def read_tensors(path):
    """(tensors, metadata) of a file written by `write_tensors`.

    Raises FileNotFoundError or ValueError (not a safetensors file, or one cut short), naming the file.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no weights at {path}: train them with notebook 05, or check the path")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = {key: _value(text) for key, text in (file.metadata() or {}).items()}
            return {name: file.get_tensor(name) for name in file.keys()}, metadata
    except SafetensorError as error:
        raise ValueError(f"{path} is not a whole safetensors file ({error}): make or copy it again") from error


def _value(text):
    """The JSON value that `write_tensors` wrote; other tools write plain words."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def save_weights(net, path, card=None):
    """Save a SiameseNet with its settings; card: a dict saying command, data, seeds, scores."""
    metadata = {"settings": net.settings.model_dump(mode="json"), "card": card or {}}
    write_tensors(path, net.state_dict(), metadata)


def read_card(path):
    """The card of a weights file."""
    return read_tensors(path)[1].get("card", {})


def lacking(card):
    """What a card should say and does not: a list of names out of CARD."""
    return [name for name in CARD if card.get(name) in (None, "", {}, [])]


def card_text(path):
    """The card of a weights file as lines to read: preset, parameters and size, then what the card says and lacks."""
    tensors, metadata = read_tensors(path)
    numbers = sum(tensor.numel() for tensor in tensors.values())
    settings = metadata.get("settings", {})
    width = f", width factor {settings['width']:g}" if "width" in settings else ""
    lines = [
        f"{path}: preset {settings.get('preset', '?')}{width}, {numbers:,} numbers, {Path(path).stat().st_size:,} bytes"
    ]
    card = metadata.get("card", {})
    for name, value in card.items():
        lines.append(f"  {name}: {value if isinstance(value, str) else json.dumps(value)}")
    missing = lacking(card)
    return "\n".join(lines + ([f"  (the card does not say: {', '.join(missing)})"] if missing else []))


def load_weights(path, preset=None):
    """The SiameseNet stored at `path`, in eval mode.

    preset: the preset it must have, "paper" or "compact"; None takes any. Raises ValueError when the file holds another
    preset or its tensors do not fit its settings.
    """
    tensors, metadata = read_tensors(path)
    if not isinstance(metadata.get("settings"), dict):
        raise ValueError(
            f"{path} holds no network settings: it was not written by irtrack_core.network.weights.save_weights"
        )
    try:
        settings = NetworkSettings(**metadata["settings"])
    except ValidationError as error:
        raise ValueError(f"the network settings in {path} are not such as this version knows: {error}") from error
    if preset is not None and settings.preset != preset:
        raise ValueError(
            f"{path} holds weights of the preset {settings.preset!r}, not {preset!r}: "
            f"ask for preset={settings.preset!r}, or train the preset {preset!r}"
        )
    net = SiameseNet(settings)
    try:
        net.load_state_dict(tensors)
    except RuntimeError as error:
        raise ValueError(f"the tensors in {path} do not fit its settings: {error}") from error
    return net.eval()


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
