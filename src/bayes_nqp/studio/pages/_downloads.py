"""What a run leaves: reports, tables, draws and the study."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Final

from shiny import ui

from bayes_nqp.language import Message
from bayes_nqp.reports import writers
from bayes_nqp.studio._registry import Body, page
from bayes_nqp.studio._view import View, progress_of, told

_FILES: Final = {
    "docx": ("report/report.docx", Message("Word")),
    "xlsx": ("report/tables.xlsx", Message("Excel")),
    "tex": ("report/tables.tex", Message("LaTeX")),
    "html": ("report/report.html", Message("A page, with its pictures inside")),
    "": ("posterior.nc", Message("The draws")),
    "answer": ("report/answer.json", Message("The numbers of the answer")),
    "provenance": ("provenance.json", Message("Where it comes from")),
}


@page(Message("Downloads"), place=70)
def downloads(view: View) -> Body:
    """Offer the files of a run; a format that it lacks is added to the study, and run."""

    def add(name: str, _: Any) -> None:
        formats = view.desk.get("report", "formats") or []
        view.desk.edit({("report", "formats"): [*formats, name]})
        if view.desk.study is not None:
            view.desk.start()

    for name in writers():
        view.on(f"add_{name}", partial(add, name))
    heard = view.growing(lambda: told(view.desk)[:2])

    step = view.growing(lambda: told(view.desk))

    def writing() -> Any:
        step()
        now = view.desk.run
        return progress_of(view, now) if now is not None and now.state == "running" else None

    view.show("writing", writing)

    def body() -> Any:
        heard()
        desk, translate = view.heard(), view.translate
        parts: list[Any] = [ui.h2(translate("Downloads"))]
        if desk.file is None or not desk.text:
            return [*parts, ui.p(translate("First choose a file."), class_="quiet")]
        parts.append(ui.output_ui("writing"))
        parts.append(_link(desk.path, translate("The study"), desk.path.name))
        run = next((x for x in reversed(desk.runs) if x.state == "done"), None)
        if run is None:
            return [*parts, ui.p(translate("First run the study."), class_="quiet")]
        missing = []
        for name, (file, label) in _FILES.items():
            path = run.folder / file
            if path.exists():
                stem = f"{run.folder.name}{path.suffix}"
                parts.append(
                    _link(path, translate(label), stem if name in writers() else path.name)
                )
            elif name in writers() and name not in (desk.get("report", "formats") or []):
                missing.append(
                    ui.input_action_button(f"add_{name}", translate("Add {}", translate(label)))
                )
        if missing:
            words = translate("Not in this study yet; what was computed is not computed again:")
            parts += [ui.p(words, class_="quiet"), ui.div(*missing, class_="row-of")]
        return parts

    return body


def _link(path: Path, label: str, name: str) -> Any:
    return ui.p(
        ui.a(label, href=f"files/{path.as_posix()}", download=name),
        " ",
        ui.span(name, class_="quiet"),
    )
