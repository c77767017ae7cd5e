"""A run in a process of its own, which tells what it made as lines of JSON.

python -m bayes_nqp.studio._worker STUDY OUT
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from bayes_nqp import studies
from bayes_nqp.checks import VERDICTS, title_of
from bayes_nqp.errors import NQPError, speaking
from bayes_nqp.files import in_shell
from bayes_nqp.language import Message, Translator, languages
from bayes_nqp.omissions import collected
from bayes_nqp.plots import sketches
from bayes_nqp.process import alone
from bayes_nqp.reports import Context, FigureFolder, write_report
from bayes_nqp.signals import stoppable
from bayes_nqp.tables import TONES

FIRST = "first"
"""The folder of what is shown before all checks, beside the results."""
_FIRST = {"answer": ("top", "short"), "assumptions": ("assumptions",)}
"""Sections of what is shown before all checks, each an event."""
_DPI = 110
_PAUSE = 0.2
"""Seconds between two counts of the same work."""

type Tell = Callable[..., None]


def texts(text: str) -> dict[str, str]:
    """Give a text in every language."""
    return {language: Translator(language).name(text) for language in languages()}


def show(context: Context, folder: Path, tell: Tell) -> None:
    """Write the first answer, or the picture of the check that was answered last.

    Parameters
    ----------
    folder : Path
        To write into.
    tell : callable
        Told of it.
    """
    if not context.checks:
        for event, sections in _FIRST.items():
            part = replace(context, sections=sections, plots=("event_study", "effect_map"))
            figures = FigureFolder(folder / event / "figures")
            write_report(part, folder / event, ["html"], figures)
            tell(event)
        return
    last = context.checks[-1]
    languages_of = {language: Translator(language, last.labels) for language in languages()}
    tell(
        "check",
        name=last.name,
        title=texts(title_of(last.name)),
        verdict=texts(VERDICTS[last.verdict]),
        tone=TONES[last.verdict],
        question={x: translate.name(last.question) for x, translate in languages_of.items()},
        figure={x: translate.name(last.figure) for x, translate in languages_of.items()},
        sentence={x: translate.name(last.sentence) for x, translate in languages_of.items()},
        picture=_picture(replace(context, checks=(last,), plots=("check",)), folder),
    )


def _picture(context: Context, folder: Path) -> str:
    """Draw a check; the name of the file, empty where there is nothing to draw."""
    for sketch in sketches(context, "evidence"):
        figure = sketch.make()
        with alone():
            figure.savefig(folder / f"{sketch.stem}.png", dpi=_DPI)
        figure.clear()
        return f"{sketch.stem}.png"
    return ""


def main(study: Path, out: Path) -> int:
    """Run a study.

    Returns
    -------
    int
        0 where it ended; 1 where it was refused, in words; 2 where it was stopped.
    """
    folder = out.with_name(f"{out.name}-{FIRST}")
    folder.mkdir(parents=True, exist_ok=True)

    def tell(event: str, **facts: Any) -> None:
        sys.stdout.write(json.dumps({"event": event, **facts}, ensure_ascii=True) + "\n")
        sys.stdout.flush()

    said: tuple[str, float] = ("", 0.0)

    def step(text: str) -> None:
        nonlocal said
        counted = isinstance(text, Message) and text.template == "{} {}/{}"
        work, done, total = text.parts if counted else (text, 0, 0)  # type: ignore[attr-defined]
        now = time.monotonic()
        if work != said[0] or now - said[1] > _PAUSE:
            said = (str(work), now)
            tell(
                "step",
                text=texts(str(work) if not isinstance(work, str) else work),
                done=done,
                total=total,
            )

    def watch(context: Context) -> None:
        with collected():
            show(context, folder, tell)

    try:
        with stoppable(), collected():
            studies.run(
                study, out, progress=False, listener=step, watcher=watch,
                command=f"bayes-nqp run {in_shell(study)}",
            )  # fmt: skip
    except KeyboardInterrupt:
        tell("stopped")
        return 2
    except NQPError as error:
        with speaking("toml"):
            tell("refused", text={x: error.in_(x) for x in languages()})
        return 1
    tell("done")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
