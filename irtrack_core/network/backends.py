"""What runs the network, by name: which backends there are and what each computes in. Imports nothing."""

# what each backend computes in; f32 first, the others change the boxes a little
PRECISIONS = {
    "torch": ("f32", "bf16"),
    "opencv": ("f32",),
    "onnxruntime": ("f32", "int8"),
    "openvino": ("f32", "bf16", "int8"),
}
AUTO = ("onnxruntime", "openvino", "opencv")  # fastest first, by benchmarks/tracking_speed.py; the last is always there
INSTALL = {"torch": "pip install irtrack-core[train]"} | dict.fromkeys(AUTO, "pip install irtrack-core[runtime]")


def check(backend, precision="f32", device_name="cpu"):
    """Raises ValueError for an unknown backend, or a precision or device that it lacks, saying which have it."""
    if backend not in ("auto", *PRECISIONS):
        raise ValueError(f"unknown backend {backend!r}: use auto or one of {', '.join(PRECISIONS)}")
    able = [name for name, precisions in PRECISIONS.items() if precision in precisions]
    if backend == "auto" and not able:
        raise ValueError(f"no backend has precision {precision!r}: use f32, bf16 or int8")
    if backend != "auto" and backend not in able:
        raise ValueError(
            f"backend {backend!r} has no precision {precision!r}: it has {', '.join(PRECISIONS[backend])}"
            + (f"; {precision} is for {', '.join(able)}" if able else "")
        )
    if device_name != "cpu" and backend not in ("auto", "torch"):
        raise ValueError(f"backend {backend!r} runs on the cpu; for {device_name!r} use backend='torch'")
