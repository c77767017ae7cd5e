"""Arguments of pages: the current study, the translator, and the actions of inputs."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

from babel import Locale
from shiny import Inputs, Outputs, Session, reactive, render, ui
from shiny.types import SilentException

from bayes_nqp._core.exceptions import NQPError
from bayes_nqp._core.i18n import ENGLISH, NOTHING, Message, Translator, languages
from bayes_nqp._core.labels import UNLABELLED, Labels
from bayes_nqp.studio._files import Uploads
from bayes_nqp.studio._run import Run
from bayes_nqp.studio._words import in_words
from bayes_nqp.studio._workspace import Desk

_PAUSE = 0.4
"""Seconds between two polls of a run."""
_MINUTES = 90
"""Seconds above which the time is given in minutes."""
_FAULT = NQPError(
    Message(
        "this step stopped because of an error in the program; your file and your study "
        "are not the cause"
    ),
    hint=Message(
        "repeat the step, or choose other settings; if it stops again, send the lines in "
        "the window in which you started the studio to the authors of the program"
    ),
)


@dataclass(eq=False)
class Shared:
    """State that all tabs of a browser share.

    Parameters
    ----------
    changes : reactive.Value
        Counter of changes to the study.
    chosen : str
        Language chosen by the user; "" if none.
    wish : str
        Preferred language of the browser.
    """

    desk: Desk
    uploads: Uploads
    changes: reactive.Value[int]
    chosen: str = ""
    wish: str = ENGLISH
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def language(self) -> str:
        """Language of the pages: chosen, or otherwise that of the file or of the browser."""
        return self.chosen or self.desk.language or self.wish

    def open(self, path: Path, name: str) -> None:
        """Open a file, with a study and a report in the language of the pages."""
        self.desk.open(path, name, self.chosen or (self.wish if self.wish != ENGLISH else ""))


@dataclass(eq=False)
class View:
    """View of the current study in one tab.

    Parameters
    ----------
    language : reactive.Value
        Language of the pages.
    failure : reactive.Value
        Error of the last action.
    """

    shared: Shared
    input: Inputs
    output: Outputs
    session: Session
    language: reactive.Value[str]
    failure: reactive.Value[Message]

    @property
    def desk(self) -> Desk:
        """Desk (file, study and runs) that all tabs share."""
        return self.shared.desk

    @property
    def translate(self) -> Translator:
        """Translator of the chosen language."""
        return Translator(self.language.get())

    def heard(self) -> Desk:
        """Return the desk to code that is recomputed at every change."""
        self.shared.changes.get()
        return self.desk

    def in_words(self, texts: dict[str, str]) -> str:
        """Return a text in the language of the view."""
        return texts.get(self.language.get(), texts.get("en", ""))

    def on(self, name: str, act: Callable[[Any], object], *, sent: bool = False) -> None:
        """Connect an input to an action, independently of the pages' own updates.

        Parameters
        ----------
        name : str
            Name of the input.
        act : callable
            Function of the input's value.
        sent : bool, default False
            True if the input has a value only after an action of the user, so that the first value
            counts.
        """

        @reactive.effect
        @reactive.event(self.input[name], ignore_init=not sent, ignore_none=True)
        async def _() -> None:
            value = self.input[name]()
            async with self.shared.lock:
                # A click before the update of the page would be undone by the update.
                await self.session.send_custom_message("acting", {"now": True})
                before, refused = self.desk.state, self.failure.get()
                _, failure = await asyncio.to_thread(_tried, partial(act, value))
                self.failure.set(failure)
            # An updated page sends the values of its fields; this must not cause another update.
            if self.desk.state != before or self.failure.get() != refused:
                self.shared.changes.set(self.shared.changes.get() + 1)
            self.session.on_flushed(self._acted, once=True)

    async def _acted(self) -> None:
        await self.session.send_custom_message("acting", {"now": False})

    def show(self, name: str, make: Callable[[], Any], *grown: Callable[[], Any]) -> None:
        """Render a part of a page again whenever its inputs change.

        Parameters
        ----------
        *grown : callable
            Results of `growing` that also cause an update.
        """

        def made() -> Any:
            for each in grown:
                each()
            part, failure = _tried(make)
            return part if failure is NOTHING else alarm([failure.in_(self.language.get())])

        made.__name__ = name  # the renderer registers itself by name
        render.ui(made)

    def growing(self, seen: Callable[[], Any]) -> Callable[[], Any]:
        """Poll a state that changes independently of the pages.

        Parameters
        ----------
        seen : callable
            Returns the state; pages are updated if it differs.
        """
        return reactive.poll(seen, _PAUSE)(seen)


class _Refusal(Message):
    """Text of an error, in the language that is requested."""

    __slots__ = ("error",)
    error: NQPError

    def in_(self, language: str, labels: Labels = UNLABELLED) -> str:
        """Render the error for the page."""
        return in_words(self.error, language)


def _tried(step: Callable[[], Any]) -> tuple[Any, Message]:
    """Run an action, and report the reason if it fails."""
    try:
        return step(), NOTHING
    except (SilentException, asyncio.CancelledError):
        raise
    except Exception as error:
        return None, _worded(error)


def _worded(error: Exception) -> Message:
    """Describe why an action failed; internal errors are printed in the terminal only."""
    if not isinstance(error, NQPError):
        traceback.print_exception(error)
        error = _FAULT
    refusal = _Refusal(str(error))
    refusal.error = error
    return refusal


def told(desk: Desk) -> tuple[int, str, int]:
    """Return the progress of the last run, to detect changes."""
    run = desk.run
    return (0, "", 0) if run is None else (run.number, run.state, run.told)


def progress_of(view: View, run: Run) -> Any:
    """Show the progress of a run."""
    translate, step = view.translate, run.step
    words = view.in_words(step["text"]) if step else translate("starting …")
    if step.get("total"):
        words = translate("{} {}/{}", words, step["done"], step["total"])
    count = translate("{} of {} checks", len(run.checks), run.expected)
    left = run.left
    if left is not None:
        time = translate("about {:.0f} s left", left)
        if left > _MINUTES:
            time = translate("about {:.0f} min left", left / 60)
        count = f"{count} · {time}"
    return ui.div(
        ui.tags.progress(value=str(len(run.checks)), max=str(max(run.expected, 1)),
                         aria_label=count),
        ui.p(words, class_="quiet"),
        ui.p(count, role="status"),
    )  # fmt: skip


def alarm(problems: Iterable[str], name: str = "", *, hidden: bool = False) -> Any:
    """Show problems, or return an empty element that the page can fill."""
    lines = [ui.p(*_broken(problem)) for problem in problems if problem]
    how: dict[str, Any] = {"hidden": "hidden"} if hidden else {}
    kind = "at-hand" if hidden else "alarm"
    return ui.div(how, *lines, role="alert", class_=kind, id=name or None) if lines else None


def _broken(text: str) -> Iterable[Any]:
    """Convert line breaks of a text to HTML."""
    for number, line in enumerate(text.splitlines()):
        yield ui.tags.br() if number else ""
        yield line


def table(heads: Iterable[str], rows: Iterable[Iterable[Any]], caption: str) -> Any:
    """Show a table."""
    titles = [*heads]
    names = [ui.tags.th(x, scope="col") for x in titles]
    head = ui.tags.thead(ui.tags.tr(*names)) if names else None
    lines = (zip_longest(row, titles[: len(row)], fillvalue="") for row in map(list, rows))
    body = ui.tags.tbody(
        *(ui.tags.tr(*(ui.tags.td(x, data_head=name) for x, name in line)) for line in lines)
    )
    inner = ui.tags.table(ui.tags.caption(caption), head, body)
    return ui.div(inner, class_="scroll", tabindex="0", role="region", aria_label=caption)


def switch() -> Any:
    """Show the switch of languages, each with its own name."""
    return {language: Locale.parse(language).get_display_name() for language in languages()}
