"""`irtrack export`: a network as two ONNX graphs for other programs, checked against torch."""

import os
from pathlib import Path


def add_parser(commands):
    """Add the command `export` to the subparsers of argparse."""
    one = commands.add_parser(
        "export",
        help="write a network as ONNX graphs for other programs",
        description="Write OUT.template.onnx, OUT.search.onnx, and OUT.json, which says how to feed them (needs torch).",
    )
    one.add_argument("--weights", type=Path, metavar="FILE", help="default: those that are shipped")
    one.add_argument(
        "--onnx", type=Path, required=True, metavar="OUT", help="beginning of the files' names; .onnx is cut off"
    )
    one.set_defaults(command=run)


def run(arguments):
    """Run the command `export`; returns the exit code."""
    from irtrack_core.network import SHIPPED
    from irtrack_core.network.header import check_header
    from irtrack_core.optional import need

    weights = arguments.weights or SHIPPED / "compact.safetensors"
    check_header(weights)
    out = arguments.onnx.with_suffix("") if arguments.onnx.suffix.lower() == ".onnx" else arguments.onnx
    place = out.resolve().parent
    if not place.is_dir():
        raise FileNotFoundError(f"no folder {place} to write {out.name} into")
    if not os.access(place, os.W_OK):
        raise PermissionError(f"cannot write into the folder {place}: name another place for {out.name}")
    if place == weights.resolve().parent and out.name == weights.stem:
        raise ValueError(f"{out}.*.onnx beside {weights.name} are the graphs that belong to it: name other files")
    for name in ("torch", "onnx", "onnxruntime"):
        need(name, "train")
    from irtrack_core.training.onnx_files import TOLERANCE, export_onnx

    told = export_onnx(weights, out)
    for name in ("template", "search"):
        print(f"{out.name}.{name}.onnx")
        for kind in ("inputs", "outputs"):
            print(f"  {kind}: {', '.join(f'{one} {shape}' for one, shape in told[name][kind].items())}")
    print("preprocessing:", *told["preprocessing"], sep="\n  ")
    error = told["largest_difference_from_torch"]
    print(
        f"ONNX Runtime and torch differ by {error:.1e} at most (allowed: {TOLERANCE:g}); written with {out.name}.json"
    )
    return 0
