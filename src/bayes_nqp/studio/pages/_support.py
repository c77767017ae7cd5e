"""Effects that the data identify, and the assumptions."""

from __future__ import annotations

import base64
import io
from typing import Any

from shiny import ui

from bayes_nqp._core.i18n import Message
from bayes_nqp._core.partial_failures import collected, omitted
from bayes_nqp._core.process import alone
from bayes_nqp.checks import CHECKS
from bayes_nqp.output import plots
from bayes_nqp.output.plots import PLOTS
from bayes_nqp.studies import Study
from bayes_nqp.studio._registry import Body, page
from bayes_nqp.studio._view import View, alarm, table


@page(Message("Identified effects"), place=30)
def support(view: View) -> Body:
    """Show the panel, the timing of treatment, and the assumptions of the results."""

    def body() -> Any:
        desk, translate = view.heard(), view.translate
        parts: list[Any] = [ui.h2(translate("Identified effects"))]
        study = desk.study
        if study is None:
            return [*parts, alarm(desk.problems(view.language.get()))
                    or ui.p(translate("Choose a file first."), class_="quiet")]  # fmt: skip
        identified = study.support["identified"]
        count = translate(
            "Group-time cells: {} of {} have an identified effect",
            int(identified.sum()),
            len(identified),
        )
        facts = [(translate.name(key), translate.name(x)) for key, x in study.panel.facts().items()]
        parts += [table((), facts, translate("Panel")), ui.p(count)]
        if study.notes:
            parts.append(ui.tags.ul(*(ui.tags.li(translate.name(x)) for x in study.notes)))
        parts += [_picture(study, translate.language, translate(PLOTS["adoption"].title))]
        rests = [CHECKS[x] for x in study.checks if CHECKS[x].assumption]
        others = [CHECKS[x] for x in study.checks if not CHECKS[x].assumption]
        for title, checks in (
            (translate("Assumptions tested with the data"), rests),
            (translate("Other checks that will be run"), others),
        ):
            if checks:
                parts += [ui.h3(title)]
                parts.append(ui.tags.ul(*(ui.tags.li(translate(x.question)) for x in checks)))
        return parts

    return body


def _picture(study: Study, language: str, caption: str) -> Any:
    """Draw the timing of treatment."""
    content = io.BytesIO()
    with collected(), omitted(Message("The figure {}", "adoption")):
        figure = plots.adoption(study.panel, language=language)
        with alone():
            figure.savefig(content, format="png", dpi=110)
    if not content.getvalue():
        return None
    data = base64.b64encode(content.getvalue()).decode("ascii")
    return ui.tags.figure(ui.img(src=f"data:image/png;base64,{data}", alt=caption))
