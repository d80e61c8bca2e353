"""A quiz that checks itself: questions of notebooks/quiz/NAME.toml, as a form in a live notebook, else as folded answers.

A question of such a file:

    [[question]]
    ask = "What does an opening keep?"
    right = ["what the element fits under", "Yes: ..."]
    wrong = [["what is bright", "No: ..."], ...]

each option with what is said when it is chosen. Options are shown in an order that depends on their words alone.
"""

import hashlib
import html
import tomllib
from dataclasses import dataclass
from pathlib import Path

import ipywidgets

from irtrack_core.provenance import find_root
from irtrack_core.widgets.base import live


@dataclass(frozen=True)
class Question:
    """One question: its text, its options in the order shown, what is said to each, and the right one."""

    text: str
    options: tuple
    said: tuple
    right: str


def load(path):
    """The questions of a quiz file, as a list. Raises ValueError naming the question that cannot be used."""
    questions = []
    for number, one in enumerate(tomllib.loads(Path(path).read_text(encoding="utf-8")).get("question", []), start=1):
        try:
            pairs = [tuple(map(str, pair)) for pair in [one["right"], *one["wrong"]]]
            options = dict(pairs)
            text = str(one["ask"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path}, question {number}: needs ask, right and wrong, as pairs of texts") from error
        if len(options) != len(pairs) or len(pairs) < 2 or any(len(pair) != 2 for pair in pairs):
            raise ValueError(f"{path}, question {number}: needs two options or more, no two alike")
        order = sorted(options, key=lambda option: hashlib.sha256(option.encode()).digest())
        questions.append(Question(text, tuple(order), tuple(options[option] for option in order), pairs[0][0]))
    if not questions:
        raise ValueError(f"{path} holds no [[question]]")
    return questions


def ask(name):
    """The quiz of a notebook, by its name ("02_filter_an_image"): a form when live, in a batch run folded answers.

    Raises FileNotFoundError where there is no such quiz.
    """
    questions = load(find_root() / "notebooks" / "quiz" / f"{name}.toml")
    return form(questions) if live() else Folded(questions)


class Folded:
    """Questions for pages without a kernel: open an option to read whether it is right, and why; no script is needed."""

    def __init__(self, questions):
        self.questions = questions

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": "".join(map(_folded, *zip(*enumerate(self.questions, start=1)))), "text/plain": repr(self)}

    def __repr__(self):
        lines = []
        for number, one in enumerate(self.questions, start=1):
            lines += [f"{number}. {one.text}", *(f"   - {option}" for option in one.options)]
        return "\n".join(lines)


def _folded(number, question):
    options = "".join(
        f"<details><summary>{html.escape(option)}</summary><p>{_verdict(question, option)}</p></details>"
        for option in question.options
    )
    return f"<p><strong>{number}.</strong> {html.escape(question.text)}</p>{options}"


def _verdict(question, option):
    word = "Right." if option == question.right else "Not quite."
    return f"<strong>{word}</strong> {html.escape(question.said[question.options.index(option)])}"


def form(questions):
    """A button for each option, what is said to the one pressed, and a count of right first choices below.

    Buttons, not radio buttons: JupyterLab keeps the arrow keys for itself, while Tab and Space reach every button.
    """
    parts, first, total = [], {}, ipywidgets.HTML(f"0 of {len(questions)} answered")
    total.add_class("irtrack-quiz-total")

    def answer(number, option, buttons, said):
        question = questions[number]
        for button in buttons:
            chosen = button.description == option
            button.button_style = "" if not chosen else "success" if option == question.right else "warning"
        said.value = _verdict(question, option)
        first.setdefault(number, option == question.right)
        total.value = f"{len(first)} of {len(questions)} answered, {sum(first.values())} right at the first try"

    for number, question in enumerate(questions):
        said, look = ipywidgets.HTML(), {"width": "auto", "align_self": "flex-start"}
        buttons = [ipywidgets.Button(description=option, layout=look) for option in question.options]
        for button in buttons:
            button.on_click(
                lambda one, number=number, buttons=buttons, said=said: answer(number, one.description, buttons, said)
            )
        text = ipywidgets.HTML(f"<strong>{number + 1}.</strong> {html.escape(question.text)}")
        parts.append(ipywidgets.VBox([text, *buttons, said]))
    box = ipywidgets.VBox([*parts, total])
    box.add_class("irtrack-quiz")
    return box
