"""Values that show themselves: lines of name and fact, in a console and in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bayes_nqp._core.i18n import ENGLISH, Translator
from bayes_nqp._core.templates._render import html
from bayes_nqp._core.texts import size_of
from bayes_nqp._core.validation import absent

type Facts = Mapping[str, str] | Iterable[tuple[str, str]]


def facts_text(title: str, facts: Facts, translate: Translator | None = None) -> str:
    """Write facts one below another.

    Parameters
    ----------
    title : str
        The first line, as it stands.
    facts : mapping or iterable of (str, str)
        Names and what they are.
    translate : Translator, optional
        Into whose language both are put; English by default.
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
    """Write facts as a small table.

    Parameters
    ----------
    facts : mapping or iterable of (str, str)
        Names and what they are.
    badge : str, default ""
        A coloured remark beside the title.
    colour : str, default ""
        Of the badge.
    notes : sequence of str, default ()
        Listed below.
    table : str, default ""
        Markup of a further table, put below as it stands.
    translate : Translator, optional
        Into whose language names and facts are put; English by default.
    """
    return html(
        "_core/templates/templates/facts.html", title=title, facts=_pairs(facts, translate),
        badge=badge,
        colour=colour, notes=notes, table=table,
    )  # fmt: skip


class FactSheet:
    """A value that shows itself by its facts, under the name of its class."""

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
