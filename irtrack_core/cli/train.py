"""`irtrack train`: shipped weights trained on with one's own recordings, and judged on recordings that were held back."""

import os
import shlex
import sys
from pathlib import Path


def add_parser(commands, option):
    """Add the command `train` to the subparsers of argparse. option: the type of --option NAME=VALUE."""
    one = commands.add_parser(
        "train",
        help="train the shipped weights on with your own recordings",
        description="Learn from some recordings, stop by others, judge by the rest and by simulated sets. The result is "
        "called better only where that is shown. A training that was stopped goes on when it is started again.",
    )
    one.add_argument("sets", nargs="+", metavar="SET", help="a set's name, its file or folder, or FORMAT=PATH")
    one.add_argument("--out", type=Path, required=True, metavar="FILE", help="the weights, .safetensors")
    one.add_argument(
        "--from", dest="before", default="compact", metavar="WEIGHTS", help="a file, compact (default), compact-sim"
    )
    one.add_argument("--iterations", type=int, default=300, metavar="N", help="steps at most; default: 300")
    one.add_argument("--seed", type=int, default=0, help="of the split and of the pairs")
    one.add_argument(
        "--option", action="append", default=[], type=option, metavar="NAME=VALUE", help="of the sets' readers"
    )
    one.add_argument("--workers", type=int, default=1, metavar="N", help="sequences judged side by side; default: 1")
    one.set_defaults(command=run)


def run(arguments):
    """Run the command `train`; returns the exit code."""
    before, words = _checked(arguments)
    from irtrack_core.optional import need

    for name in ("torch", "onnx", "onnxruntime"):
        need(name, "train")
    from irtrack_core.whole_files import only_writer

    with only_writer(arguments.out):
        _train(arguments, before, words)
    return 0


def _train(arguments, before, words):
    """Learn, judge and tell."""
    from tqdm import tqdm

    from irtrack_core.cli.evaluate import _measurable
    from irtrack_core.cli.named import load_sets
    from irtrack_core.provenance import limit_threads

    limit_threads()
    sequences, left = _measurable(load_sets(words, dict(arguments.option)))
    for line in left:
        print(f"irtrack: {line}", file=sys.stderr)
    from irtrack_core.experiments import fine_tune

    limit_threads()  # torch is there now
    parts = fine_tune.split(sequences, arguments.seed)
    for what, part in zip(("learned from", "to stop by", "held back to judge"), parts):
        names = sorted({one.recording for one in part})
        print(
            f"{what}: {len(part)} sequences of {len(names)} recordings: {', '.join(names[:6])}{' ...' * (len(names) > 6)}"
        )
    with tqdm(total=arguments.iterations, unit="step", desc="training", mininterval=1.0) as bar:
        options = dict(iterations=arguments.iterations, seed=arguments.seed)
        net, checks = fine_tune.learn(parts, before, arguments.out, progress=lambda n: bar.update(n - bar.n), **options)
    print("loss on the part to stop by:", ", ".join(f"{loss:.3f} after {step}" for step, loss in checks))
    command = shlex.join(
        ["irtrack", "train", *arguments.sets, "--seed", str(arguments.seed), "--out", arguments.out.name]
    )
    card = fine_tune.write(net, checks, arguments.out, before, parts, command)
    if not card["kept_step"]:
        print("no step was better than the weights before: they are kept as they were")
    print(f"scores and sizes are calibrated on {card['calibrated_on']}")
    folder = arguments.out.with_name(f"{arguments.out.stem}_judged")
    found, said = fine_tune.judge(arguments.out, before, parts, folder, processes=arguments.workers, progress=tqdm)
    _tell(arguments.out, folder, found, said)


def _checked(arguments):
    """(weights before, sets). Raises ValueError or OSError for what cannot be right, before anything is loaded."""
    from irtrack_core.cli.named import WEIGHTS, set_words
    from irtrack_core.network import SHIPPED
    from irtrack_core.network.header import check_header

    out, before = arguments.out, arguments.before
    for name in ("iterations", "workers"):
        if getattr(arguments, name) < 1:
            raise ValueError(f"--{name} is a number of 1 or more; got {getattr(arguments, name)}")
    if out.suffix != WEIGHTS:
        raise ValueError(f"{out}: weights are written as {WEIGHTS}")
    shipped = sorted(path.stem for path in SHIPPED.glob(f"*{WEIGHTS}"))
    if before not in shipped and not Path(before).is_file():
        raise FileNotFoundError(f"no weights {before!r}: give a file, or one of {', '.join(shipped)}")
    before = SHIPPED / f"{before}{WEIGHTS}" if before in shipped else Path(before)
    check_header(before)
    if out.resolve() == before.resolve():
        raise ValueError(f"{out} would replace the weights that it is trained from: name another file")
    place = out.resolve().parent
    if not place.is_dir() or out.is_dir():
        raise FileNotFoundError(
            f"no folder {place} to write {out.name} into" if not out.is_dir() else f"{out} is a folder"
        )
    if not os.access(place, os.W_OK):
        raise PermissionError(f"cannot write into the folder {place}: name another place for {out.name}")
    return before, set_words(arguments.sets)


def _tell(out, folder, found, said):
    """Print the differences and the verdict, and keep them in the folder."""
    from irtrack_core.cli.compare import rows
    from irtrack_core.cli.page import markdown
    from irtrack_core.whole_files import write_whole

    chosen = found[found["measure"].isin(["aor", "p5", "p20"])]
    table = [{"where": where} | row for where, row in zip(chosen["where"], rows(chosen))]
    text = f"{out.name} minus the weights before, paired by recording:\n\n{markdown(table)}\n{said}\n"
    found.to_csv(folder / "differences.csv", index=False)
    write_whole(folder / "judged.md", text.encode())
    print(f"{text}written: {out}, its graphs, and {folder}; use it: irtrack track VIDEO --weights {out}")
