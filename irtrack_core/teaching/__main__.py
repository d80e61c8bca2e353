"""Labs: `python -m irtrack_core.teaching release|grade|teach`; see docs/teaching.md."""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

from irtrack_core.provenance import find_root
from irtrack_core.teaching import build, grade, lab, proof, sandbox


def main(arguments=None):
    """Runs the command line; returns the exit status: 0, 1 where a lab or a submission has a fault, 2 for bad input."""
    chosen = _parser().parse_args(arguments)
    try:
        return chosen.call(chosen) or 0
    except (ValueError, FileNotFoundError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _parser():
    parser = argparse.ArgumentParser(prog="python -m irtrack_core.teaching", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    one = commands.add_parser("release", help="write the students' notebooks")
    one.set_defaults(call=_release)
    two = commands.add_parser("teach", help="prove the labs, then write solution sheets and nbgrader's source")
    two.set_defaults(call=_teach)
    for command in (one, two):
        command.add_argument("labs", nargs="*", help="beginnings of names, e.g. lab1; none: all")
        command.add_argument("--out", type=Path, help="default: labs/ in the repository")
    three = commands.add_parser("grade", help="grade a folder of submissions")
    three.add_argument("submissions", type=Path)
    three.add_argument("--lab", help="e.g. lab1; default: the one that most of the notebooks say they are of")
    three.add_argument("--out", type=Path, help="default: the folder's name with _graded")
    three.add_argument("--workers", type=int, default=2, help="submissions at a time")
    three.add_argument("--unprotected", action="store_true", help="without a box, for graders that run in a container")
    three.set_defaults(call=_grade)
    return parser


def _chosen(chosen):
    return [lab.load(name) for name in chosen.labs or lab.names()], chosen.out or find_root() / "labs"


def _release(chosen):
    labs, out = _chosen(chosen)
    for one in labs:
        print(f"wrote {build.write(one, 'release', out / 'release' / f'{one.name}.ipynb')}")


def _teach(chosen):
    labs, out = _chosen(chosen)
    wrong = 0
    for one in labs:
        faults = proof.faults(one)
        wrong += len(faults)
        print(f"{one.name}: {one.points} points and {one.by_hand} by hand; {len(faults) or 'no'} faults", flush=True)
        print("\n".join(f"  {text}" for text in faults), end="\n" if faults else "")
        print(f"wrote {build.write(one, 'solution', out / 'solution' / f'{one.name}.ipynb')}")
        print(f"wrote {build.write(one, 'nbgrader', out / 'nbgrader' / 'source' / one.name / f'{one.name}.ipynb')}")
    return int(wrong > 0)


def _grade(chosen):
    folder = chosen.submissions
    out = chosen.out or folder.resolve().with_name(f"{folder.resolve().name}_graded")
    one = lab.load(chosen.lab or _most(folder, out))
    _say_box(chosen.unprotected)
    results = grade.grade(folder, one, out, workers=chosen.workers, unprotected=chosen.unprotected)
    bad = [result for result in results if result["error"]]
    for result in bad:
        print(f"not graded: {result['file']}: {result['error']}")
    print(
        f"{len(results) - len(bad)} of {len(results)} graded: {out / 'grades.csv'}, {out / 'similar.csv'}, {out / 'feedback'}"
    )
    return int(not (out / "grades.csv").is_file())


def _say_box(unprotected):
    way = sandbox.way()
    if unprotected:
        text = "WARNING: no box: submissions can read the tests, your files and the network; only time and memory are limited"
    elif way == "namespaces":
        text = "bubblewrap is not installed (apt install bubblewrap): the boxes are made with unshare instead"
    else:
        return
    print(text, file=sys.stderr)


def _most(folder, out):
    """The lab that most of the notebooks in a folder name in their metadata."""
    found = Counter()
    for path in grade.find(folder, out):
        try:
            found[json.loads(path.read_text(encoding="utf-8"))["metadata"]["irtrack"]["lab"]] += 1
        except (OSError, ValueError, KeyError, TypeError):
            continue
    known = [name for name, _ in found.most_common() if name in lab.names()]
    if not known:
        raise ValueError("no notebook in the folder says which lab it is of: name it with --lab")
    return known[0]


if __name__ == "__main__":
    sys.exit(main())
