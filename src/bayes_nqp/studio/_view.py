"""What a page is given: the desk, the words of a language, and what inputs do."""

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
"""Seconds between two looks at a run."""
_MINUTES = 90
"""Seconds above which minutes are said."""
_FAULT = NQPError(
    Message("this step ended by a fault of the program; your file and your study are not at fault"),
    hint=Message(
        "the step again, or another choice; if it ends again, send the lines in the window in "
        "which the studio was started to the authors of the program"
    ),
)


@dataclass(eq=False)
class Shared:
    """What all tabs of a browser share.

    Parameters
    ----------
    changes : reactive.Value
        Counts what changed on the desk.
    chosen : str
        The language that somebody chose; "" for none.
    wish : str
        That of the browser.
    """

    desk: Desk
    uploads: Uploads
    changes: reactive.Value[int]
    chosen: str = ""
    wish: str = ENGLISH
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def language(self) -> str:
        """Of the pages: the one that was chosen, else that of the file, else of the browser."""
        return self.chosen or self.desk.language or self.wish

    def open(self, path: Path, name: str) -> None:
        """Take a file on the desk, with a study and a report in the language of the pages."""
        self.desk.open(path, name, self.chosen or (self.wish if self.wish != ENGLISH else ""))


@dataclass(eq=False)
class View:
    """A tab's view of the desk.

    Parameters
    ----------
    language : reactive.Value
        Of the pages.
    failure : reactive.Value
        What the last action was refused for.
    """

    shared: Shared
    input: Inputs
    output: Outputs
    session: Session
    language: reactive.Value[str]
    failure: reactive.Value[Message]

    @property
    def desk(self) -> Desk:
        """The desk that all tabs share."""
        return self.shared.desk

    @property
    def translate(self) -> Translator:
        """Words of the language that is chosen."""
        return Translator(self.language.get())

    def heard(self) -> Desk:
        """Give the desk to what is to be made anew whenever it changes."""
        self.shared.changes.get()
        return self.desk

    def in_words(self, texts: dict[str, str]) -> str:
        """Choose among the languages of a text."""
        return texts.get(self.language.get(), texts.get("en", ""))

    def on(self, name: str, act: Callable[[Any], object], *, sent: bool = False) -> None:
        """Let an input do something to the desk, beside the pages' own work.

        Parameters
        ----------
        name : str
            Of the input.
        act : callable
            Of its value.
        sent : bool, default False
            Whether it has a value only once somebody acts, so that the first one counts.
        """

        @reactive.effect
        @reactive.event(self.input[name], ignore_init=not sent, ignore_none=True)
        async def _() -> None:
            value = self.input[name]()
            async with self.shared.lock:
                # What is clicked before the page was made anew would be undone by that.
                await self.session.send_custom_message("acting", {"now": True})
                before, refused = self.desk.state, self.failure.get()
                _, failure = await asyncio.to_thread(_tried, partial(act, value))
                self.failure.set(failure)
            # A page that was made anew says what its fields hold: nothing is made anew for that.
            if self.desk.state != before or self.failure.get() != refused:
                self.shared.changes.set(self.shared.changes.get() + 1)
            self.session.on_flushed(self._acted, once=True)

    async def _acted(self) -> None:
        await self.session.send_custom_message("acting", {"now": False})

    def show(self, name: str, make: Callable[[], Any], *grown: Callable[[], Any]) -> None:
        """Make a part of a page anew whenever what it reads changes.

        Parameters
        ----------
        *grown : callable
            Of `growing`: what else it is made anew for.
        """

        def made() -> Any:
            for each in grown:
                each()
            part, failure = _tried(make)
            return part if failure is NOTHING else alarm([failure.in_(self.language.get())])

        made.__name__ = name  # by which the renderer registers itself
        render.ui(made)

    def growing(self, seen: Callable[[], Any]) -> Callable[[], Any]:
        """Look again and again at what grows beside the pages.

        Parameters
        ----------
        seen : callable
            Gives what is compared: pages are made anew where it differs.
        """
        return reactive.poll(seen, _PAUSE)(seen)


class _Refusal(Message):
    """What an error says, in whatever language it is asked for."""

    __slots__ = ("error",)
    error: NQPError

    def in_(self, language: str, labels: Labels = UNLABELLED) -> str:
        """Say it for the page."""
        return in_words(self.error, language)


def _tried(step: Callable[[], Any]) -> tuple[Any, Message]:
    """Take a step, and say why if it was refused."""
    try:
        return step(), NOTHING
    except (SilentException, asyncio.CancelledError):
        raise
    except Exception as error:
        return None, _worded(error)


def _worded(error: Exception) -> Message:
    """Say why a step was refused; a fault goes to the terminal, and its words do not."""
    if not isinstance(error, NQPError):
        traceback.print_exception(error)
        error = _FAULT
    refusal = _Refusal(str(error))
    refusal.error = error
    return refusal


def told(desk: Desk) -> tuple[int, str, int]:
    """Tell how far the last run is, to see whether there is more."""
    run = desk.run
    return (0, "", 0) if run is None else (run.number, run.state, run.told)


def progress_of(view: View, run: Run) -> Any:
    """Show how far a run is."""
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
    """Show what is wrong, or have it at hand for the page to show."""
    lines = [ui.p(*_broken(problem)) for problem in problems if problem]
    how: dict[str, Any] = {"hidden": "hidden"} if hidden else {}
    kind = "at-hand" if hidden else "alarm"
    return ui.div(how, *lines, role="alert", class_=kind, id=name or None) if lines else None


def _broken(text: str) -> Iterable[Any]:
    """Break lines where a text does."""
    for number, line in enumerate(text.splitlines()):
        yield ui.tags.br() if number else ""
        yield line


def table(heads: Iterable[str], rows: Iterable[Iterable[Any]], caption: str) -> Any:
    """Show rows."""
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
    """The languages, each by its own name."""
    return {language: Locale.parse(language).get_display_name() for language in languages()}
