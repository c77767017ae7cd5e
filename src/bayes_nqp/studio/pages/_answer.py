"""The run, and its answer: first what is known at once, then every check, then the report."""

from __future__ import annotations

from typing import Any

from shiny import ui

from bayes_nqp.language import Message
from bayes_nqp.studio._registry import Body, page
from bayes_nqp.studio._run import Run
from bayes_nqp.studio._view import View, alarm, progress_of, told


@page(Message("Answer"), place=50)
def answer(view: View) -> Body:
    """Run the study, and show what comes of it as it comes."""

    def run(_: Any) -> None:
        if view.desk.study is not None:
            view.desk.start()

    view.on("run", run)
    view.on("cancel", lambda _: view.desk.cancel())
    heard = view.growing(lambda: told(view.desk))
    stage = view.growing(lambda: _stage(view.desk.run))

    def progress() -> Any:
        heard()
        now, translate = view.heard().run, view.translate
        if now is None:
            return None
        if now.state == "running":
            return progress_of(view, now)
        words = {
            "done": translate("Done in {:.0f} s.", now.seconds),
            "cancelled": translate(
                "Cancelled. {} checks were answered, and are kept: a run goes on from there.",
                len(now.checks),
            ),
        }
        if now.state in words:
            return ui.p(words[now.state], role="status")
        return alarm([view.in_words(now.error)])

    def paper() -> Any:
        shown, now, translate = stage(), view.desk.run, view.translate
        if now is None or not shown[1]:
            return None
        title = translate("The answer")
        if shown[1] == "report":
            return ui.tags.iframe(src=f"files/{now.folder}/report/report.html", title=title)
        early = translate("The first answer, before all checks")
        return [
            ui.p(early, class_="quiet"),
            ui.tags.iframe(src=f"files/{now.early}/answer/report.html", title=title),
        ]

    def checks() -> Any:
        heard()
        now, translate = view.heard().run, view.translate
        if now is None or not now.checks:
            return None
        return [ui.h3(translate("Checks")), *(_check(view, now, x) for x in reversed(now.checks))]

    view.show("progress", progress)
    view.show("paper", paper)
    view.show("checks", checks)

    def body() -> Any:
        desk, translate = view.heard(), view.translate
        parts: list[Any] = [ui.h2(translate("Answer"))]
        if desk.study is None:
            return [*parts, alarm(desk.problems(view.language.get()))
                    or ui.p(translate("First choose a file."), class_="quiet")]  # fmt: skip
        return [
            *parts,
            ui.div(
                ui.input_action_button("run", translate("Run"), class_="btn-primary"),
                ui.input_action_button("cancel", translate("Cancel")),
                class_="row-of",
            ),
            ui.output_ui("progress"),
            ui.output_ui("paper"),
            ui.output_ui("checks"),
        ]

    return body


def _stage(run: Run | None) -> tuple[int, str]:
    """Tell what there is to read."""
    if run is None:
        return 0, ""
    report = run.state == "done" and (run.folder / "report" / "report.html").exists()
    return run.number, "report" if report else "first" if run.answered else ""


def _check(view: View, run: Run, facts: dict[str, Any]) -> Any:
    said = {
        key: view.in_words(facts[key])
        for key in ("title", "verdict", "question", "sentence", "figure")
    }
    parts: list[Any] = [
        ui.p(
            ui.strong(said["title"]), " · ", ui.span(said["verdict"], class_=facts["tone"] or None)
        ),
        ui.p(said["question"]),
        ui.p(said["sentence"], class_="quiet"),
    ]
    if facts["picture"]:
        src = f"files/{run.early}/{facts['picture']}"
        parts.append(
            ui.tags.details(
                ui.tags.summary(said["figure"]),
                ui.tags.figure(ui.img(src=src, alt=said["question"], loading="lazy")),
            )
        )
    return ui.div(*parts, class_="check", id=f"check_{facts['name']}")
