"""Run in a separate process, which reports its results as lines of JSON.

python -m bayes_nqp.studio._worker STUDY OUT
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from bayes_nqp import studies
from bayes_nqp._core.exceptions import NQPError, speaking
from bayes_nqp._core.i18n import Message, Translator, languages, unadvised
from bayes_nqp._core.interrupts import stoppable
from bayes_nqp._core.io import in_shell
from bayes_nqp._core.labels import UNLABELLED, Labels
from bayes_nqp._core.partial_failures import collected, omitted
from bayes_nqp._core.process import alone
from bayes_nqp.checks import VERDICTS, title_of
from bayes_nqp.output.plots import sketches
from bayes_nqp.output.reports import Context, FigureFolder, write_report
from bayes_nqp.output.tables import TONES
from bayes_nqp.studio._words import in_words

FIRST = "first"
"""Folder of the first results, in the folder of the results."""
_SECTIONS = {"answer": ("top", "short"), "assumptions": ("assumptions",)}
"""Sections that are shown with the results, each an event: before all checks, and after."""
_DPI = 110
_PAUSE = 0.2
"""Seconds between two reports of the same work."""

type Tell = Callable[..., None]


def texts(text: str, labels: Labels = UNLABELLED) -> dict[str, str]:
    """Return a text in all languages."""
    return {language: Translator(language, labels).name(text) for language in languages()}


def show(context: Context, folder: Path, tell: Tell) -> None:
    """Write the first result, or the figure of the check that finished last.

    Parameters
    ----------
    folder : Path
        Folder of the files.
    tell : callable
        Called with an event.
    """
    if not context.checks:
        _write(context, folder, "answer", tell)
        return
    last, picture = context.checks[-1], ""
    with omitted(Message("The figure {}", last.name)):
        picture = _picture(replace(context, checks=(last,), plots=("check",)), folder)
    tell(
        "check",
        name=last.name,
        title=texts(title_of(last.name)),
        verdict=texts(VERDICTS[last.verdict]),
        tone=TONES[last.verdict],
        question=texts(last.question),
        figure=texts(last.figure, last.labels),
        sentence=texts(unadvised(last.sentence), last.labels),
        picture=picture,
    )


def _write(context: Context, folder: Path, event: str, tell: Tell) -> None:
    """Write some sections as a page."""
    part = replace(context, sections=_SECTIONS[event], plots=("event_study", "effect_map"))
    write_report(part, folder / event, ["html"], FigureFolder(folder / event / "figures"))
    tell(event)


def _picture(context: Context, folder: Path) -> str:
    """Draw a check and return the file name; "" if the check has no figure."""
    for sketch in sketches(context, "evidence"):
        figure = sketch.make()
        with alone():
            figure.savefig(folder / f"{sketch.stem}.png", dpi=_DPI)
        figure.clear()
        return f"{sketch.stem}.png"
    return ""


def tell(event: str, **facts: Any) -> None:
    """Write an event as one line."""
    out = _events[0]
    out.write(json.dumps({"event": event, **facts}, ensure_ascii=True) + "\n")
    out.flush()


_events: list[TextIO] = [sys.stdout]


def claim() -> None:
    """Reserve standard output for events; output of checks and their processes goes to the log."""
    sys.stdout.flush()
    _events[0] = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)


class Announcer:
    """Reports the progress of the work at a readable rate."""

    def __init__(self) -> None:
        self._said: tuple[str, float] = ("", 0.0)

    def __call__(self, text: str) -> None:
        """Report a step, unless the same work was reported just before."""
        counted = isinstance(text, Message) and text.template == "{} {}/{}"
        work, done, total = text.parts if counted else (text, 0, 0)  # type: ignore[attr-defined]
        now = time.monotonic()
        if work != self._said[0] or now - self._said[1] > _PAUSE:
            self._said = (str(work), now)
            words = texts(str(work) if not isinstance(work, str) else work)
            tell("step", text=words, done=done, total=total)


def main(study: Path, out: Path) -> int:
    """Run a study.

    Returns
    -------
    int
        0 if it finished; 1 if it was refused with a message; 2 if it was interrupted.
    """
    folder = out.with_name(f"{out.name}-{FIRST}")
    folder.mkdir(parents=True, exist_ok=True)
    contexts: list[Context] = []

    def watch(context: Context) -> None:
        contexts[:] = [context]
        with collected():
            show(context, folder, tell)

    try:
        with stoppable(), collected(), speaking("page"):
            studies.run(
                study, out, progress=False, listener=Announcer(), watcher=watch,
                command=f"bayes-nqp run {in_shell(study)}",
            )  # fmt: skip
            _write(contexts[0], folder, "assumptions", tell)
    except KeyboardInterrupt:
        tell("stopped")
        return 2
    except NQPError as error:
        tell("refused", text={x: in_words(error, x) for x in languages()})
        return 1
    tell("done")
    return 0


if __name__ == "__main__":
    claim()
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
