"""Reports on a dataset, its contents and its errors: the command `irtrack check`."""

from dataclasses import dataclass, field

import numpy as np

from irtrack_core.boxes import centers, to_xyxy
from irtrack_core.datasets import GENERATED, FrameError, NothingToTrack, data_root, items
from irtrack_core.datasets.suspicions import suspicions
from irtrack_core.filtering.morphology import is_usable


@dataclass
class SequenceReport:
    """Findings on one sequence. errors make it unusable, warnings do not; trackable: it has a target to follow."""

    name: str
    frames: int = 0
    boxes: int = 0
    summary: str = ""
    warnings: list = field(default_factory=list)
    errors: list = field(default_factory=list)
    trackable: bool = True


@dataclass
class Report:
    """Findings on a dataset; `usable` when there is a target to track and nothing is wrong."""

    dataset: str
    root: str
    sequences: list

    @property
    def usable(self):
        return any(s.trackable for s in self.sequences) and not any(s.errors for s in self.sequences)

    def __str__(self):
        lines = []
        for s in self.sequences:
            verdict = "BAD " if s.errors else "ok  " if s.trackable else "none"
            lines.append(f"{verdict} {s.name}: {s.summary or 'cannot be read'}")
            lines += [f"       error: {text}" for text in s.errors] + [f"       note: {text}" for text in s.warnings]
        bad = sum(bool(s.errors) for s in self.sequences)
        frames, boxes = sum(s.frames for s in self.sequences), sum(s.boxes for s in self.sequences)
        count = sum(s.trackable for s in self.sequences)
        lines.append(f"{self.dataset} at {self.root}: {count} sequences, {frames} frames, {boxes} boxes")
        verdict = f"{bad} of {count} cannot be used" if bad else "everything can be used"
        lines.append(verdict if count else "no target is annotated in enough frames to be tracked")
        return "\n".join(lines)


def check(name, root=None, *, decode=True, progress=None, **options):
    """A Report on the dataset `name` at `root`.

    decode: read every frame, which alone finds damaged ones. progress: wraps the list of sequences, e.g. tqdm.
    Raises what `datasets.items` raises when there is nothing to look at: ValueError, FileNotFoundError.
    """
    found = items(name, root, **options)
    reports = []
    for title, read in progress(found) if progress else found:
        try:
            reports += [check_sequence(sequence, decode=decode) for sequence in read()]
        except NothingToTrack as nothing:
            reports.append(SequenceReport(title, nothing.frames, nothing.boxes, str(nothing), trackable=False))
        except (ValueError, TypeError, OSError, ImportError) as error:
            reports.append(SequenceReport(title, errors=[str(error)]))
    where = root if root is not None else "no place (made from its seed)" if name in GENERATED else data_root()
    return Report(name, str(where), reports)


def check_sequence(sequence, *, decode=True):
    """The SequenceReport of one sequence; every frame is read unless decode=False."""
    boxes, present, (height, width) = sequence.boxes, sequence.present, sequence.shape
    report = SequenceReport(sequence.name, len(sequence), int(present.sum()), warnings=list(sequence.notes))
    report.warnings += [text for text in suspicions(boxes, sequence.shape) if text not in report.warnings]
    gaps = _gaps(present)
    report.summary = f"{len(sequence)} frames {width} x {height} {sequence.frames.dtype}, {report.boxes} boxes"
    if present.any():
        (w, h), seen = np.median(boxes[present, 2:], axis=0), boxes[present]
        report.summary += f" (median {w:.1f} x {h:.1f} px), {len(gaps)} gaps"
        crossing = (seen[:, :2] < 0).any(axis=1) | (to_xyxy(seen)[:, 2:] > (width, height)).any(axis=1)
        center = centers(seen)
        outside = (center < 0).any(axis=1) | (center >= (width, height)).any(axis=1)
        if outside.any():
            first = int(np.flatnonzero(present)[np.argmax(outside)])
            report.errors.append(f"{outside.sum()} boxes are centred outside the frame, the first in frame {first}")
        elif crossing.any():
            report.warnings.append(f"{crossing.sum()} boxes cross the frame's border")
    else:
        report.errors.append("no frame is annotated, so no tracker can be started")
    if gaps:
        shown = ", ".join(f"{a}-{b}" if b > a else f"{a}" for a, b in gaps[:5])
        report.warnings.append(f"target absent in frames {shown}{', ...' if len(gaps) > 5 else ''}")
    if decode:
        report.errors += _unreadable(sequence.frames)
        # some is found out while reading
        report.warnings += [note for note in getattr(sequence.frames, "notes", ()) if note not in report.warnings]
    if hasattr(sequence.frames, "close"):
        sequence.frames.close()
    return report


def _gaps(present):
    """[(first, last)] of the runs of frames without a box."""
    edges = np.flatnonzero(np.diff(np.concatenate([[1], present.astype(int), [1]])))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2])]


def _unreadable(frames):
    """One sentence on the frames that cannot be read or hold NaN, or nothing."""
    bad, first = [], ""
    for index in range(len(frames)):
        try:
            frame = frames[index]
            if not is_usable(frame):
                raise FrameError(f"frame {index} holds pixels that are NaN, infinite or far too large", index)
        except (ValueError, OSError) as error:
            bad.append(index)
            first = first or str(error)
            if getattr(error, "final", False):  # a video: all that follows is lost too
                bad += range(index + 1, len(frames))
                break
    return [f"{len(bad)} frame(s) cannot be used, the first: {first}"] if bad else []
