"""`python -m irtrack_core` is the command `irtrack`: see `cli.main`."""

import sys

from irtrack_core.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
