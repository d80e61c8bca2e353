"""What an ONNX file says of its inputs, read without the package onnx: OpenCV runs a graph on inputs of other shapes, too.

Only the messages between a model and the shapes of its inputs are looked into; onnx.proto3 of the ONNX project numbers them.
"""

from pathlib import Path

MODEL_GRAPH, GRAPH_INPUT, VALUE_NAME, VALUE_TYPE, TENSOR, SHAPE, DIM, DIM_VALUE = 7, 11, 1, 2, 1, 2, 1, 1


def check_fed(path, fed):
    """Raises ValueError where the graph at path declares another shape for an input than it is to be fed.

    fed: {name of an input: shape}, with None for a size that is left open. An input that the graph lacks, and a file that
    is no graph, are left to whoever runs it: they show there.
    """
    declared = shapes(path)
    for name, shape in fed.items():
        known = declared.get(name)
        if known is None:
            continue
        if len(known) != len(shape) or any(None not in pair and pair[0] != pair[1] for pair in zip(known, shape)):
            words = "given here is", *(", ".join("any" if n is None else str(n) for n in one) for one in (shape, known))
            raise ValueError(f"{words[0]} {name} of ({words[1]}), and {path} takes ({words[2]})")


def shapes(path):
    """{name: shape} of a graph's inputs as it declares them, None for a size that it leaves open; {} for another file."""
    found = {}
    try:
        for graph in _parts(memoryview(Path(path).read_bytes()), MODEL_GRAPH):
            for value in _parts(graph, GRAPH_INPUT):
                kind = _first(_first(_first(value, VALUE_TYPE), TENSOR), SHAPE)
                if kind is not None:
                    sizes = [next(_parts(dim, DIM_VALUE, whole=True), None) for dim in _parts(kind, DIM)]
                    found[bytes(_first(value, VALUE_NAME)).decode()] = tuple(sizes)
    except (IndexError, ValueError, TypeError):  # cut short, or something else altogether
        return {}
    return found


def _first(message, number):
    return None if message is None else next(_parts(message, number), None)


def _parts(message, number, whole=False):
    """The parts of a message with a field's number: their bytes, or with `whole` the whole numbers."""
    place = 0
    while place < len(message):
        key, place = _number(message, place)
        kind, value = key & 7, None
        if kind == 0:
            value, place = _number(message, place)
        elif kind == 2:
            length, place = _number(message, place)
            if place + length > len(message):
                raise ValueError("a part is longer than its message")
            value, place = message[place : place + length], place + length
        elif kind in (1, 5):
            place += 8 if kind == 1 else 4
        else:
            raise ValueError(f"no part is of kind {kind}")
        if key >> 3 == number and kind == (0 if whole else 2):
            yield value


def _number(message, place):
    """(the whole number that begins at a place, the place behind it): seven bits a byte, the least first."""
    value = shift = 0
    while True:
        byte = message[place]
        value, shift, place = value | (byte & 127) << shift, shift + 7, place + 1
        if byte < 128:
            return value, place
        if shift > 63:
            raise ValueError("a whole number of more than 64 bits")
