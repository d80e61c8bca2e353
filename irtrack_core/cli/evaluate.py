"""`irtrack evaluate`: trackers over whole sets, with a table, intervals, curves, raw boxes and a report in one folder."""

import os
from functools import partial
from pathlib import Path

from irtrack_core.cli.convert import FORMATS

RANGE = "Range a to b: fewer than 10 recordings, their least and greatest value and no interval."


def add_parser(commands, option):
    """Add the command `evaluate` to the subparsers of argparse. option: the type of --option NAME=VALUE."""
    one = commands.add_parser(
        "evaluate",
        help="measure trackers on whole sets",
        description="Give each tracker the first true box of every sequence, track to the end and measure. A run that was "
        "stopped goes on when it is started again with the same folder.",
    )
    one.add_argument(
        "trackers", metavar="TRACKERS", help="names or files of weights, between commas: siamese,my.safetensors"
    )
    one.add_argument("sets", nargs="+", metavar="SET", help="a set's name, its file or folder, or FORMAT=PATH")
    one.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where all that is made goes")
    one.add_argument("--tracker", action="append", default=[], metavar="NAME", help="one more tracker; may be repeated")
    one.add_argument(
        "--peer",
        nargs="+",
        action="append",
        default=[],
        metavar=("NAME", "FILE"),
        help="a tracker that runs from ONNX files of its own, and these: nanotrack BACKBONE HEAD, vittrack NET, "
        "dasiamrpn MODEL KERNEL_R1 KERNEL_CLS1, lighttrack TEMPLATE SEARCH; may be repeated",
    )
    one.add_argument("--boxes", choices=FORMATS, default="csv", help="raw boxes in this format too; default: csv alone")
    one.add_argument(
        "--option", action="append", default=[], type=option, metavar="NAME=VALUE", help="of the sets' readers"
    )
    one.add_argument("--workers", type=int, metavar="N", help="sequences tracked side by side; default: all cores")
    one.set_defaults(command=run)


def run(arguments):
    """Run the command `evaluate`; returns the exit code."""
    trackers, words, files = _checked(arguments)
    from irtrack_core.cli.named import load_sets
    from irtrack_core.provenance import limit_threads
    from irtrack_core.whole_files import only_writer

    sequences, left = _measurable(load_sets(words, dict(arguments.option)))
    limit_threads()
    makers = {label: _maker(name, weights, files) for label, (name, weights) in trackers.items()}
    for make in makers.values():  # what is wrong with a tracker is told before the first sequence
        make()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with only_writer(arguments.out):
        _measure(arguments, trackers, makers, files, sequences, left)
    return 0


def _measure(arguments, trackers, makers, files, sequences, left):
    """Track all sequences and write the folder; left: sentences on those that are left out."""
    import warnings

    from irtrack_core.evaluation import stored
    from irtrack_core.provenance import provenance

    origin, keys = provenance(), {label: _mark(*which, files) for label, which in trackers.items()}
    code = f"{origin['commit']} {origin['versions'].get('irtrack-core')}"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        results = stored.track_all(
            makers,
            sequences,
            arguments.out,
            keys={label: f"{label} {key} {code}" for label, key in keys.items()},
            processes=arguments.workers or len(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else "1"),
            progress=_bar,
        )
    notes = [*left, *dict.fromkeys(str(one.message) for one in caught)]
    what = {
        "trackers": {
            label: {"name": name, "weights": keys[label], "file": weights and weights.name}
            for label, (name, weights) in trackers.items()
        },
        "sequences": stored.describe(sequences),
        "notes": notes,
        **origin,
    }
    _write(arguments.out, what, results, sequences, arguments.boxes)


