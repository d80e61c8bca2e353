"""Threads, forks, copies and killed parents: it works, or says at once why not. Each test has a time limit."""

import copy
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import media
import numpy as np
import pytest
from filelock import FileLock
from processes import alive, environment, python
from toys import moving_spot

from irtrack_core import trackers
from irtrack_core.network import inference

BACKENDS = [name for name in inference.PRECISIONS if not inference.missing(name)]
KINDS = [("identity", {}), ("peak", {}), ("motion", {}), *(("siamese", {"backend": name}) for name in BACKENDS)]


@pytest.mark.parametrize("twin_of", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
@pytest.mark.parametrize("name, options", KINDS, ids=str)
def test_a_copy_and_its_original_do_not_notice_each_other(name, options, twin_of):
    spot = moving_spot()
    steps = [spot.frames[i] for i in range(1, 6)]
    tracker, alone = (trackers.create(name, **options) for _ in range(2))
    for one in (tracker, alone):
        one.init(spot.frames[0], spot.boxes[0])
        one.update(steps[0])
    twin = twin_of(tracker)
    expected = [alone.update(frame) for frame in steps[1:]]
    found = [twin.update(frame) for frame in steps[1:]]
    twin.init(spot.frames[9], spot.boxes[9] + [12, 9, 0, 0])  # follows something else from now on
    twin.update(spot.frames[10])
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose([tracker.update(frame) for frame in steps[1:]], expected, atol=1e-6)


def test_a_tracker_of_opencv_is_copied_before_it_starts_or_says_so():
    spot, tracker = moving_spot(3), trackers.create("mil")
    copy.deepcopy(tracker).init(spot.frames[0], spot.boxes[0])
    tracker.init(spot.frames[0], spot.boxes[0])
    for twin_of in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="'mil' cannot be copied or pickled once it is started"):
            twin_of(tracker)


FORKED = """
import os, sys, time
from toys import moving_spot
from irtrack_core import trackers
import cv2, numpy as np

backend, spot = sys.argv[1], moving_spot()
tracker = trackers.create("siamese", backend=backend)
tracker.init(spot.frames[0], spot.boxes[0])
expected = tracker.update(spot.frames[1])
if backend == "torch":
    import torch
    torch.set_num_threads(2)
    torch.nn.functional.conv2d(torch.rand(4, 8, 256, 256), torch.rand(8, 8, 3, 3))  # starts OpenMP's threads
cv2.setNumThreads(2)
cv2.dilate(np.zeros((2000, 2000), np.uint8), np.ones((9, 9)))  # and OpenCV's
child = os.fork()
if child == 0:
    try:
        for one in (lambda: tracker, lambda: trackers.create("siamese", backend=backend)):
            one = one()
            one.init(spot.frames[0], spot.boxes[0])
            assert abs(one.update(spot.frames[1]) - expected).max() < 1e-3
    except RuntimeError as error:
        print(error)
    except BaseException as error:
        print(repr(error))
        os._exit(1)
    sys.stdout.flush()
    os._exit(0)
end = time.monotonic() + 40
while not (done := os.waitpid(child, os.WNOHANG))[0] and time.monotonic() < end:
    time.sleep(0.02)
if not done[0]:
    os.kill(child, 9)
    sys.exit("the child hangs")
sys.exit(os.waitstatus_to_exitcode(done[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_forked_process_tracks_or_says_why_not(backend):
    run = python("-c", FORKED, backend, env=environment(OMP_NUM_THREADS="2"))
    assert run.returncode == 0, run.stdout + run.stderr
    assert ("multiprocessing.get_context('spawn')" in run.stdout) is (backend == "openvino")


KILLED = """
import multiprocessing
import os
from dataclasses import replace
from functools import partial
from toys import moving_spot
from irtrack_core import evaluation, trackers

def gone(finished, total):
    print(*(process.pid for process in multiprocessing.active_children()), flush=True)
    for _ in finished:
        os.kill(os.getpid(), 9)

