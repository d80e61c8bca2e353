"""`irtrack compare`: two evaluations of the same sequences, paired: differences, intervals, and what decides them."""

from pathlib import Path

SHOWN = 5  # sequences that are printed, of the largest differences


def add_parser(commands):
    """Add the command `compare` to the subparsers of argparse."""
    one = commands.add_parser(
        "compare",
        help="say whether one evaluation is better than another",
        description="Compare two folders of irtrack evaluate, sequence by sequence: the first minus the second.",
    )
    one.add_argument("a", type=Path, metavar="FOLDER_A")
    one.add_argument("b", type=Path, metavar="FOLDER_B", help="the same folder again compares two trackers of it")
    one.add_argument("--trackers", nargs=2, metavar=("IN_A", "IN_B"), help="which, where a folder holds several")
    one.add_argument(
        "--out", type=Path, metavar="FOLDER", help="differences.csv, sequences.csv and compare.md go there"
    )
    one.set_defaults(command=run)


def run(arguments):
    """Run the command `compare`; returns the exit code."""
    for folder in (arguments.a, arguments.b):
        if not folder.is_dir():
            raise FileNotFoundError(f"no folder {folder}: give two folders of irtrack evaluate")
    out = arguments.out
    if out is not None and out.exists() and not out.is_dir():
        raise ValueError(f"{out} is a file: --out names a folder")
    if out is not None and out.resolve() in (arguments.a.resolve(), arguments.b.resolve()):
        raise ValueError(f"--out {out} would replace the tables of an evaluation: name another folder")
    from irtrack_core.cli.page import markdown
    from irtrack_core.evaluation.paired import check_same, compare
    from irtrack_core.evaluation.stored import MEASURES, load_evaluation

    (what_a, table_a), (what_b, table_b) = load_evaluation(arguments.a), load_evaluation(arguments.b)
    check_same(what_a, what_b, (str(arguments.a), str(arguments.b)))
    pairs = _pairs(arguments, list(what_a["trackers"]), list(what_b["trackers"]))
    text, tables = "", []
    for one, two in pairs:
        found, each = compare(*(t[t["tracker"] == name] for t, name in ((table_a, one), (table_b, two))))
        tables.append((found.assign(a=one, b=two), each.assign(tracker_a=one, tracker_b=two)))
        text += f"{_title(arguments, one, two)}\n\n{markdown(rows(found))}\n{deciding(found, each)}\n"
    text += f"Positive: the first is ahead. {', '.join(MEASURES[n] for n in MEASURES if n in set(found['measure']))}: "
    text += "several rows are several tests, and of twenty without any true difference one is clear by chance.\n"
    print(text, end="")
    if out is not None:
        import pandas as pd

        out.mkdir(parents=True, exist_ok=True)
        for name, parts in zip(("differences", "sequences"), zip(*tables)):
            pd.concat(parts).to_csv(out / f"{name}.csv", index=False)
        (out / "compare.md").write_text(text, encoding="utf-8")
        print(f"written: {out}: differences.csv, sequences.csv, compare.md")
    return 0


def _pairs(arguments, ours, theirs):
    """[(tracker in A, tracker in B)]. Raises ValueError where it is not clear which are meant."""
    same = arguments.a.resolve() == arguments.b.resolve()
    if arguments.trackers:
        for name, known, folder in zip(arguments.trackers, (ours, theirs), (arguments.a, arguments.b)):
            if name not in known:
                raise ValueError(f"{folder} has no tracker {name!r}: it has {', '.join(known)}")
        if same and len(set(arguments.trackers)) == 1:
            raise ValueError(f"this compares {arguments.trackers[0]!r} with itself: name two trackers or two folders")
        return [tuple(arguments.trackers)]
    common = [name for name in ours if name in theirs]
    if not same and (common or len(ours) == len(theirs) == 1):
        return [(name, name) for name in common] or [(ours[0], theirs[0])]
    raise ValueError(
        f"which trackers? {arguments.a} has {', '.join(ours)}, {arguments.b} has {', '.join(theirs)}: --trackers IN_A IN_B"
    )


def _title(arguments, one, two):
    return f"## {one} ({arguments.a}) minus {two} ({arguments.b})"


def rows(found):
    """The differences as texts, a dict a row."""
    from irtrack_core.evaluation.intervals import Interval
    from irtrack_core.evaluation.stored import MEASURES

    columns = ["recordings", "difference", "low", "high", "kind"]
    texts = [Interval(*row).text(3, sign="+") for row in found[columns].itertuples(index=False)]
    return [
        {
            "set": row.dataset,
            "measure": MEASURES[row.measure],
            "difference": text,
            "first is": row.word,
            "without the recording that decides most": f"{row.without:+.3f} ({row.decides})" if row.decides else "-",
        }
        for row, text in zip(found.itertuples(), texts)
    ]


def deciding(found, each):
    """Sentences on the sequences of the largest difference, in AO or, for points, P@5; one line a set."""
    lines = []
    for dataset, part in each.groupby("dataset", sort=False):
        measure = "aor" if "aor" in set(part["measure"]) else "p5"
        part = part[part["measure"] == measure]
        better, worse = int((part["difference"] > 0).sum()), int((part["difference"] < 0).sum())
        largest = ", ".join(f"{row.sequence} {row.difference:+.3f}" for row in part.head(SHOWN).itertuples())
        name = "AO" if measure == "aor" else "P@5"
        equal = len(part) - better - worse
        lines.append(
            f"{dataset}: {name} is higher in {better} sequences, lower in {worse}, equal in {equal}; largest: {largest}"
        )
    return "\n".join(lines) + "\n"
