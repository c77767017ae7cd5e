"""Checks with their verdicts, those that fail first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from bayes_nqp import vocabulary as v
from bayes_nqp.checks import CheckResult
from bayes_nqp.tables._ask import Ask
from bayes_nqp.tables._described import short_gate, why_failed
from bayes_nqp.tables._model import Column, Row, Table
from bayes_nqp.tables._parts import said
from bayes_nqp.tables._words import Language, question_of, verdict_of

__all__ = ["diagnostics"]

_TONES: dict[str, Any] = {
    "fails": "bad",
    "in doubt": "doubt",
    "reported": "",
    "holds": "good",
    "not applicable": "faint",
}
"""By verdict, the worst first."""


def diagnostics(results: Sequence[CheckResult], ask: Ask, gate: str | None = None) -> Table:
    """Tabulate checks with their verdicts and key figures.

    Parameters
    ----------
    results : sequence of CheckResult
    ask : Ask
    gate : str, optional
        The convergence gate of the fit that was asked.

    Returns
    -------
    Table
    """
    say, order = ask.say, list(_TONES)
    ranked = sorted(results, key=lambda one: order.index(one.verdict))
    rows: list[Row] = []
    stamps: list[str] = []
    if gate is not None and all(one.name != "convergence" for one in results):
        short, failed = short_gate(gate, say)
        rows.append(
            Row(
                say["row_gate"],
                (said(say["failed_short"], "bad") if failed else said(short, _gate_tone(gate)),
                 said(why_failed(gate, ask.language) if failed else "")),
            )
        )  # fmt: skip
        if failed:
            stamps.append(say["stamp_gate"].format(why_failed(gate, ask.language)))
    for one in ranked:
        question = question_of(one.name, one.question, say)
        verdict = said(verdict_of(one.verdict, say), _TONES[one.verdict])
        rows.append(Row(question, (verdict, said(_key(one, ask.language)))))
        if one.verdict == "fails":
            stamps.append(say["stamp_check"].format(question))
    tally = Counter(str(one.verdict) for one in results)
    counted = [say["counted"].format(verdict_of(x, say), tally[x]) for x in order if tally[x]]
    separator, end = ("；", "。") if ask.language == "zh" else ("; ", ".")
    tallied = separator.join(counted) + end
    meanings = [say["note_verdicts"] + end]
    if tally["reported"]:
        meanings.append(say["note_reported"] + end)
    return Table(
        "diagnostics",
        ask.titled("title_diagnostics"),
        say["question"],
        (Column(say["verdict"]), Column(say["figure"], words=True)),
        tuple(rows),
        (*meanings, tallied[0].upper() + tallied[1:]) if counted else (),
        tuple(stamps),
        ask.language,
        {} if gate is None else {"gate": gate},
    )


def _key(one: CheckResult, language: str) -> str:
    """The key figure, or the sentence where there is none."""
    spoken: Language = "zh" if language == "zh" else "en"
    return one.figure_in(spoken) or one.said(spoken)


def _gate_tone(gate: str) -> str:
    return "good" if gate == v.PASSED else "doubt"