def _checked(arguments):
    """(trackers, sets, files of peers) of the words, before anything is loaded.

    Raises ValueError or OSError for what cannot be right.
    """
    from irtrack_core.cli.named import set_words, tracker_words

    if arguments.workers is not None and arguments.workers < 1:
        raise ValueError(f"--workers is a number of processes, 1 or more; got {arguments.workers}")
    trackers = tracker_words([arguments.trackers, *arguments.tracker])
    from irtrack_core.trackers import peers

    files, named = peers.files_of(arguments.peer), {name for name, _ in trackers.values()}
    alone = sorted((named & set(peers.FILES)) ^ set(files))
    if alone:
        raise ValueError(
            f"{alone[0]} runs from files of its own: the tracker {alone[0]} and --peer {alone[0]} FILE... go together"
        )
    words = set_words(arguments.sets)
    out = arguments.out
    if out.exists() and not out.is_dir():
        raise ValueError(f"{out} is a file: --out names a folder")
    if out.is_dir() and any(out.iterdir()) and not ((out / "boxes").is_dir() or (out / "evaluation.json").is_file()):
        raise ValueError(f"{out} holds other files: name a new folder, or that of an evaluation to go on with")
    return trackers, words, files


def _measurable(sequences):
    """(those with a true box after the first, sentences on the others). Raises ValueError where none is left."""
    good = [one for one in sequences if one.present.sum() > 1]
    left = [
        f"{one.dataset}/{one.name} is left out: it has fewer than two true boxes"
        for one in sequences
        if one not in good
    ]
    if not good:
        raise ValueError("no sequence has a true box after its first: there is nothing to measure")
    return good, left


def _maker(name, weights, files):
    from irtrack_core.trackers import create

    return partial(create, name, **files.get(name, {}), **({"weights": weights} if weights else {}))


def _mark(name, weights, peers):
    """What a tracker is made of: the checksum of its weights, 16 letters, "shipped" without such, OpenCV's version."""
    import hashlib

    from irtrack_core.trackers import opencv

    files = [*peers[name].values()] if name in peers else [weights] if weights else []
    found = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16] if files else "shipped"
    return f"OpenCV {opencv.version()}, {found}" if name in (*opencv.MAKERS, *peers) else found


def _bar(done, **options):
    from tqdm import tqdm

    return tqdm(done, unit="sequence", **options)


def _write(out, what, results, sequences, boxes):
    """All files of the folder but the raw boxes, which are there; prints the table."""
    import json

    from irtrack_core.evaluation import stored
    from irtrack_core.whole_files import write_whole

    table = stored.measured(results, sequences)
    found = stored.summary(table)
    write_whole(out / "sequences.csv", table.to_csv(index=False).encode())
    write_whole(out / "table.csv", found.to_csv(index=False).encode())
    write_whole(out / "evaluation.json", (json.dumps(what, indent=1) + "\n").encode())
    if boxes != "csv":
        _converted(out / f"boxes_{boxes}", boxes, results, sequences)
    rows, notes = wide(table, found), [*_sentences(table, sequences), *what["notes"]]
    from irtrack_core.cli.page import html_table, markdown, page, paragraphs, picture

    text = "\n".join(f"{note}  " for note in notes)
    write_whole(out / "table.md", f"{markdown(rows)}\n{text}\n".encode())
    print(f"{markdown(rows)}\n" + "\n".join(notes))
    pictures = _figures(out, results, sequences)
    each = [{key: _short(value) for key, value in row.items()} for row in table[_columns(table)].to_dict("records")]
    made = f"irtrack {what['versions'].get('irtrack-core')}, commit {what['commit']}"
    parts = [html_table(rows), paragraphs(notes), *(picture(path, path.stem) for path in pictures)]
    parts += ["<h2>Sequences</h2>", html_table(each), paragraphs([made])]
    write_whole(out / "report.html", page("Evaluation", parts).encode())
    print(
        f"written: {out}: report.html, table.csv, table.md, sequences.csv, {', '.join(p.name for p in pictures)}, boxes"
    )


