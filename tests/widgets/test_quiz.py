"""Quizzes: their files, the folded form of a page, the live form, and answers that can be computed."""

import ipywidgets
import nbformat
import numpy as np
import pytest

from irtrack_core import boxes, filtering, workbook
from irtrack_core.network import anchors
from irtrack_core.widgets import quiz
from irtrack_core.workbook import runner

FILES = sorted((workbook.find_root() / "notebooks" / "quiz").glob("*.toml"))
COURSE = [path.stem for path in runner.sources()]

TEXT = """
[[question]]
ask = "1 < 2?"
right = ["yes", "One & one"]
wrong = [["no", "Count <again>"], ["maybe", "Count"]]
"""


@pytest.fixture
def questions(tmp_path):
    path = tmp_path / "one.toml"
    path.write_text(TEXT)
    return quiz.load(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_quiz_has_four_to_six_questions_and_says_something_to_each_option(path):
    questions = quiz.load(path)
    assert 4 <= len(questions) <= 6
    for one in questions:
        assert one.right in one.options and len(one.options) == len(one.said) and all(one.said)
    places = {one.options.index(one.right) for one in questions}
    assert len(places) > 1, "the right answer always stands at the same place"


@pytest.mark.parametrize("slug", COURSE)
def test_a_notebook_asks_its_own_quiz_behind_what_to_remember(slug):
    (source,) = runner.sources([slug])
    text = source.read_text(encoding="utf-8")
    assert text.index("## What to remember") < text.index(f'quiz.ask("{slug}")') < text.index("**Exercises")


def test_folded_it_says_of_every_option_what_is_true_and_shows_nothing_before(questions):
    bundle = quiz.Folded(questions)._repr_mimebundle_()
    page, plain = bundle["text/html"], bundle["text/plain"]
    assert page.count("<details>") == 3 and page.count("Right.") == 1 and "<script" not in page and " open" not in page
    right = page[page.index("<summary>yes") :].split("</details>")[0]
    assert "Right." in right and "One &amp; one" in right and "Count &lt;again&gt;" in page
    assert "Right" not in plain and "1. 1 < 2?" in plain


def test_live_a_choice_is_answered_and_first_tries_are_counted(questions):
    box = quiz.form(questions * 2)
    *parts, total = box.children
    buttons = [{one.description: one for one in part.children[1:-1]} for part in parts]
    said = parts[0].children[-1]
    assert set(buttons[0]) == {"yes", "no", "maybe"} and not said.value
    buttons[0]["no"].click()
    assert said.value.startswith("<strong>Not quite.") and "1 of 2 answered, 0 right" in total.value
    buttons[0]["yes"].click()  # a second try changes the answer, not the count
    assert said.value.startswith("<strong>Right.") and "1 of 2 answered, 0 right" in total.value
    assert [buttons[0][name].button_style for name in ("yes", "no")] == ["success", ""]
    buttons[1]["yes"].click()
    assert "2 of 2 answered, 1 right" in total.value


def test_in_batch_it_is_folded_and_live_it_is_a_form(monkeypatch):
    monkeypatch.setenv("IRTRACK_BATCH", "1")
    assert isinstance(quiz.ask("00_start_here"), quiz.Folded)
    monkeypatch.delenv("IRTRACK_BATCH")
    assert isinstance(quiz.ask("00_start_here"), ipywidgets.VBox)
    with pytest.raises(FileNotFoundError, match="99_nothing"):
        quiz.ask("99_nothing")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "holds no"),
        (TEXT.replace('ask = "1 < 2?"', ""), "question 1: needs ask"),
        (TEXT.replace('["no", "Count <again>"]', '["yes", "twice"]'), "no two alike"),
        (TEXT.replace('right = ["yes", "One & one"]', 'right = ["yes"]'), "needs ask, right and wrong"),
    ],
    ids=["empty", "no question", "two alike", "no word to it"],
)
def test_a_file_that_cannot_be_used_is_told(tmp_path, text, why):
    (tmp_path / "bad.toml").write_text(text)
    with pytest.raises(ValueError, match=why):
        quiz.load(tmp_path / "bad.toml")


def right(slug, begin):
    (one,) = [one for one in quiz.load(FILES[0].parent / f"{slug}.toml") if one.text.startswith(begin)]
    return one.right


def test_answers_that_can_be_computed():
    assert right("00_start_here", "A box of 5 px") == f"about {boxes.iou([0, 0, 5, 5], [0.26, 0, 5, 5]):.2f}"
    plate = np.zeros((41, 41), np.uint8)
    plate[16:25, 16:25] = 100
    assert filtering.multilevel_filter(plate, filtering.line_elements(9, 4), filtering.rectangle(1, 1))[1].max() == 0
    assert right("02_filter_an_image", "A target of 9 × 9") == "nothing"
    assert anchors.decode([0, 0, 0, 0], [3, 4, 8, 6]).tolist() == [3, 4, 8, 6]
    assert right("04_match_and_learn", "The offsets are (0, 0, 0, 0)") == "the anchor itself"
    assert right("04_match_and_learn", "All scores are 0") == f"{np.log(1 + np.exp(0)):.3f}"
    assert right("10_experiment_snr", "A filter raises") == f"{10 ** ((26 - 20) / 20):.0f}"
    plate = np.pad(np.full((17, 17), 100, np.uint8), 12)
    assert not filtering.multilevel_filter(plate, filtering.line_elements(15, 4), filtering.rectangle(1, 1))[1].any()
    assert right("15_changing_shape", "A square target") == "nothing"
    lag = np.exp(np.log(4) / 30 / 0.06)
    assert right("15_changing_shape", "A mean takes over") == f"by a factor of about {lag:.1f}"
    assert right("30_neural_networks", "A layer has 16") == str(16 * 8 * 3 * 3)
    median = np.median(np.random.default_rng(0).normal(size=(5, 100_000)), axis=0)
    assert right("08_filter_in_time", "What is the variance") == f"about {1 + median.var():.1f}"


def test_a_build_that_keeps_outputs_makes_the_quiz_anew(tmp_path, monkeypatch):
    monkeypatch.setenv("IRTRACK_BATCH", "1")
    source = tmp_path / "src" / "00_x.py"
    source.parent.mkdir()
    source.write_text('# %%\n1 + 1\n\n# %% tags=["quiz"]\n40 + 2\n\n# %%\n2 + 2\n')
    target = runner.build(source, execute=False)
    stored = nbformat.read(target, as_version=4)
    code = [cell for cell in stored.cells if cell.cell_type == "code" and "quiz" not in cell.metadata.get("tags", [])]
    for number, cell in enumerate(code, start=1):  # as it was before it had a quiz
        cell.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "kept"}, execution_count=number)]
        cell.execution_count = number
    stored.cells = code
    nbformat.write(stored, target)
    made = [c for c in nbformat.read(runner.build(source, keep=True), 4).cells if c.cell_type == "code"]
    assert [cell.outputs[0].data["text/plain"] for cell in made] == ["kept", "42", "kept"]
    assert [(cell.execution_count, cell.outputs[0].execution_count) for cell in made] == [(1, 1), (2, 2), (3, 3)]
