"""What a page is given: the desk, the words of a language, and what inputs do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest
from typing import Any

from babel import Locale
from shiny import Inputs, Outputs, Session, reactive, render, ui

from bayes_nqp.errors import NQPError, speaking
from bayes_nqp.language import Message, Translator, languages
from bayes_nqp.studio._desk import Desk
from bayes_nqp.studio._run import Run

_PAUSE = 0.4
"""Seconds between two looks at a run."""
_MINUTES = 90
"""Seconds above which minutes are said."""
_FAULT = Message("This is a fault of bayes_nqp, not of your study: {}")


@dataclass(eq=False)
class View:
    """A browser's view of the desk.

    Parameters
    ----------
    changes : reactive.Value
        Counts what changed on the desk.
    language : reactive.Value
        Of the pages.
    failure : reactive.Value
        What the last action was refused for.
    """

    desk: Desk
    input: Inputs
    output: Outputs
    session: Session
    changes: reactive.Value[int]
    language: reactive.Value[str]
    failure: reactive.Value[str]
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def translate(self) -> Translator:
        """Words of the language that is chosen."""
        return Translator(self.language.get())

    def heard(self) -> Desk:
        """Give the desk to what is to be made anew whenever it changes."""
        self.changes.get()
        return self.desk

    def in_words(self, texts: dict[str, str]) -> str:
        """Choose among the languages of a text."""
        return texts.get(self.language.get(), texts.get("en", ""))

    def on(self, name: str, act: Callable[[Any], object]) -> None:
        """Let an input do something to the desk, beside the pages' own work.

        Parameters
        ----------
        name : str
            Of the input.
        act : callable
            Of its value.
        """

        @reactive.effect
        @reactive.event(self.input[name], ignore_init=True, ignore_none=True)
        async def _() -> None:
            value = self.input[name]()
            async with self.lock:
                try:
                    await asyncio.to_thread(partial(act, value))
                    self.failure.set("")
                except NQPError as error:
                    with speaking("toml"):
                        self.failure.set(error.in_(self.language.get()))
                except Exception as error:
                    words = f"{type(error).__name__}: {error}"
                    self.failure.set(self.translate(_FAULT, words))
            self.changes.set(self.changes.get() + 1)

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
            return make()

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


def alarm(problems: Iterable[str], name: str = "") -> Any:
    """Show what is wrong."""
    lines = [ui.p(*_broken(problem)) for problem in problems if problem]
    return ui.div(*lines, role="alert", class_="alarm", id=name or None) if lines else None


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
