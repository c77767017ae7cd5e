"""The run and its results: first the immediate ones, then all checks, then the report."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

from shiny import ui

from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared import NOT_APPLICABLE
from bayes_nqp.output.tables import TONES
from bayes_nqp.studio._files import address
from bayes_nqp.studio._registry import Body, page
from bayes_nqp.studio._run import Run
from bayes_nqp.studio._view import View, alarm, progress_of, told

_TONES = {
    "good": Message("{} passed"), "doubt": Message("{} with caution"), "bad": Message("{} failed"),
}  # fmt: skip

_ASIDE = TONES[NOT_APPLICABLE]
"""Tone of checks that do not apply."""


@page(Message("Answer"), place=50)
def answer(view: View) -> Body:
    """Run the study, and show its results as they arrive."""

    def run(_: Any) -> None:
        if view.desk.study is not None:
            view.desk.start()

    view.on("run", run)
    view.on("cancel", lambda _: view.desk.cancel())
    heard = view.growing(lambda: told(view.desk))
    stage = view.growing(lambda: _stage(view.desk.run))
    view.show("progress", partial(_progress, view), heard)
    view.show("paper", lambda: _paper(view, stage()[1]))
    view.show("checks", partial(_checks, view), heard)
    return partial(_body, view)


def _body(view: View) -> Any:
    """Return the controls of a run and its results."""
    desk, translate = view.heard(), view.translate
    title = ui.h2(translate("Answer"))
    if desk.study is None:
        first = ui.p(translate("Choose a file first."), class_="quiet")
        return [title, alarm(desk.problems(view.language.get())) or first]
    return [
        title,
        ui.div(
            ui.input_action_button("run", translate("Run"), class_="btn-primary"),
            ui.input_action_button("cancel", translate("Cancel")),
            class_="row-of",
        ),
        ui.output_ui("progress"),
        ui.output_ui("paper"),
        ui.output_ui("checks"),
    ]


def _progress(view: View) -> Any:
    """Show the progress of the run, or how it ended."""
    run, translate = view.heard().run, view.translate
    if run is None:
        return None
    if run.state == "running":
        return progress_of(view, run)
    seconds = run.seconds
    words = {
        "done": translate("Done.") if seconds is None else translate("Done in {:.0f} s.", seconds),
        "cancelled": translate(
            "Cancelled. {} finished checks are kept; the next run continues from there.",
            len(run.checks),
        ),
    }
    if run.state in words:
        return ui.p(words[run.state], role="status")
    log = ui.p(ui.a(translate("Log of this run"), href=address(run.log), download=run.log.name))
    return [alarm([view.in_words(run.error)]), log if run.log.exists() else None]


def _paper(view: View, stage: str) -> Any:
    """Show the report; before it exists, the results that are available."""
    run, translate = view.desk.run, view.translate
    if run is None or not stage:
        return None
    title = translate("The answer")
    if stage == "report":
        src = address(run.folder / "report" / "report.html")
        tab = ui.a(translate("Open the report in a new tab"), href=src, target="_blank")
        return [ui.p(tab), ui.tags.iframe(src=src, title=title, class_="paper")]
    return [
        ui.p(translate("First result, before all checks are finished"), class_="quiet"),
        ui.tags.iframe(src=address(run.early / "answer" / "report.html"), title=title,
                       class_="paper"),
    ]  # fmt: skip


def _checks(view: View) -> Any:
    """Show the checks, the most recent one first."""
    run = view.heard().run
    if run is None or not run.checks:
        return None
    tones = Counter(facts["tone"] for facts in run.checks)
    heads = [
        view.translate("{} checks", len(run.checks)),
        *(view.translate(words, tones[tone]) for tone, words in _TONES.items() if tones[tone]),
    ]
    return ui.tags.details(
        ui.tags.summary(ui.h3(" · ".join(heads))),
        *(_check(view, run, facts) for facts in reversed(run.checks)),
        id="all_checks",
        open="open" if run.state == "running" else None,
    )


def _stage(run: Run | None) -> tuple[int, str]:
    """Return the stage of the available results."""
    if run is None:
        return 0, ""
    report = run.state == "done" and (run.folder / "report" / "report.html").exists()
    return run.number, "report" if report else "first" if run.answered else ""


def _check(view: View, run: Run, facts: dict[str, Any]) -> Any:
    words = {
        key: view.in_words(facts[key])
        for key in ("title", "verdict", "question", "sentence", "figure")
    }
    parts: list[Any] = [
        ui.p(
            ui.strong(words["title"]),
            " · ",
            ui.span(words["verdict"], class_=facts["tone"] or None),
        ),
        ui.p(words["question"]),
    ]
    if facts["tone"] != _ASIDE:  # the hint for such a check is Python code
        parts.append(ui.p(words["sentence"], class_="quiet"))
    if facts["picture"]:
        src = address(run.early / facts["picture"])
        parts.append(
            ui.tags.details(
                ui.tags.summary(words["figure"]),
                ui.tags.figure(ui.img(src=src, alt=words["question"], loading="lazy")),
            )
        )
    return ui.div(*parts, class_="check", id=f"check_{facts['name']}")
