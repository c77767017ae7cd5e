"""Further questions of a referee."""

from __future__ import annotations

from typing import Any

from shiny import ui

from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import CHECKS
from bayes_nqp.studio._files import address
from bayes_nqp.studio._registry import Body, page
from bayes_nqp.studio._view import View, table, told


@page(Message("Questions of a referee"), place=60)
def referee(view: View) -> Body:
    """List caution and failed checks, checks that did not run, and untestable assumptions."""

    def ask(names: Any) -> None:
        desk = view.desk
        checks = [] if desk.study is None else [*desk.study.checks]
        if names and desk.study is not None:
            desk.edit({("checks", "run"): [*checks, *(x for x in names if x not in checks)]})

    view.on("unasked", ask)
    heard = view.growing(lambda: told(view.desk))

    def body() -> Any:
        heard()
        desk, translate = view.heard(), view.translate
        parts: list[Any] = [ui.h2(translate("Questions of a referee"))]
        run = desk.run
        if run is None or desk.study is None:
            return [*parts, ui.p(translate("Run the study first."), class_="quiet")]
        open_ones = [x for x in run.checks if x["tone"] in ("doubt", "bad")]
        if open_ones:
            rows = [[view.in_words(x[key]) for key in ("question", "verdict", "sentence")]
                    for x in open_ones]  # fmt: skip
            heads = [translate("Question"), translate("Verdict"), translate("Answer")]
            parts.append(table(heads, rows, translate("Limitations: the data are inconclusive")))
        design, panel = desk.study.design, desk.study.panel
        unasked = {
            name: translate(check.question)
            for name, check in CHECKS.items()
            if name not in desk.study.checks and check.offered(design, panel)
        }
        if unasked:
            label = translate(
                "Checks that this study did not run; selected ones are included in the next run"
            )
            parts.append(ui.div(ui.input_checkbox_group("unasked", label, unasked), class_="wide"))
        if run.assumed:
            title = translate("Assumptions that cannot be tested")
            src = address(run.early / "assumptions" / "report.html")
            parts.append(ui.tags.iframe(src=src, title=title))
        return parts

    return body
