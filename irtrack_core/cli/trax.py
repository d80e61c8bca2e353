"""`irtrack trax`: any tracker of the package under the VOT toolkit, which talks TraX with it.

In the toolkit's trackers.ini:

    [irtrack]
    label = irtrack
    protocol = trax
    command = irtrack trax --tracker siamese
"""

import sys
from pathlib import Path

from irtrack_core.optional import need


def add_parser(commands):
    """Add the command `trax` to the subparsers of argparse."""
    one = commands.add_parser(
        "trax",
        help="run a tracker under the VOT toolkit",
        description="Speak TraX with the VOT toolkit, which starts this command itself (needs the extra vot).",
    )
    one.add_argument("--tracker", default="siamese", help="default: siamese")
    one.add_argument("--weights", type=Path, metavar="FILE", help="of the network; default: those that are shipped")
    one.add_argument("--backend", help="auto (default), onnxruntime, openvino, opencv or torch: what runs the network")
    one.add_argument("--precision", help="f32 (default), bf16 or int8, where the backend has it")
    one.add_argument("--channel", default="color", choices=("color", "ir"), help="which images; default: color")
    one.set_defaults(command=run)


def run(arguments):
    """Run the command `trax`; returns the exit code."""
    from irtrack_core.cli.track import make_tracker

    trax = need("trax", "vot")
    make_tracker(arguments)  # a wrong name or missing file is told at once, and not after the first frame
    formats = [trax.Region.RECTANGLE], [trax.Image.PATH, trax.Image.BUFFER], [arguments.channel]
    try:
        with trax.Server(*formats, tracker_name=f"irtrack {arguments.tracker}", multiobject=True) as server:
            serve(server, lambda: make_tracker(arguments), trax.Rectangle.create, arguments.channel)
    except trax.TraxException as error:
        raise OSError(f"the VOT toolkit does not answer ({error}): it starts this command itself") from error
    return 0


def serve(server, make, rectangle, channel="color"):
    """Answer a TraX server's requests until it quits: a box and the confidence for each object.

    make: makes a tracker, one an object; rectangle: makes a region of x, y, w, h. A frame that cannot be read gets the box
    before it and the confidence 0. Raises ValueError for a first frame or box that cannot be used.
    """
    import numpy as np

    tracks = []  # [tracker, latest box]
    while True:
        request = server.wait()
        if request.type == "quit":
            return
        if request.type == "initialize":
            tracks = []
        answers, problem = [], ""
        try:
            frame = read(request.image[channel])
        except (ValueError, OSError) as error:
            if request.objects:
                raise
            frame, problem = None, str(error)
        for track in tracks:
            try:
                box = track[0].update(frame) if frame is not None else track[1]
            except ValueError as error:
                box, problem = track[1], str(error)
            track[1] = box if np.isfinite(box).all() else track[1]
            score = 0.0 if problem or not np.isfinite(box).all() else track[0].score
            answers.append((rectangle(*map(float, track[1])), {"confidence": float(score)}))
        for region, _ in request.objects or ():
            tracker, box = make(), np.array(region.bounds(), dtype=np.float64)
            tracker.init(frame, box)
            tracks.append([tracker, box])
            answers.append((rectangle(*map(float, box)), {"confidence": 1.0}))
        if problem:
            print(f"irtrack: {problem}; going on", file=sys.stderr)
        server.status(answers)


def read(image):
    """(H, W) of an image that TraX hands over: a path, or the bytes of a file. Raises FrameError when unreadable."""
    from irtrack_core.datasets.pictures import decode_image, read_image

    if hasattr(image, "path"):
        return read_image(image.path())
    return decode_image(image.buffer(), "the image of the toolkit")
