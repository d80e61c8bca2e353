"""Trackers over real sequences by OPE, TRE and SRE, every frame and every 6th, set by set: the tables of docs/results.md.

    python benchmarks/real_sequences.py [--sets svanstrom,hui] [--trackers peak,siamese] [--protocols OPE,SRE] [--strides 6]
        [--out FOLDER]

IRTRACK_DATA names the folder with the sets; further cameras are folders of clips, `--sets NAME=FOLDER`. Speed is not
measured. The compared and cited methods (`protocol.STUDIED`) take the weights of fold 0 in --results, which `make results`
leaves, those cited run where they are named; NanoTrack takes its two files from --nanotrack BACKBONE HEAD. CSRT and KCF
need OpenCV's contrib build and so an environment of their own, .venv-baselines, which `make baselines` makes: this script
calls itself there.

Raw boxes go to results/real/boxes, one CSV a set and tracker; what is there, made by the same code, is kept. One and the same
code measures them all. --out keeps the tables (a row a pass), the raw boxes in whole hundredths of a pixel (boxes.zip) and
card.json, which says what made them. --add puts the trackers named beside those that are in the tables already, or in their
place: your own beside the stored ones. The card then has the commits of the `others`.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import zipfile
from functools import partial
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from irtrack_core import datasets, evaluation, trackers
from irtrack_core.experiments import cached, dependencies, protocol, real_sets
from irtrack_core.network.weights import SHIPPED
from irtrack_core.provenance import find_root, provenance
from irtrack_core.trackers import opencv

ROOT = find_root()
STRIDES = "1,6"
ALL = evaluation.protocols.PROTOCOLS
OWN = ("identity", "peak", "peak-blur", "peak-motion", "siamese", "motion", "compact-sim", *protocol.METHODS)
CONTRIB = ("csrt", "kcf")
# slow ones are run by the protocols that say most
FEWER = dict.fromkeys(("csrt", "nanotrack"), ("OPE", "SRE-strong")) | dict.fromkeys(
    ("mil", "ref4", *protocol.STUDIED), ("OPE",)
)
KEPT = ["set", "recording", "sequence", "tracker", "protocol", "trial", "stride", "annotated"]
MEASURES = ["aor", "sr50", "sr75", "p3", "p5", "p20", "loss_rate"]


def load(name):
    """The sequences of a set: a dataset's name, or NAME=FOLDER of clips with box files."""
    name, _, folder = name.partition("=")
    return datasets.load("folder", folder) if folder else datasets.load(name)


def make(name, results, nanotrack):
    """The tracker of that name: a tracker's, that of a shipped file of weights, or a compared method's."""
    if (SHIPPED / f"{name}.safetensors").is_file() and name not in trackers.REGISTRY:
        return trackers.create("siamese", weights=SHIPPED / f"{name}.safetensors", name=name)
    if name in protocol.STUDIED:
        from irtrack_core.experiments import study  # needs torch, which OpenCV's environment has not

        return study.make_tracker(name, results)
    options = dict(zip(("backbone", "head"), nanotrack)) if name == "nanotrack" else {}
    return trackers.create(name, **options)


def weights_of(name, results):
    """The sha256 of the file with a tracker's weights; None where it has none."""
    file = SHIPPED / "motion.safetensors" if name == "motion" else protocol.weights_of(name, results, 0, 0)
    return file and hashlib.sha256(file.read_bytes()).hexdigest()


def digest(name, results):
    """A key of what the boxes of a tracker depend on: the code, its weights, OpenCV."""
    weights = weights_of(name, results)
    code = opencv.__file__ if name in protocol.OPENCV else __file__
    return cached.key(code=dependencies.digest(code), weights=weights, opencv=opencv.version())


def boxes_file(options, one, name):
    return options.boxes / f"{one.partition('=')[0]}__{name}.csv"


def follow(options, one, names):
    """Track the set `one` by the trackers `names`, and leave their raw boxes."""
    sequences = load(one)
    for name in names:
        file, key = boxes_file(options, one, name), digest(name, options.results)
        wanted = [p for p in options.protocols if p in FEWER.get(name, ALL)]
        made = f"{key} {wanted} {options.strides}"
        if evaluation.provenance_of(file) == made:
            continue
        results = evaluation.run_all(
            partial(make, name, options.results, options.nanotrack),
            sequences,
            wanted,
            options.strides,
            processes=options.processes,
            progress=partial(tqdm, desc=f"{one} {name}", unit="sequence"),
        )
        evaluation.save_boxes(results, file, provenance=made)


def measured(options, one, sequences):
    """The table of all passes over a set."""
    files = [boxes_file(options, one, name) for name in options.trackers]
    results = [result for file in files if file.is_file() for result in evaluation.load_boxes(file)]
    table = evaluation.evaluate(evaluation.with_first_passes(results), sequences)
    recordings = {each.name: each.recording for each in sequences}
    table = table.assign(set=one.partition("=")[0], recording=table["sequence"].map(recordings))
    if one.partition("=")[0] in real_sets.CENTRES:
        table[["aor", "sr50", "sr75", "loss_rate"]] = float("nan")
    return table[KEPT + MEASURES]


