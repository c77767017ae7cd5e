"""The study: its question, its report, and its text."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from shiny import reactive, ui

from bayes_nqp._core.fields import STUDY
from bayes_nqp._core.i18n import Message
from bayes_nqp.output.reports import writers
from bayes_nqp.studio._edits import Way
from bayes_nqp.studio._registry import Body, page
from bayes_nqp.studio._view import View, alarm, switch
from bayes_nqp.studio.pages._downloads import FILES

_TEXTS: Final[dict[Way, Message]] = {
    ("title",): Message("Title"),
    ("report", "question"): Message("Research question, in one sentence"),
    ("report", "outcome"): Message("Name of the outcome in figures"),
    ("report", "outcome_unit"): Message("Unit of measurement"),
    ("report", "author"): Message("Author"),
    ("report", "date"): Message("Date"),
}
_SCALES: Final = {
    "": Message("not specified"),
    "level": Message("a level"),
    "log": Message("a logarithm"),
}


@page(STUDY, place=40)
def study(view: View) -> Body:
    """Describe the report, or edit the study by hand."""

    def put(way: Way, value: Any) -> None:
        value = [*value] if isinstance(value, tuple) else value
        if value != (view.desk.get(*way) or ([] if isinstance(value, list) else "")):
            view.desk.edit({way: value if value or way == ("title",) else None})

    for way in (
        *_TEXTS,
        ("report", "outcome_scale"),
        ("report", "language"),
        ("report", "formats"),
    ):
        view.on("text_" + "_".join(way), partial(put, way))

    typed = {"text": "", "of": ""}

    def retyped(_: Any) -> None:
        view.desk.retype(typed["text"])

    @reactive.effect
    @reactive.event(view.input.typed)
    def _() -> None:
        typed.update(text=view.input.typed(), of=view.desk.text)

    view.on("retype", retyped)

    def body() -> Any:
        desk = view.heard()
        return _body(view, typed["text"] if typed["of"] == desk.text else desk.text)

    return body


def _body(view: View, text: str) -> Any:
    """Show the settings of the report, and the text of the study as edited."""
    desk, translate = view.desk, view.translate
    title = ui.h2(translate("Study"))
    if not desk.text:
        return [title, ui.p(translate("Choose a file first."), class_="quiet")]
    return [
        title,
        _reported(view),
        ui.h3(desk.path.name),
        alarm(desk.problems(view.language.get()), "wrong_study"),
        ui.div(
            ui.input_text_area("typed", translate("Study file that will be run"), text,
                               rows=24, spellcheck="false", width="100%"),
            class_="wide",
        ),
        ui.input_action_button("retype", translate("Use this text")),
    ]  # fmt: skip


def _reported(view: View) -> Any:
    """Show title, question and author, the language, and the formats of the report."""
    desk, translate = view.desk, view.translate
    scales = {key: translate(text) for key, text in _SCALES.items()}
    formats = {x: translate(FILES[x][1]) if x in FILES else x for x in writers()}
    texts = (
        ui.input_text("text_" + "_".join(way), translate(label), str(desk.get(*way) or ""),
                      update_on="blur")
        for way, label in _TEXTS.items()
    )  # fmt: skip
    return ui.div(
        *texts,
        ui.input_select("text_report_outcome_scale", translate("The outcome is"), scales,
                        selected=desk.get("report", "outcome_scale") or ""),
        ui.input_select("text_report_language", translate("Language of the report"),
                        switch(), selected=desk.get("report", "language") or "en"),
        ui.input_checkbox_group("text_report_formats", translate("Formats of the report"),
                                formats, inline=True,
                                selected=desk.get("report", "formats") or []),
        class_="field",
    )  # fmt: skip