def wide(table, found):
    """A row a set and tracker, as texts: set, tracker, n, each measure with its interval, frames a second."""
    from irtrack_core.evaluation.intervals import Interval
    from irtrack_core.evaluation.stored import MEASURES

    used = [name for name in MEASURES if name in set(found["measure"])]
    rows = []
    order = list(dict.fromkeys(found["dataset"]))
    groups = dict(list(found.groupby(["dataset", "tracker"], sort=False)))
    for dataset, tracker in sorted(groups, key=lambda key: order.index(key[0])):
        part = groups[dataset, tracker]
        timed = table[(table["dataset"] == dataset) & (table["tracker"] == tracker)]
        texts = {row.measure: Interval(*row[4:]).text(3, count=False) for row in part.itertuples()}
        row = {"set": dataset, "tracker": tracker, "n": int(part["recordings"].max()), "sequences": len(timed)}
        row |= {MEASURES[name]: texts.get(name, "-") for name in used}
        rows.append(row | {"frames/s": f"{timed['frames'].sum() / max(timed['seconds'].sum(), 1e-9):.0f}"})
    return rows


def _sentences(table, sequences):
    """What has to be said under a table."""
    from irtrack_core.evaluation.stored import TELL_ABSENCE

    notes = ["Means over n recordings, the first frame left out, with 95 % intervals by bootstrap over recordings."]
    if len(table) and table.groupby(["dataset"])["recording"].nunique().min() < 10:
        notes.append(RANGE)
    points = sorted({one.dataset for one in sequences if one.points})
    if points:
        notes.append(f"The truth of {', '.join(points)} is points without a size: overlap is not measured there.")
    if table["state"].notna().any():
        notes.append("State Accuracy: overlap where the target is, share of frames without a box where it is absent.")
    elif any(not one.present[one.first :].all() and one.dataset not in TELL_ABSENCE for one in sequences):
        notes.append(
            "Frames without a true box are left out; whether the target is absent there the format does not say."
        )
    return notes


def _columns(table):
    from irtrack_core.evaluation.stored import MEASURES

    names = [name for name in MEASURES if table[name].notna().any()]
    return ["dataset", "sequence", "recording", "tracker", "annotated", "unreadable", *names, "first_loss"]


def _short(value):
    return ("-" if value != value else f"{value:.3f}") if isinstance(value, float) else value


def _figures(out, results, sequences):
    """Paths of success.png (where a set has sizes) and precision.png, a panel a set."""
    import matplotlib

    matplotlib.use("agg")
    from irtrack_core import metrics
    from irtrack_core.evaluation.runs import curves
    from irtrack_core.figures import evaluated, style

    sized = {name: not any(one.points for one in sequences if one.dataset == name) for name in _sets(sequences)}
    paths = []
    for name, draw, curve, sets in (
        ("success", evaluated.success, metrics.success_curve, [name for name, sizes in sized.items() if sizes]),
        ("precision", evaluated.precision, metrics.precision_curve, list(sized)),
    ):
        if not sets:
            (out / f"{name}.png").unlink(missing_ok=True)
            continue
        with style.detached():
            figure, panels = style.new(1, len(sets), squeeze=False)
            for axes, dataset in zip(panels[0], sets):
                draw(axes, curves([one for one in results if one.dataset == dataset], sequences, curve), dataset)
            figure.savefig(out / f"{name}.png", dpi=120)
        paths.append(out / f"{name}.png")
    return paths


def _sets(sequences):
    return dict.fromkeys(one.dataset for one in sequences)


def _converted(folder, name, results, sequences):
    """Raw boxes in another toolkit's files, FOLDER/TRACKER/DATASET/SEQUENCE."""
    import numpy as np

    from irtrack_core.datasets.writers import write
    from irtrack_core.evaluation.runs import by_key
    from irtrack_core.evaluation.stored import boxes_path

    known = by_key(sequences)
    for one in results:
        sequence = known[one.dataset, one.sequence]
        boxes = np.full((len(sequence), 4), np.nan)
        boxes[one.start :: one.stride][: len(one.boxes)] = one.boxes
        target = boxes_path(folder, one.tracker, one.dataset, one.sequence).with_suffix("")
        target = folder / target.relative_to(folder / "boxes")
        files = getattr(sequence.frames, "files", None)
        write(name, target, boxes, shape=sequence.shape, files=files and list(files), fps=sequence.fps)
