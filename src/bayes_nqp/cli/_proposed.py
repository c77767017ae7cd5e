"""What is said of a study that was written for a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bayes_nqp.cli._console import console, line, safe
from bayes_nqp.files import in_shell
from bayes_nqp.studies import DROPPED, HEADINGS

if TYPE_CHECKING:
    from bayes_nqp.studies import Proposal


def show_proposal(proposal: Proposal) -> None:
    """Print what was guessed and why, what is known of the panel, and how to run it."""
    terminal, guess, translate = console(), proposal.guess, proposal.translate
    path = f"[bold]{safe(proposal.path)}[/bold]"
    terminal.print(translate("{} was written. A guess; confirm every line:", path))
    for key, value in guess.roles.items():
        _line(key, f"{_said(value)}  ({translate.name(guess.reasons.get(key, ''))})")
    if guess.merges:
        _line("zones", translate.name(guess.reasons["zones"]))
    notes = list(guess.notes)
    if proposal.study is not None:
        if proposal.study.settings.design.get("unidentified") == "drop":
            _line("design", f'unidentified = "drop"  ({translate(DROPPED)})')
        line(proposal.study.panel.to_text(translate.language))
        before = {*proposal.study.panel.notes, *notes}
        notes = [x for x in notes if x not in proposal.study.panel.notes]
        notes += [x for x in proposal.study.notes if x not in before]
    for note in notes:
        line(f"  {translate('note: {}', note)}")
    if proposal.study is None:
        heading = translate.name(HEADINGS[proposal.doubtful])
        terminal.print(f"[yellow]{heading}[/yellow]\n{safe(proposal.problem)}")
        return
    path = safe(in_shell(proposal.path))
    can = f"[green]{translate('It can run:')}[/green]"
    command, make = f"bayes-nqp run {path}", f"make study STUDY={path}"
    terminal.print(translate("{} {}  (or {})", can, command, make))


def _line(key: str, text: str) -> None:
    line(f"  {key:<10} {text}")


def _said(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
