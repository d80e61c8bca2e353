#!/bin/bash
# Saving the same tensors and metadata with safetensors gives files of different bytes, from one process to the next.
#
# Guess that was wrong: the same content gives the same file, so that a checksum tells whether weights are the same.
# The words of the metadata are written in the order of a hash map that is seeded anew in every process; tensors are sorted.
# With one word, or none, the bytes are always the same.
# What to do: compare what is read, not the bytes; or keep all metadata as one JSON text under a single word.
. "$(dirname "$0")/common.sh"
setup safetensors==0.8.0 numpy==2.4.6
run <<'PYTHON'
import hashlib
import subprocess
import sys

from finding import expect, versions

SAVE = """
import sys
import numpy as np
from safetensors.numpy import save_file
words = dict.fromkeys(sys.argv[1:], "1")
save_file({"b": np.ones(2), "a": np.zeros(3)}, "w.safetensors", metadata=words)
"""


def digests(*words, times=12):
    found = set()
    for _ in range(times):
        subprocess.run([sys.executable, "-c", SAVE, *words], check=True)
        found.add(hashlib.sha256(open("w.safetensors", "rb").read()).hexdigest())
    return found


versions("safetensors")
expect("12 processes, three words of metadata: more than one file", len(digests("x", "y", "z")) > 1, True)
expect("12 processes, one word: one file", len(digests("x")), 1)
PYTHON
