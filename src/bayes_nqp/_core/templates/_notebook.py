"""Representations of values as lines of names and facts, in consoles and notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bayes_nqp._core.i18n import ENGLISH, Translator
from bayes_nqp._core.templates._render import html
from bayes_nqp._core.texts import size_of
from bayes_nqp._core.validation import absent

type Facts = Mapping[str, str] | Iterable[tuple[str, str]]


def facts_text(title: str, facts: Facts, translate: Translator | None = None) -> str:
    """Return facts as text, one per line.

    Parameters
    ----------
    title : str
        First line, unchanged.
    facts : mapping or iterable of (str, str)
        Names and values.
    translate : Translator, optional
        Translator of names and values; English by default.
    """
    pairs = _pairs(facts, translate)
    width = max(size_of(name) for name, _ in pairs)
    lines = (f"  {name}{' ' * (width - size_of(name))}  {text}" for name, text in pairs)
    return "\n".join([title, *lines])


def facts_html(
    title: str,
    facts: Facts,
    *,
    badge: str = "",
    colour: str = "",
    notes: Sequence[str] = (),
    table: str = "",
    translate: Translator | None = None,
) -> str:
    """Return facts as a small HTML table.

    Parameters
    ----------
    facts : mapping or iterable of (str, str)
        Names and values.
    badge : str, default ""
        Coloured remark next to the title.
    colour : str, default ""
        Colour of the badge.
    notes : sequence of str, default ()
        Notes listed below.
    table : str, default ""
        Markup of a further table, inserted below without changes.
    translate : Translator, optional
        Translator of names and values; English by default.
    """
    return html(
        "_core/templates/templates/facts.html", title=title, facts=_pairs(facts, translate),
        badge=badge,
        colour=colour, notes=notes, table=table,
    )  # fmt: skip


class FactSheet:
    """Base class of values that are displayed by their facts, under the name of the class."""

    def _facts(self) -> Sequence[tuple[str, str]]:
        raise NotImplementedError

    def __repr__(self) -> str:
        return facts_text(f"<{type(self).__name__}>", self._facts())

    def _repr_html_(self) -> str:
        return facts_html(type(self).__name__, self._facts())

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                return object.__getattribute__(self, name)
            names = [other for other in dir(self) if not other.startswith("_")]
            raise absent(type(self).__name__, name, names)


def _pairs(facts: Facts, translate: Translator | None) -> list[tuple[str, str]]:
    name = (translate or Translator(ENGLISH)).name
    pairs = facts.items() if isinstance(facts, Mapping) else facts
    return [(name(key), name(text)) for key, text in pairs]
