"""What is said of a study that was written for a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bayes_nqp.cli._console import console, line, safe
from bayes_nqp.files import in_shell

if TYPE_CHECKING:
    from bayes_nqp.studies import Proposal

__all__ = ["show_proposal"]


def show_proposal(made: Proposal) -> None:
    """Print what was guessed and why, what is known of the panel, and how to run it."""
    say, guess = console(), made.guess
    say.print(f"[bold]{safe(made.path)}[/bold] was written. A guess; confirm every line:")
    for key, value in guess.roles.items():
        _line(key, f"{_said(value)}  ({guess.reasons.get(key, '')})")
    if guess.zones:
        _line("zones", guess.reasons["zones"])
    notes = list(guess.notes)
    if made.study is not None:
        if made.study.settings.design.get("unidentified") == "drop":
            _line("design", 'unidentified = "drop"  (what the data cannot identify is left out)')
        line(repr(made.study.panel))
        known = {*made.study.panel.notes, *notes}
        notes = [x for x in notes if x not in made.study.panel.notes]
        notes += [x for x in made.study.notes if x not in known]
    for note in notes:
        line(f"  note: {note}")
    if made.study is None:
        say.print(f"[yellow]It does not run yet:[/yellow]\n{safe(made.problem)}")
        return
    path = safe(in_shell(made.path))
    say.print(f"[green]It can run:[/green] bayes-nqp run {path}  (or make study STUDY={path})")


def _line(key: str, said: str) -> None:
    line(f"  {key:<10} {said}")


def _said(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
