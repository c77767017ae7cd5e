"""What is said of a study that was written for a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bayes_nqp.cli._console import console, line, safe
from bayes_nqp.files import in_shell
from bayes_nqp.studies import DROPPED

if TYPE_CHECKING:
    from bayes_nqp.studies import Proposal

__all__ = ["show_proposal"]


def show_proposal(made: Proposal) -> None:
    """Print what was guessed and why, what is known of the panel, and how to run it."""
    say, guess, translate = console(), made.guess, made.translate
    path = f"[bold]{safe(made.path)}[/bold]"
    say.print(translate("{} was written. A guess; confirm every line:", path))
    for key, value in guess.roles.items():
        _line(key, f"{_said(value)}  ({translate.name(guess.reasons.get(key, ''))})")
    if guess.zones:
        _line("zones", translate.name(guess.reasons["zones"]))
    notes = list(guess.notes)
    if made.study is not None:
        if made.study.settings.design.get("unidentified") == "drop":
            _line("design", f'unidentified = "drop"  ({translate(DROPPED)})')
        line(made.study.panel.to_text(translate.language))
        known = {*made.study.panel.notes, *notes}
        notes = [x for x in notes if x not in made.study.panel.notes]
        notes += [x for x in made.study.notes if x not in known]
    for note in notes:
        line(f"  {translate('note: {}', note)}")
    if made.study is None:
        say.print(f"[yellow]{translate('It does not run yet:')}[/yellow]\n{safe(made.problem)}")
        return
    path = safe(in_shell(made.path))
    can = f"[green]{translate('It can run:')}[/green]"
    command, make = f"bayes-nqp run {path}", f"make study STUDY={path}"
    say.print(translate("{} {}  (or {})", can, command, make))


def _line(key: str, said: str) -> None:
    line(f"  {key:<10} {said}")


def _said(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
