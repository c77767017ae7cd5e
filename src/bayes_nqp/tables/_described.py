"""What a table says of the model behind it, and of what failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from bayes_nqp import schema
from bayes_nqp import vocabulary as v
from bayes_nqp.checks import CheckResult
from bayes_nqp.checks._reasons import gate_words
from bayes_nqp.fitting import Fit
from bayes_nqp.language import closed
from bayes_nqp.pooling import Complete, Partial
from bayes_nqp.tables._words import listed, percent, question_of

__all__ = [
    "Said",
    "bracketed",
    "interval_notes",
    "model_facts",
    "model_words",
    "said_of",
    "short_gate",
    "stacked_notes",
    "why_failed",
]

_NAMED = 6
"""Checks that hold are named up to so many, and else counted."""
_NOTED = (
    ("note_doubt", "in doubt"),
    ("note_checks_reported", "reported"),
    ("note_checks_hold", "holds"),
)


@dataclass(frozen=True, slots=True)
class Said:
    """Stamps and notes about the evidence.

    Parameters
    ----------
    stamps, notes : tuple of str
    """

    stamps: tuple[str, ...]
    notes: tuple[str, ...]


def model_words(fit: Fit, say: Mapping[str, str], language: str) -> dict[str, str]:
    """Word pooling, errors and time effects of a fit's design.

    Parameters
    ----------
    fit : Fit
    say : mapping of str to str
    language : str

    Returns
    -------
    dict of str to str
        "effects", "errors", "time".
    """
    facts = model_facts(fit, say, language)
    pooling = fit.design.facts.pooling
    if isinstance(pooling, Complete):
        effects = say["complete"]
    elif isinstance(pooling, Partial):
        by = facts["strata"]
        effects = closed(say["partial_by"].format(by)) if by else say["partial_none"]
    else:
        effects = say["separate_by"]
    if facts["deviations"]:
        effects = closed(say["varying"].format(effects, facts["deviations"]))
    return {"effects": effects, "errors": facts["errors"], "time": facts["time"]}


def model_facts(fit: Fit, say: Mapping[str, str], language: str) -> dict[str, str]:
    """Word each choice of a fit's design in a few words.

    Parameters
    ----------
    fit : Fit
    say : mapping of str to str
    language : str

    Returns
    -------
    dict of str to str
        "pooling", "strata", "deviations", "errors", "time"; empty where there is none.
    """
    facts = fit.design.facts
    pooling, errors = type(facts.pooling).__name__, facts.noise.label(language)
    varying = facts.pooling.varying
    by = " × ".join(_time_strata(fit))
    heavy = not facts.compresses
    pooled = facts.time is not None and facts.time.pooled
    return {
        "pooling": say.get(pooling, pooling),
        "strata": listed(list(_strata(fit)), language),
        "deviations": say["unit"] if varying == v.UNIT else varying or "",
        "errors": errors + (say["student_t"] if heavy else ""),
        "time": closed(say["time_partial" if pooled else "time_of"].format(by))
        if by
        else say["time_one"],
    }


def _time_strata(fit: Fit) -> tuple[str, ...]:
    """Factors with time effects of their own; without the panel, those that the design names."""
    if fit.panel is not None:
        return fit.design.outcome_design.time_strata(fit.panel)
    time = fit.design.facts.time
    return _strata(fit) if time is None else tuple(time.by or ())


def _strata(fit: Fit) -> tuple[str, ...]:
    """Factors by which effects vary; without the panel, those that are named, or of the cells."""
    if fit.panel is not None:
        return fit.design.outcome_design.strata(fit.panel)
    pooling = fit.design.facts.pooling
    if isinstance(pooling, Complete):
        return ()
    named = getattr(pooling, "strata", None)
    return tuple(schema.factors(fit.effects)) if named is None else tuple(named)


def said_of(
    source: object,
    gate: str,
    checks: Sequence[CheckResult],
    say: Mapping[str, str],
    language: str,
) -> Said:
    """Say what model it is, what failed, and what is in doubt.

    Parameters
    ----------
    source : Fit or Dataset
    gate : str
        Verdict of the convergence gate.
    checks : sequence of CheckResult
    say : mapping of str to str
    language : str

    Returns
    -------
    Said
    """
    notes = []
    if isinstance(source, Fit):
        model = model_words(source, say, language)
        time = say["time_effects"].format(model["time"])
        notes.append(say["note_model"].format(model["effects"], model["errors"], time))
    stamps = []
    if gate == v.UNVERIFIED:
        notes.append(say["unverified"])
    elif gate != v.PASSED:
        stamps.append(say["stamp_gate"].format(why_failed(gate, language)))
    else:
        notes.append(say["note_gate"].format(_passed(source, say)))
    for one in checks:
        if one.verdict == "fails":
            what = question_of(one.name, one.question, say)
            figure = bracketed(one, language)
            stamps.append(say["stamp_check"].format(what) + figure)
    for key, verdict in _NOTED:
        named = [say.get(f"check_{c.name}", c.name) for c in checks if c.verdict == verdict]
        if named:
            many = verdict == "holds" and len(named) > _NAMED
            what = say["checks_counted"].format(len(named)) if many else listed(named, language)
            notes.append(say[key].format(what))
    return Said(tuple(stamps), tuple(notes))


def why_failed(gate: str, language: str) -> str:
    """Say what failed in a gate.

    Parameters
    ----------
    gate : str
    language : str

    Returns
    -------
    str
    """
    return gate_words(gate).in_(language)


def bracketed(one: CheckResult, language: str) -> str:
    """Put the key figure of a check in brackets, as a language does.

    Parameters
    ----------
    one : CheckResult
    language : str

    Returns
    -------
    str
        Empty if there is none.
    """
    if not one.figure:
        return ""
    return f"（{one.figure_in('zh')}）" if language == "zh" else f" ({one.figure})"


def _passed(source: object, say: Mapping[str, str]) -> str:
    if not isinstance(source, Fit):
        return say["passed_short"]
    gate = source.gate
    size = min(gate.ess_bulk, gate.ess_tail)
    if gate.weighted:
        return say["passed_weights"].format(max(gate.khat, 0.0), size)
    return say["passed"].format(gate.rhat, size)


def short_gate(gate: str, say: Mapping[str, str]) -> tuple[str, bool]:
    """Word a gate's verdict in a cell, and whether it failed.

    Parameters
    ----------
    gate : str
    say : mapping of str to str

    Returns
    -------
    tuple of str, bool
    """
    if gate in (v.PASSED, v.UNVERIFIED):
        return say[f"{gate}_short"], False
    reason = why_failed(gate, say["language"])
    short = say["failed_short"]
    return say["because"].format(short, reason) if reason else short, True


def interval_notes(numbers: pd.DataFrame, say: Mapping[str, str]) -> list[str]:
    """Say what the means, the intervals and the probabilities of a summary are.

    Parameters
    ----------
    numbers : DataFrame
        From `summary`.
    say : mapping of str to str

    Returns
    -------
    list of str
    """
    unit = str(numbers.attrs.get("outcome_unit", ""))
    scale = say["in_units"].format(unit) if unit else say["in_outcome_units"]
    prob, kind = float(numbers.attrs["probability"]), str(numbers.attrs["kind"])
    return [
        say["note_mean"].format(scale),
        say[f"note_interval_{kind}"].format(percent(prob)),
        say["note_p"],
    ]


def stacked_notes(numbers: pd.DataFrame, spread: str, say: Mapping[str, str]) -> list[str]:
    """Say what estimates and what stands beneath them are.

    Parameters
    ----------
    numbers : DataFrame
        From `summary`.
    spread : {"interval", "sd"}
    say : mapping of str to str

    Returns
    -------
    list of str
    """
    unit = str(numbers.attrs.get("outcome_unit", ""))
    scale = say["in_units"].format(unit) if unit else say["in_outcome_units"]
    beneath = say["note_parentheses"]
    if spread == "interval":
        prob, kind = float(numbers.attrs["probability"]), str(numbers.attrs["kind"])
        beneath = say["note_brackets"].format(percent(prob), say[kind])
    return [say["note_estimates"].format(scale), beneath, say["note_p"]]
