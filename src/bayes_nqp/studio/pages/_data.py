"""The data file: its problems, and the effect of each step of reading."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from shiny import ui

from bayes_nqp._core.fields import AS_IT_STANDS
from bayes_nqp._core.i18n import Message, Translator
from bayes_nqp.data.reading import STEPS, SUFFIXES
from bayes_nqp.studies import IntakePage
from bayes_nqp.studio._files import LARGEST
from bayes_nqp.studio._registry import Body, page
from bayes_nqp.studio._view import View, alarm, table
from bayes_nqp.studio._words import on_page

_TOO_LARGE = Message(
    "The file is larger than {:.0f} MB and was not accepted. Keep only the rows and "
    "columns that you need, or save it as .parquet."
)
_NOT_RECEIVED = Message("The file was not received. Choose it again, or free some disk space.")


@page(Message("Data"), place=10)
def data(view: View) -> Body:
    """Open a file, show its problems, and undo steps of its reading."""

    def opened(key: Any) -> None:
        view.shared.uploads.take(key, view.shared.open)

    def step(key: str, stays: bool) -> None:
        guess = view.desk.guess.steps[key] if view.desk.guess is not None else None
        now = view.desk.get("data", "read", key)
        if guess is not None and stays != (now is not None):
            view.desk.edit({("data", "read", key): guess.value if stays else None})

    view.on("upload", opened, sent=True)
    view.on("accept", lambda _: view.desk.accept())
    for key in STEPS:
        view.on(f"step_{key}", partial(step, key))

    return partial(_body, view)


def _body(view: View) -> Any:
    """Show the file, its problems, and the steps of its reading."""
    desk, translate = view.heard(), view.translate
    parts: list[Any] = [
        ui.h2(translate("Data")),
        ui.div(
            ui.tags.label(translate("A workbook or another data file"), for_="file"),
            ui.tags.input(
                {"data-shiny-no-bind-input": ""}, type="file", id="file", name="file",
                accept=",".join(SUFFIXES), data_largest=str(LARGEST),
            ),
            ui.div(
                ui.tags.label(translate("Choose a file"), for_="file", class_="btn btn-default"),
                ui.span(translate("or drop it here"), class_="quiet"),
                id="dropzone", class_="row-of",
            ),
            ui.tags.meter(id="sent", max="1", value="0", hidden="hidden",
                             aria_label=translate("Upload progress")),
            alarm([translate(_TOO_LARGE, LARGEST / 1e6)], "too_large", hidden=True),
            alarm([translate(_NOT_RECEIVED)], "not_received", hidden=True),
            class_="field",
        ),
        ui.p(translate("The file stays on this computer."), class_="quiet"),
    ]  # fmt: skip
    if desk.file is None:
        return parts
    problems, page = desk.problems(view.language.get()), desk.page_in(view.language.get())
    parts.append(ui.h3(desk.file.name))
    if page is not None and page.subtitle:
        parts.append(ui.p(page.subtitle, class_="quiet"))
    parts.append(alarm(problems))
    if desk.doubtful:
        parts.append(ui.input_action_button("accept", translate(AS_IT_STANDS)))
    if not problems:
        parts.append(ui.p(translate("The study is ready to run."), class_="good"))
    return parts if page is None else [*parts, *_read(view, page)]


def _read(view: View, page: IntakePage) -> Iterator[Any]:
    """Show the steps of reading, each with a switch, and other notes."""
    translate = view.translate
    if page.steps:
        rows = [
            (_taken(view, step), step.reason, step.before, step.after, step.size)
            for step in page.steps
        ]
        caption = translate("Reading of the cells; each step can be undone")
        yield table(_heads(translate), rows, caption)
    if page.notes:
        yield ui.h3(translate("Notes"))
        notes = (on_page(note, page.language) for note in page.notes)
        yield ui.tags.ul(*map(ui.tags.li, notes))


def _taken(view: View, step: Any) -> Any:
    """Return True if a step is applied."""
    taken = view.desk.get("data", "read", step.key) is not None
    return ui.input_checkbox(f"step_{step.key}", step.label, taken)


def _heads(translate: Translator) -> list[str]:
    return [
        translate("Step"), translate("Reason"), translate("From"), translate("To"),
        translate("Number"),
    ]  # fmt: skip
