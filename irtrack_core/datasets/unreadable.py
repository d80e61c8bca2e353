"""Frames that cannot be read, in loops that go on without them: a missing or damaged file, one of another size or depth."""

import warnings

import numpy as np

from irtrack_core.datasets.frames import FrameError


def attempt(frames, index):
    """(frame, None) of frame `index`, or (None, error): the FrameError or OSError that says why it cannot be read."""
    try:
        return frames[index], None
    except (FrameError, OSError) as error:
        return None, error


def readable(sequence, numbers):
    """Iterator of (number, frame) of those of the frames that can be read; a warning tells how many cannot, and why."""
    problems = {}
    for number in map(int, numbers):
        frame, problem = attempt(sequence.frames, number)
        if problem is None:
            yield number, frame
        else:
            problems[number] = problem
    tell(f"{sequence.dataset}/{sequence.name}", problems, "are left out")


def tell(where, problems, what):
    """Warns that frames of the sequence `where` cannot be used.

    problems: number -> error; what: becomes of them, e.g. "are left out".
    """
    if problems:
        numbers = [str(number) for number in problems]
        listed = ", ".join(numbers[:8]) + (f", ... ({len(numbers)} in all)" if len(numbers) > 8 else "")
        first = next(iter(problems.values()))
        warnings.warn(f"{where}: frames that cannot be used {what}: {listed}; the first: {first}", stacklevel=3)


class HeldFrames:
    """index -> frame of an array (N, H, W) in memory; problems: number -> the error of a frame that could not be read."""

    def __init__(self, array, problems):
        self.array, self.problems = array, problems

    def __call__(self, index):
        if index in self.problems:
            raise self.problems[index]
        return self.array[index]


def held(frames):
    """(array (N, H, W), problems): all frames, each read once; those that cannot be read are 0 and stand in problems.

    Raises FrameError or OSError when none can be read.
    """
    array, problems = np.zeros((len(frames), *frames.shape), frames.dtype), {}
    for index in range(len(frames)):
        frame, problem = attempt(frames, index)
        if problem is None:
            array[index] = frame
            continue
        problems[index] = problem
        if getattr(problem, "final", False):  # a recording that breaks off: nothing after it can be read either
            problems |= dict.fromkeys(range(index, len(frames)), problem)
            break
    if len(problems) == len(frames) and problems:
        raise problems[0]
    return array, problems