spot = moving_spot(40)
many = [replace(spot, name=str(i)) for i in range(200)]
evaluation.run_all(partial(trackers.create, "identity"), many, processes=2, progress=gone)
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
def test_processes_that_track_end_with_the_one_that_started_them():
    run = python("-c", KILLED)
    pids = run.stdout.split()
    assert run.returncode == -9 and len(pids) == 2, run.stderr
    end = time.monotonic() + 20
    while any(map(alive, pids)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(alive, pids))


def test_made_in_many_threads_at_once_while_stdout_is_used():
    code = """
import io, logging, sys, threading
from contextlib import redirect_stdout
from irtrack_core import trackers
made, shown = [], io.StringIO()
def make():
    made.append(trackers.create("siamese", backend=sys.argv[1]).engine.backend)
for _ in range(2):
    threads = [threading.Thread(target=make) for _ in range(4)]
    for one in threads: one.start()
    for one in threads: one.join()
assert made == [sys.argv[1]] * 8, made
assert sys.stdout is sys.__stdout__ and logging.root.manager.disable == 0
print("this line is seen")
"""
    for backend in {"onnxruntime", "openvino"} & set(BACKENDS):
        run = python("-c", code, backend)
        assert (run.returncode, run.stdout) == (0, "this line is seen\n"), run.stderr


RESULTS = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from irtrack_core.workbook import batch
from irtrack_core.workbook.__main__ import main
job = "import os, signal, subprocess, time; signal.signal(signal.SIGINT, signal.SIG_DFL);"
job += "other = subprocess.Popen(['sleep', '99']); print(os.getpid(), other.pid, flush=True); time.sleep(99)"
batch._snakemake = lambda name, cores: [sys.executable, "-c", job]
sys.exit(main(["results"]))
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_no_job_outlives_the_lock_of_make_results(tmp_path, number):
    env = environment(IRTRACK_RESULTS=str(tmp_path))
    words = [sys.executable, "-c", RESULTS]
    run = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
    pids = run.stdout.readline().split()
    run.send_signal(number)
    _, errors = run.communicate(timeout=60)
    assert run.returncode == 128 + number and "Traceback" not in errors, errors
    assert len(pids) == 2 and not any(map(alive, pids))
    with FileLock(tmp_path / "quick" / ".running.lock", timeout=0):
        pass


SHARED = """
import multiprocessing, random, sys, threading
import numpy as np
from irtrack_core.datasets.open_frames import open_frames

def differing(seed, found):
    draw = random.Random(seed)
    for number in (draw.randrange(len(truth)) for _ in range(50)):
        if not np.array_equal(frames[number], truth[number]):
            found.append(number)

truth = list(open_frames(sys.argv[1]))
frames, found = open_frames(sys.argv[1]), []
frames[3]
threads = [threading.Thread(target=differing, args=(seed, found)) for seed in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("threads", found)
if "fork" in multiprocessing.get_all_start_methods():
    fork = multiprocessing.get_context("fork")

    def child(seed):
        found = []
        differing(seed, found)
        raise SystemExit(len(found))

    children = [fork.Process(target=child, args=(seed,)) for seed in range(2)]
    for one in children:
        one.start()
    differing(9, found)
    for one in children:
        one.join()
    print("fork", found, [one.exitcode for one in children])
"""


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.npy", "pages.tif"])
def test_frames_are_shared_by_threads_and_forks(tmp_path, name):
    path, clip = tmp_path / name, media.clip(20)
    if name == "film.mp4":
        media.write_video(path, clip)
    elif name == "film.mkv":
        pytest.importorskip("av", reason="needs av (extra media)")
        media.write_deep_video(path, media.deep_clip(20, 16))
    elif name == "film.npy":
        np.save(path, clip)
    else:
        cv2.imwritemulti(str(path), list(clip))
    done = python("-c", SHARED, path, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[0] == "threads []"
    assert done.stdout.splitlines()[1:] in ([], ["fork [] [0, 0]"])