def packed(files):
    """{name: text} of the raw boxes in hundredths of a pixel, whole numbers; frames that were not tracked are empty."""
    found = {}
    for file in files:
        table = pd.read_csv(file)
        table[list("xywh")] = (100 * table[list("xywh")]).round().astype("Int64")
        kept = table[["sequence", "protocol", "trial", "stride", "frame", *"xywh"]]
        found[file.name] = kept[kept["protocol"] != "SRE"].to_csv(index=False)
    return found


def keep(folder, table, boxes, card, add=False):
    """Write passes.csv, boxes.zip and card.json. add: what the folder has of other trackers stays, and in its place."""
    folder.mkdir(parents=True, exist_ok=True)
    table = table.round(4)
    if add:
        before = pd.read_csv(folder / "passes.csv", dtype={"recording": str})
        places = {one: [*dict.fromkeys([*before[one], *table[one]])] for one in ("set", "tracker")}
        pairs = [part[["set", "tracker"]].agg(tuple, axis=1) for part in (before, table)]
        before = before[~pairs[0].isin(set(pairs[1]))]
        table = pd.concat([before, table]).sort_values(
            ["set", "tracker"], key=lambda column: column.map(places[column.name].index), kind="stable"
        )
        with zipfile.ZipFile(folder / "boxes.zip") as archive:
            boxes = {name: archive.read(name).decode() for name in archive.namelist()} | boxes
        older = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        card["weights"] = older.get("weights", {}) | card["weights"]
        commits = older.get("others", {})
        others = dict.fromkeys(before["set"] + "/" + before["tracker"])
        card["others"] = {name: commits.get(name, older["commit"]) for name in others}
    table.to_csv(folder / "passes.csv", index=False)
    with zipfile.ZipFile(folder / "boxes.zip", "w", zipfile.ZIP_LZMA) as archive:
        for name, text in boxes.items():
            archive.writestr(name, text)
    (folder / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default="svanstrom", help="names, NAME=FOLDER for a folder of clips; commas between")
    parser.add_argument("--trackers", default=",".join([*OWN, *CONTRIB, "mil"]), help="names, with commas between them")
    parser.add_argument("--protocols", default=",".join(ALL), help=f"of {', '.join(ALL)}")
    parser.add_argument("--strides", default=STRIDES, help="every how many frames, numbers with commas between them")
    parser.add_argument("--processes", type=int, default=2, help="sequences that are tracked side by side")
    parser.add_argument(
        "--results", type=Path, default=ROOT / "results" / "quick", help="has the compared methods' weights"
    )
    parser.add_argument("--nanotrack", nargs=2, type=Path, metavar=("BACKBONE", "HEAD"), help="its two ONNX files")
    parser.add_argument(
        "--boxes", type=Path, default=ROOT / "results" / "real" / "boxes", help="folder of the raw boxes"
    )
    parser.add_argument("--only-boxes", action="store_true", help="leave raw boxes, measure nothing")
    parser.add_argument("--out", type=Path, help="folder for the tables, the packed boxes and the card")
    parser.add_argument("--add", action="store_true", help="keep what the tables in --out say of other trackers")
    options = parser.parse_args()
    if options.add and not (options.out and (options.out / "passes.csv").is_file()):
        parser.error("--add adds to the tables in --out FOLDER: there are none")
    for name in ("sets", "trackers", "protocols"):
        setattr(options, name, list(filter(None, getattr(options, name).split(","))))
    strides = options.strides
    if not all(word.isdecimal() and int(word) for word in strides.split(",")):
        parser.error(f"--strides {strides}: whole numbers from 1 on, with commas between them, such as {STRIDES}")
    options.strides = [int(word) for word in strides.split(",")]
    if options.nanotrack and "nanotrack" not in options.trackers:
        options.trackers.append("nanotrack")
    made_by, python = provenance(), ROOT / ".venv-baselines" / "bin" / "python"
    here = [n for n in options.trackers if n not in CONTRIB or n in opencv.available()]
    elsewhere = [n for n in options.trackers if n not in here]
    for one in options.sets:
        follow(options, one, here)
    if elsewhere and python.is_file():
        words = ["--only-boxes", "--trackers", ",".join(elsewhere), "--sets", ",".join(options.sets)]
        words += ["--protocols", ",".join(options.protocols), "--strides", strides, "--boxes", str(options.boxes)]
        subprocess.run([python, __file__, *words, "--processes", str(options.processes)], check=True, cwd=ROOT)
    elif elsewhere:
        print(f"without {', '.join(elsewhere)}: `make baselines` makes the environment that they need", file=sys.stderr)
    if options.only_boxes:
        return
    table = pd.concat([measured(options, one, load(one)) for one in options.sets])
    keys = ["set", "protocol", "stride", "tracker"]
    each = table.groupby([*keys, "recording", "sequence"], sort=False)[MEASURES].mean()
    print(each.groupby([*keys, "recording"], sort=False).mean().groupby(keys, sort=False).mean().round(3).to_string())
    if options.out:
        words = [Path(word).name if Path(word).is_absolute() else word for word in sys.argv[1:]]  # no one's folders
        learnt = {name: weights_of(name, options.results) for name in options.trackers}
        card = {"command": " ".join(["python", "benchmarks/real_sequences.py", *words])} | made_by
        card["weights"] = {name: checksum for name, checksum in learnt.items() if checksum}  # sha256 of the files
        boxes = packed([boxes_file(options, one, n) for one in options.sets for n in options.trackers])
        keep(options.out, table, boxes, card, options.add)


if __name__ == "__main__":
    main()
