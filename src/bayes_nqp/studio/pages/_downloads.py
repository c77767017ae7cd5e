"""Files of a run: reports, tables, draws and the study."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from shiny import ui

from bayes_nqp._core.i18n import Message, Translator
from bayes_nqp.output.reports import writers
from bayes_nqp.studio._files import address
from bayes_nqp.studio._registry import Body, page
from bayes_nqp.studio._run import Run
from bayes_nqp.studio._view import View, progress_of, told
from bayes_nqp.studio._workspace import Desk

FILES: Final = {
    "docx": ("report/report.docx", Message("Word")),
    "xlsx": ("report/tables.xlsx", Message("Excel")),
    "tex": ("report/tables.tex", Message("LaTeX")),
    "html": ("report/report.html", Message("Web page with its figures")),
    "": ("posterior.nc", Message("Posterior draws")),
    "answer": ("report/answer.json", Message("Results as numbers")),
    "provenance": ("provenance.json", Message("Sources and versions")),
}


@page(Message("Downloads"), place=70)
def downloads(view: View) -> Body:
    """Offer the files of a run; a missing format is added to the study, which is run again."""

    def add(name: str, _: Any) -> None:
        formats = view.desk.get("report", "formats") or []
        view.desk.edit({("report", "formats"): [*formats, name]})
        if view.desk.study is not None:
            view.desk.start()

    for name in writers():
        view.on(f"add_{name}", partial(add, name))
    heard = view.growing(lambda: told(view.desk)[:2])
    step = view.growing(lambda: told(view.desk))
    view.show("writing", partial(_writing, view), step)

    def body() -> Any:
        heard()
        return _body(view)

    return body


def _writing(view: View) -> Any:
    run = view.desk.run
    return progress_of(view, run) if run is not None and run.state == "running" else None


def _body(view: View) -> Any:
    """Show the study, and the files of the last finished run."""
    desk, translate = view.heard(), view.translate
    title = ui.h2(translate("Downloads"))
    if desk.file is None or not desk.text:
        return [title, ui.p(translate("Choose a file first."), class_="quiet")]
    study = _link(desk.path, translate("Study file"), desk.path.name)
    run = next((x for x in reversed(desk.runs) if x.state == "done"), None)
    if run is None:
        files = [ui.p(translate("Run the study first."), class_="quiet")]
    else:
        files = [*_files(run, translate), *_missing(run, desk, translate)]
    return [title, ui.output_ui("writing"), study, *files]


def _files(run: Run, translate: Translator) -> Iterator[Any]:
    """Show the files of the run."""
    for name, (file, label) in FILES.items():
        path = run.folder / file
        if path.exists():
            stem = f"{run.folder.name}{path.suffix}"
            yield _link(path, translate(label), stem if name in writers() else path.name)


def _missing(run: Run, desk: Desk, translate: Translator) -> Iterator[Any]:
    """Return the formats that the study does not have yet."""
    formats = desk.get("report", "formats") or []
    buttons = [
        ui.input_action_button(f"add_{name}", translate("Add {}", translate(label)))
        for name, (file, label) in FILES.items()
        if name in writers() and name not in formats and not (run.folder / file).exists()
    ]
    if buttons:
        words = translate("Not yet in this study; finished computations are not repeated:")
        yield ui.p(words, class_="quiet")
        yield ui.div(*buttons, class_="row-of")


def _link(path: Path, label: str, name: str) -> Any:
    return ui.p(
        ui.a(label, href=address(path), download=name),
        " ",
        ui.span(name, class_="quiet"),
    )
