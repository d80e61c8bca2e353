"""A file is the old one or the new one, whatever becomes of its writer, and a killed writer's part does not stay."""

import os
import signal
import subprocess
import sys
import threading

import pytest
from processes import environment

from irtrack_core.whole_files import remove_abandoned, whole_file, write_whole

WRITER = """
import sys, time
from irtrack_core.whole_files import whole_file
with whole_file(sys.argv[1]) as part:
    part.write_bytes(b"half")
    print("written", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def writer(tmp_path):
    """A function that starts a process which writes a file and does not come to an end."""
    started = []

    def start(path):
        words = [sys.executable, "-c", WRITER, str(path)]
        started.append(subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment()))
        assert started[-1].stdout.readline() == "written\n"
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.communicate()


def names(folder):
    return sorted(os.listdir(folder))


@pytest.mark.parametrize("name", ["a.csv", "a[1]*?.csv"])
def test_the_part_of_a_killed_writer_goes_when_the_file_is_written_again(tmp_path, writer, name):
    path = write_whole(tmp_path / name, b"old")
    killed = writer(path)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert path.read_bytes() == b"old" and len(names(tmp_path)) == 2
    write_whole(path, b"new")
    assert path.read_bytes() == b"new" and names(tmp_path) == [name]


def test_a_part_in_use_and_those_of_other_files_stay(tmp_path, writer):
    path = tmp_path / "a.csv"
    writer(path)
    other = tmp_path / ".b.csv.1.part"
    other.write_bytes(b"")
    write_whole(path, b"new")
    remove_abandoned(path)
    assert path.read_bytes() == b"new" and other.exists() and len(names(tmp_path)) == 3


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    path = write_whole(tmp_path / "folder" / "a.csv", b"old")
    with pytest.raises(KeyError), whole_file(path) as part:
        part.write_bytes(b"half")
        raise KeyError("stop")
    assert path.read_bytes() == b"old" and names(path.parent) == ["a.csv"]
    assert path.stat().st_mode & 0o777 == 0o644


def test_many_writers_of_one_file_at_once(tmp_path):
    path, errors = tmp_path / "a.csv", []

    def write(sign):
        try:
            for _ in range(50):
                write_whole(path, sign * 1000)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(bytes([sign]),)) for sign in b"abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    content = path.read_bytes()
    assert not errors and len(content) == 1000 and len(set(content)) == 1 and names(tmp_path) == ["a.csv"]
