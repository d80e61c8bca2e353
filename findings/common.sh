# Sourced by every finding. It works in an empty temporary folder, which is removed at the end.
# setup PACKAGE==VERSION ...   prints the head of the script and installs the packages; exit code 2 where that fails
# run                          runs the Python program on standard input there; exit code 1 where what it sees has changed
set -u
unset PYTHONPATH

setup() {
    sed -n '2,/^\. /s/^# \{0,1\}//p' "$0"
    folder=$(mktemp -d) || exit 2
    trap 'rm -rf "$folder"' EXIT
    cd "$folder" || exit 2
    if ! { "${PYTHON:-python3}" -m venv venv && venv/bin/python -m pip install --disable-pip-version-check "$@"; } > log 2>&1; then
        tail -5 log >&2
        echo "NOT RUN: cannot install $*" >&2
        exit 2
    fi
    cat > finding.py <<'PYTHON'
"""What every finding prints: versions, and each observation beside the one of the day it was written."""

import sys
from importlib.metadata import version


def versions(*names):
    print("versions:", ", ".join(f"{name} {version(name)}" for name in names))


def expect(what, seen, then):
    print(f"  {what}: {seen}")
    if seen != then:
        sys.exit(f"CHANGED: {what} was {then}")
PYTHON
}

run() {
    cat > program.py
    venv/bin/python program.py
}
