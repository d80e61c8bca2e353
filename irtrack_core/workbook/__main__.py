"""`python -m irtrack_core.workbook run|build|results|where|site`: see `runner`."""

import sys

from irtrack_core.workbook.runner import main

sys.exit(main())
