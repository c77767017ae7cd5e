"""Values that show themselves: lines of name and fact, in a console and in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bayes_nqp.markup._render import html

__all__ = ["facts_html", "facts_text"]

type Facts = Mapping[str, str] | Iterable[tuple[str, str]]


def facts_text(title: str, facts: Facts) -> str:
    """Write facts one below another.

    Parameters
    ----------
    title : str
        The first line, as it stands.
    facts : mapping or iterable of (str, str)
        Names and what they are.
    """
    pairs = _pairs(facts)
    width = max(len(name) for name, _ in pairs)
    return "\n".join([title, *(f"  {name:<{width}}  {text}" for name, text in pairs)])


def facts_html(
    title: str,
    facts: Facts,
    *,
    badge: str = "",
    colour: str = "",
    notes: Sequence[str] = (),
    table: str = "",
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
    """
    return html(
        "markup/templates/facts.html", title=title, facts=_pairs(facts), badge=badge,
        colour=colour, notes=notes, table=table,
    )  # fmt: skip


def _pairs(facts: Facts) -> list[tuple[str, str]]:
    return list(facts.items() if isinstance(facts, Mapping) else facts)
