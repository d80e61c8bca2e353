"""The workflow knows every notebook, and re-runs what a change touches: nothing else."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import nbformat
import pytest
import yaml
from filelock import FileLock

from irtrack_core import config, workbook
from irtrack_core.experiments import dependencies, jobs
from irtrack_core.workbook import batch, runner

ROOT = workbook.find_root()


def planned(folder, *words, **environment):
    """Names of the rules that Snakemake would run, from a dry run in `folder`."""
    return set(jobs_of(folder, *words, **environment))


def jobs_of(folder, *words, **environment):
    """The same, a name for every job."""
    done = run(folder, "-n", *words, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    return [line.split()[1].rstrip(":") for line in lines if line.startswith(("rule ", "localrule "))]


def run(folder, *words, **environment):
    """Snakemake in `folder`; the finished process."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", "workflow/Snakefile", "--cores", "2", *words]
    surroundings = {k: v for k, v in os.environ.items() if not k.startswith("IRTRACK_")} | environment
    return subprocess.run(command, cwd=folder, env=surroundings, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A copy of the repository in which four small notebooks have been run."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("irtrack_core", "workflow"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    source = folder / "notebooks" / "src"
    source.mkdir(parents=True)
    uses = {
        "00_start_here": "boxes",
        "04_match_and_learn": "boxes",
        "10_experiment_snr": "metrics",
        "20_report": "config",
    }
    for slug, module in uses.items():
        (source / f"{slug}.py").write_text(
            '# %% tags=["parameters"]\nprofile: str = "quick"\nseed: int = 0\n'
            f"# %%\nfrom irtrack_core import {module}\nprint(profile, seed)\n"
        )
        runner.build(source / f"{slug}.py", execute=False)
    done = run(folder, "--quiet", "all")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_notebook_is_in_the_workflow():
    text = (ROOT / "workflow" / "Snakefile").read_text()
    for source in runner.sources():
        assert f'"{source.stem}": [' in text, f"{source.stem} is missing from NEEDS in workflow/Snakefile"


def test_profiles_name_rules_that_exist():
    text = (ROOT / "workflow" / "Snakefile").read_text()
    profiles = {
        path.parent.name: yaml.safe_load(path.read_text()) for path in ROOT.glob("workflow/profiles/*/config.yaml")
    }
    assert {"local", "slurm"} <= set(profiles)
    for profile in profiles.values():
        rules = {name for key in ("set-threads", "set-resources") for name in profile.get(key, {})}
        assert all(f'"{name}": [' in text or f"rule {name}:" in text for name in rules), rules


def test_nothing_runs_twice_and_saving_outputs_changes_nothing(clone):
    assert "quick 0" in (clone / "results" / "quick" / "notebooks" / "20_report.ipynb").read_text()
    path = clone / "notebooks" / "00_start_here.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="another output")]
    nbformat.write(notebook, path)
    assert planned(clone) == set()


def test_changed_code_module_or_setting_reruns_what_depends_on_it(clone):
    everything = {"00_start_here", "04_match_and_learn", "10_experiment_snr", "20_report", "all"}
    module = clone / "irtrack_core" / "metrics.py"
    before = module.read_text()
    module.write_text(before + "\n# changed\n")
    # 10 uses metrics, and 20 reads what 10 wrote
    assert planned(clone) == {"10_experiment_snr", "20_report", "all"}
    module.write_text(before)
    assert planned(clone) == set()
    assert planned(clone, "--config", "seed=1") == everything
    assert planned(clone, IRTRACK_DATA="/elsewhere") == everything - {"00_start_here", "04_match_and_learn"}
    weights = clone / "irtrack_core" / "network" / "shipped" / "compact.safetensors"
    before = weights.read_bytes()
    weights.write_bytes(b"others")
    assert planned(clone) == {"04_match_and_learn", "all"}
    weights.write_bytes(before)


def test_the_plan_says_what_would_run_and_how_long_it_took(clone):
    command = [sys.executable, "-m", "irtrack_core.workbook", "results", "--dry-run"]
    surroundings = {k: v for k, v in os.environ.items() if not k.startswith("IRTRACK_")}
    surroundings["PYTHONPATH"] = str(clone)

    def plan():
        done = subprocess.run(command, cwd=clone, env=surroundings, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    assert plan() == ["0 of 4 jobs of quick would run"]
    module, report = (
        clone / "irtrack_core" / "metrics.py",
        clone / "results" / "quick" / "notebooks" / "20_report.ipynb",
    )
    before, kept = module.read_text(), report.read_text()
    log = clone / "results" / "quick" / "log" / "10_experiment_snr.tsv"
    names, values = (line.split("\t") for line in log.read_text().splitlines())
    assert names[0] == "s" and 0 < float(values[0]) < 300
    log.write_text("\t".join(names) + "\n" + "\t".join(["75.0", *values[1:]]) + "\n")
    try:
        module.write_text(before + "\n# changed\n")
        lines = plan()
        assert [line.split()[0] for line in lines[:-1]] == ["10_experiment_snr", "20_report"]
        assert "1 min 15 s" in lines[0] and lines[-1].startswith("2 of 4 jobs of quick would run; 2 of them took 1 min")
        (log.parent / "20_report.tsv").rename(log.parent / "elsewhere")
        assert "never run" in plan()[1]
    finally:
        module.write_text(before)
    assert report.read_text() == kept  # nothing was run


def test_a_second_run_at_the_same_time_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("IRTRACK_RESULTS", str(tmp_path))
    (tmp_path / "quick").mkdir()
    with FileLock(tmp_path / "quick" / ".running.lock"):
        assert batch.results("quick") == 1
    assert "is being written by another run" in capsys.readouterr().err


def test_the_command_line_tools_change_no_digest(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("from irtrack_core import workbook\n")
    names = {path.name for path in dependencies.closure(script)}
    assert "book.py" in names and not names & {"runner.py", "batch.py", "site.py"}


def inputs_of(target, *words, **environment):
    """{rule: Counter of the rules it waits for} of a target and all that it needs, from Snakemake's graph."""
    done = run(ROOT, target, "--dag", *words, **environment)
    assert done.returncode == 0, done.stderr
    rules = dict(re.findall(r'^\s*(\d+)\[label = "(\w+)', done.stdout, re.M))
    found = {rule: Counter() for rule in rules.values()}
    for before, after in re.findall(r"^\s*(\d+) -> (\d+)$", done.stdout, re.M):
        found[rules[after]][rules[before]] += 1
    return found


def test_notebooks_wait_for_the_jobs_they_read(tmp_path):
    five, seven, eleven = "05_train_the_tracker", "07_compared_methods", "11_experiment_overlap"
    for profile, counts in {"quick": (1, 2, 2), "medium": (10, 160, 175)}.items():
        found = inputs_of(eleven, "--config", f"profile={profile}", IRTRACK_RESULTS=str(tmp_path))
        expected = [{"job": count} for count in counts]
        assert [found[slug] for slug in (five, seven, eleven)] == [*expected[:2], expected[2] | {five: 1, seven: 1}]
        assert set(found) == {"job", five, seven, eleven} and not found["job"], profile


def test_a_job_runs_once_and_again_when_what_it_uses_changed(clone, tmp_path):
    words, target = {"IRTRACK_RESULTS": str(tmp_path)}, f"{tmp_path}/quick/jobs/identity+peak_fold0_seed0.json"
    assert run(clone, target, **words).returncode == 0
    assert len(json.loads(Path(target).read_text())["boxes"]) == 2 * 2 * 6
    for module, rules in {"metrics": {"job"}, "figures/scan": set()}.items():
        path = clone / "irtrack_core" / f"{module}.py"
        before = path.read_text()
        path.write_text(before + "\n# changed\n")
        assert planned(clone, target, **words) == rules, module
        path.write_text(before)
    assert planned(clone, target, "--config", "seed=1", **words) == {"job"}
    assert planned(clone, target, IRTRACK_DATA="/elsewhere", **words) == {
        "job"
    }  # they are tracked on real sequences too


def test_a_failed_job_is_listed_at_the_end(clone, tmp_path):
    words = {"IRTRACK_RESULTS": str(tmp_path / "results"), "IRTRACK_DATA": str(tmp_path / "none")}
    name = jobs.card_path("", *jobs.groups(config.profile("medium"))[0]).stem
    done = run(clone, f"{tmp_path}/results/medium/jobs/{name}.json", "--config", "profile=medium", **words)
    assert done.returncode == 1
    listed = done.stderr.partition("trainings and trackings:")[2].splitlines()
    assert listed[1].strip() == f"{tmp_path}/results/medium/log/{name}.txt"
    assert "error: IRTRACK_DATA names" in listed[2]
    assert not list((tmp_path / "results" / "medium").glob("jobs/*"))


def test_the_plan_knows_the_times_of_jobs(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("IRTRACK_RESULTS", str(tmp_path))
    log = tmp_path / "quick" / "log"
    log.mkdir(parents=True)
    first, second = (jobs.card_path("", *group).stem for group in jobs.groups(config.profile("quick")))
    (log / f"{first}.tsv").write_text("s\th:m:s\n75\t-\n")
    assert batch.plan("quick") == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "1 min 15 s" in lines[first] and "never run" in lines[second]


def test_the_list_of_what_failed_is_told_with_a_notebook_that_never_began(clone, tmp_path):
    """Its log is then an empty file, as where a job was ended before its program was there."""
    folder = tmp_path / "clone"
    shutil.copytree(clone, folder, ignore=shutil.ignore_patterns("results", ".snakemake"))
    path = folder / "notebooks" / "00_start_here.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].source = "raise RuntimeError('this one ran')"
    nbformat.write(notebook, path)
    log = folder / "results" / "quick" / "log" / "04_match_and_learn.ipynb"
    log.parent.mkdir(parents=True)
    log.touch()
    done = run(folder, "--quiet", "all", "--", "results/quick/notebooks/00_start_here.ipynb")
    assert done.returncode != 0 and "RuntimeError: this one ran" in done.stderr
    assert "stopped before its first cell" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="SLURM is not there")
@pytest.mark.parametrize("words, said", [((), "usage: "), (("true",), "slurm_loopback.sh: ")])
def test_a_slurm_of_one_machine_says_what_it_needs(words, said, tmp_path):
    """Without a command, and where its programs are not installed or the user is not root."""
    for name in ("bash", "id"):
        (tmp_path / name).symlink_to(shutil.which(name))
    command = [tmp_path / "bash", ROOT / "workflow" / "slurm_loopback.sh", *words]
    done = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert done.returncode == 2 and said in done.stderr


@pytest.mark.skipif(
    not all(shutil.which(name) for name in ("slurmctld", "slurmd", "munged"))
    or Path("/etc/slurm/slurm.conf").exists()
    or os.getuid() != 0,
    reason="needs SLURM without a configuration of its own, munge and root",
)
def test_a_slurm_of_one_machine_runs_a_job_and_leaves_nothing():
    def servers():
        listed = subprocess.run(["ps", "-eo", "comm"], capture_output=True, text=True).stdout.split()
        return [name for name in listed if name in ("slurmctld", "slurmd", "munged")]

    before = servers()
    job = "echo in a job of $SLURM_JOB_ID; scontrol show config | grep ClusterName"
    done = subprocess.run(
        [ROOT / "workflow" / "slurm_loopback.sh", "srun", "-n1", "sh", "-c", job], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"in a job of \d+", done.stdout) and "loopback" in done.stdout
    assert servers() == before
