"""The file: what is wrong with it, and what each step of reading does."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from shiny import ui

from bayes_nqp.columns import STEPS, SUFFIXES, counted
from bayes_nqp.language import Message
from bayes_nqp.studio._registry import Body, page
from bayes_nqp.studio._view import View, alarm, table


@page(Message("Data"), place=10)
def data(view: View) -> Body:
    """Open a file, see its problems, and undo steps of its reading."""

    def opened(files: Any) -> None:
        view.desk.open(Path(files[0]["datapath"]), files[0]["name"])

    def step(key: str, kept: bool) -> None:
        found = view.desk.guess.steps[key] if view.desk.guess is not None else None
        now = view.desk.get("data", "read", key)
        if found is not None and kept != (now is not None):
            view.desk.edit({("data", "read", key): found.value if kept else None})

    view.on("file", opened)
    for key in STEPS:
        view.on(f"step_{key}", partial(step, key))

    def body() -> Any:
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
        parts.append(ui.h3(desk.file.name))
        parts.append(alarm(desk.problems))
        if not desk.problems:
            parts.append(ui.p(translate("Nothing stands in the way of a run."), class_="good"))
        guess = desk.guess
        if guess is not None and guess.steps:
            rows = [
                (
                    ui.input_checkbox(
                        f"step_{key}", translate.name(STEPS[key].label),
                        desk.get("data", "read", key) is not None,
                    ),
                    translate.name(found.reason),
                    translate.name(counted(found.count, STEPS[key].of)),
                    found.before,
                    found.after,
                )
                for key, found in guess.steps.items()
            ]  # fmt: skip
            parts.append(
                table(
                    _heads(translate), rows, translate("How cells are read; a step can be undone")
                )
            )
        if guess is not None and guess.notes:
            parts.append(ui.h3(translate("What to know")))
            parts.append(ui.tags.ul(*(ui.tags.li(translate.name(x)) for x in guess.notes)))
        return parts

    return body


def _heads(translate: Any) -> list[str]:
    return [
        translate("Step"), translate("Why"), translate("How much"), translate("As it stands"),
        translate("As it is read"),
    ]  # fmt: skip
