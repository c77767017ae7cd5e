"""The file: what is wrong with it, and what each step of reading does."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from shiny import ui

from bayes_nqp.columns import STEPS, SUFFIXES
from bayes_nqp.language import Message, Translator
from bayes_nqp.studies import IntakePage
from bayes_nqp.studio._registry import Body, page
from bayes_nqp.studio._view import View, alarm, table


@page(Message("Data"), place=10)
def data(view: View) -> Body:
    """Open a file, see its problems, and undo steps of its reading."""

    def opened(files: Any) -> None:
        view.desk.open(Path(files[0]["datapath"]), files[0]["name"])

    def step(key: str, stays: bool) -> None:
        guess = view.desk.guess.steps[key] if view.desk.guess is not None else None
        now = view.desk.get("data", "read", key)
        if guess is not None and stays != (now is not None):
            view.desk.edit({("data", "read", key): guess.value if stays else None})

    view.on("file", opened)
    for key in STEPS:
        view.on(f"step_{key}", partial(step, key))

    return partial(_body, view)


def _body(view: View) -> Any:
    """The file, its problems, and the steps of its reading."""
    desk, translate = view.heard(), view.translate
    parts: list[Any] = [
        ui.h2(translate("Data")),
        ui.div(
            ui.input_file(
                "file", translate("A workbook, or a file of rows"), accept=list(SUFFIXES),
                button_label=translate("Choose a file"),
                placeholder=translate("or drop it here"), width="100%",
            ),
            class_="field",
        ),
        ui.p(translate("It stays on this machine."), class_="quiet"),
    ]  # fmt: skip
    if desk.file is None:
        return parts
    problems, page = desk.problems(view.language.get()), desk.page_in(view.language.get())
    parts.append(ui.h3(desk.file.name))
    if page is not None and page.subtitle:
        parts.append(ui.p(page.subtitle, class_="quiet"))
    parts.append(alarm(problems))
    if not problems:
        parts.append(ui.p(translate("Nothing stands in the way of a run."), class_="good"))
    return parts if page is None else [*parts, *_read(view, page)]


def _read(view: View, page: IntakePage) -> Iterator[Any]:
    """The steps of reading, each to be undone, and what else was noticed."""
    translate = view.translate
    if page.steps:
        rows = [
            (_taken(view, step), step.reason, step.before, step.after, step.size)
            for step in page.steps
        ]
        caption = translate("How cells are read; a step can be undone")
        yield table(_heads(translate), rows, caption)
    if page.notes:
        yield ui.h3(translate("Notes"))
        yield ui.tags.ul(*(ui.tags.li(note) for note in page.notes))


def _taken(view: View, step: Any) -> Any:
    """Whether a step is taken."""
    taken = view.desk.get("data", "read", step.key) is not None
    return ui.input_checkbox(f"step_{step.key}", step.label, taken)


def _heads(translate: Translator) -> list[str]:
    return [
        translate("Step"), translate("Why"), translate("From"), translate("To"),
        translate("How many"),
    ]  # fmt: skip
