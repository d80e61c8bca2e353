# make results   install if needed, run every notebook in batch, say where figures and tables are
# make plan      say what `make results` would run now, and how long each part took last time
# make test      install if needed, all tests
# make lab       install if needed, open JupyterLab on the first notebook
# make demo      a page to try the tracker on a clip of yours, without a notebook; PORT=8866
# make site      HTML pages of the executed notebooks, in site/; the demos' controls work there, at recorded values
# make slides    a deck of slides for each stored notebook, and its figures as PNG, in slides/; no network is needed
# make baselines CSRT, KCF and MIL of OpenCV over the experiments' sequences, in an environment of their own (.venv-baselines)
# make figures   takes those of the last `make results` that look otherwise over into figures/, which the documents show
# make notebooks [NB=02]   rebuild the stored notebooks from notebooks/src
# make fuzz      100,000 cases of the tests in tests/fuzz, an hour at most (MINUTES=60); seeds that fail are kept and tried first
# make kill      training, tracking, notebooks and downloads stopped at 60 random moments, and started again
# make release   the labs' notebooks for students, in labs/release
# make teach     proves the labs, and writes their solution sheets and nbgrader's source
# make grade SUBMISSIONS=folder   grades a folder of students' notebooks (docs/teaching.md)
# make findings  what other packages do unexpectedly, checked against pinned versions of them (needs a package index)
#
# Variables, given after the target's name, e.g. `make results PROFILE=medium CORES=8`:
#   PROFILE      quick (default), medium (all folds, two seeds, the small networks of quick) or full (the study itself)
#   CORES        processes at a time; default 2
#   PYTHON       the Python (3.11 or later) that .venv is made with
#   TORCH_INDEX  where torch alone is taken from. On Linux the plain wheel brings gigabytes of CUDA; the small one for the
#                processor comes with  make results TORCH_INDEX=https://download.pytorch.org/whl/cpu
#   IRTRACK_DATA a folder with real sequences (see data/README.md)

PROFILE ?= quick
CORES ?= 2
NB ?=
MINUTES ?= 60
PORT ?= 8866
TORCH_INDEX ?=
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.complete
TORCH := torch==2.13.0
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: results figures plan test lab demo baselines notebooks site slides bench fuzz kill findings clean release teach grade wheelhouse
.DELETE_ON_ERROR:

results: $(STAMP)
	$(BIN)/python -m irtrack_core.workbook results --profile $(PROFILE) --cores $(CORES)

plan: $(STAMP)
	@$(BIN)/python -m irtrack_core.workbook results --profile $(PROFILE) --cores $(CORES) --dry-run

test: $(STAMP)
	$(BIN)/python -m irtrack_core.workbook test --cores $(CORES)

lab: $(STAMP)
	$(BIN)/python -m irtrack_core.workbook lab

demo: $(STAMP)
	$(BIN)/python -m irtrack_core.workbook demo --port $(PORT)

baselines: $(STAMP)
	$(BIN)/python -m irtrack_core.workbook baselines --profile $(PROFILE)

notebooks: $(STAMP)
	$(BIN)/python -m irtrack_core.workbook build $(NB)

figures: $(STAMP)
	$(BIN)/python -m irtrack_core.workbook figures

site: $(STAMP)
	$(BIN)/python -m irtrack_core.workbook site --profile $(PROFILE)

slides: $(STAMP)
	$(BIN)/python -m irtrack_core.workbook slides

fuzz: $(STAMP)
	$(BIN)/python -m irtrack_core.workbook fuzz --minutes $(MINUTES)

kill: $(STAMP)
	$(BIN)/python -m irtrack_core.workbook kill

release teach: $(STAMP)
	$(BIN)/python -m irtrack_core.teaching $@ $(NB)

grade: $(STAMP)
	@test -n "$(SUBMISSIONS)" || { echo "error: make grade SUBMISSIONS=folder-with-the-students-notebooks" >&2; exit 2; }
	$(BIN)/python -m irtrack_core.teaching grade "$(SUBMISSIONS)" --workers $(CORES)

# For a room without a network: `pip install --no-index --find-links wheelhouse "irtrack-core[workbook,runtime]"`
wheelhouse: $(STAMP)
	$(BIN)/python -m irtrack_core.workbook wheelhouse --index "$(TORCH_INDEX)"

bench: $(STAMP)
	$(BIN)/python -m irtrack_core.workbook bench

findings:
	@changed=; for script in findings/*.sh; do \
		test $$script = findings/common.sh && continue; \
		echo "== $$script"; PYTHON="$(PYTHON)" bash $$script || changed="$$changed $$script"; \
	done; \
	test -z "$$changed" || { echo "changed, or not run:$$changed"; exit 1; }; echo "all findings as described"

clean:
	rm -rf results site slides .snakemake .pytest_cache .ruff_cache .hypothesis

# One make at a time installs; others that were started meanwhile wait, and find it done. The lock ends with its holder.
ifndef ALONE
$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 or later found; name one: make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import fcntl, os, sys; file = os.open("requirements.lock", os.O_RDONLY); fcntl.flock(file, fcntl.LOCK_EX); \
		os.set_inheritable(file, True); os.execvp(sys.argv[1], sys.argv[1:])' $(MAKE) --no-print-directory ALONE=1 $@
else
# The stamp is written last: an interrupted installation leaves none, and the next make starts over.
$(STAMP): requirements.lock pyproject.toml
	@test -f $@ || { echo "== making $(VENV) with $(PYTHON)"; $(PYTHON) -m venv --clear $(VENV); } || { \
		echo "error: $(PYTHON) cannot make a virtual environment; on Debian: apt install python3-venv" >&2; exit 1; }
	@rm -f $@
ifeq ($(TORCH_INDEX),)
	$(BIN)/python -m pip install $(TORCH)
else
	$(BIN)/python -m pip install --no-deps --index-url $(TORCH_INDEX) $(TORCH)
endif
	$(BIN)/python -m pip install -r requirements.lock
	$(BIN)/python -m pip install --no-deps -e .
	$(BIN)/python -c "import torch, irtrack_core"
	@$(BIN)/python -c "import cv2" || { echo "error: OpenCV does not load; on a bare Debian: apt install libgl1 libglib2.0-0" >&2; exit 1; }
	@mkdir -p $(VENV)/share/jupyter/lab/settings && cp overrides.json $(VENV)/share/jupyter/lab/settings/
	@touch $@
endif
