"""What a table says of the model behind it, and of what failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, Translator, crossed, listed
from bayes_nqp.checks import CheckResult, convergence_words, title_of
from bayes_nqp.effects.estimands import percent
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.output.tables._parts import key_of

_NAMED = 6
"""Number of passed checks up to which they are named; more are counted."""
_NOTED = (
    (Message("Caution: {}.", context="note"), "caution"),
    (Message("Inconclusive: {}."), "inconclusive"),
    (Message("Reported without a verdict: {}."), "reported"),
    (Message("Passed: {}."), "passed"),
)


_KINDS: Final = {"eti": Message("equal-tailed"), "hdi": Message("highest density")}
_NOTE_INTERVAL: Final = {
    "eti": Message("Intervals hold {} of the posterior and are equal-tailed."),
    "hdi": Message("Intervals hold {} of the posterior, of highest density."),
}


@dataclass(frozen=True, slots=True)
class Remarks:
    """Stamps and notes about the evidence."""

    stamps: tuple[str, ...]
    notes: tuple[str, ...]


def model_words(fit: Fit, translate: Translator) -> dict[str, str]:
    """Word pooling, errors and time effects of a fit's design.

    Returns
    -------
    dict of str to str
        "effects", "errors", "time".
    """
    facts = model_facts(fit, translate)
    effects = translate(fit.facts.pooling.words(facts["strata"]))
    if facts["deviations"]:
        shape, by = fit.facts.deviations, facts["deviations"]
        effects = translate(
            Message("{}, deviations by {}", effects, by)
            if shape.gaussian
            else Message("{}, {} deviations by {}", effects, shape.label, by)
        )
    return {"effects": effects, "errors": facts["errors"], "time": facts["time"]}


def model_facts(fit: Fit, translate: Translator) -> dict[str, str]:
    """Word each choice of a fit's design in a few words.

    Returns
    -------
    dict of str to str
        "pooling", "strata", "deviations", "errors", "time"; empty where there is none.
    """
    facts = fit.facts
    errors = translate.name(facts.noise.label())
    varying = facts.pooling.varying
    by = crossed(time_strata(fit))
    pooled = facts.time is not None and facts.time.pooled
    return {
        "pooling": translate(facts.pooling.label),
        "strata": translate.name(listed(strata_of(fit), 99)),
        "deviations": translate("unit") if varying == v.UNIT else varying or "",
        "errors": translate.name(facts.likelihood.words(errors)),
        "time": translate("by {}, pooled" if pooled else "by {}", by, context="time effects")
        if by
        else translate("common"),
    }


def time_strata(fit: Fit) -> tuple[str, ...]:
    """Factors with time effects of their own; without the panel, those that the design names."""
    if fit.panel is not None:
        return fit.facts.time_strata(fit.panel)
    time = fit.facts.time
    return strata_of(fit) if time is None else tuple(time.by or ())


def strata_of(fit: Fit) -> tuple[str, ...]:
    """Factors by which effects vary; without the panel, those that are named, or of the cells."""
    if fit.panel is not None:
        return fit.facts.strata(fit.panel)
    factors = fit.facts.pooling.factors
    return tuple(schema.factors(fit.effects)) if factors is None else factors


def remarks_of(
    source: object, gate: str, checks: Sequence[CheckResult], translate: Translator
) -> Remarks:
    """Say what model it is, what failed, and what is in doubt.

    Parameters
    ----------
    gate : str
        Verdict of the convergence gate.
    """
    notes = []
    if isinstance(source, Fit):
        model = model_words(source, translate)
        time = translate("time effects: {}", model["time"])
        notes.append(
            translate("Effects: {}; errors: {}; {}.", model["effects"], model["errors"], time)
        )
    stamps = []
    if gate == v.UNVERIFIED:
        notes.append(translate("Convergence gate: unverified."))
    elif gate != v.PASSED:
        stamps.append(translate("Convergence diagnostics failed: {}", why_failed(gate, translate)))
    else:
        notes.append(translate("Convergence gate: {}.", _passed(source, translate)))
    for result in checks:
        if result.verdict == "failed":
            stamps.append(translate("Check failed: {}", with_figure(result, translate)))
    for note, verdict in _NOTED:
        named = [title_of(c.name) for c in checks if c.verdict == verdict]
        if named:
            many = verdict == "passed" and len(named) > _NAMED
            named_checks = Message("{} of them", len(named)) if many else listed(named, len(named))
            notes.append(translate(note, named_checks))
    return Remarks(tuple(stamps), tuple(notes))


def why_failed(gate: str, translate: Translator) -> str:
    """Say what failed in a gate."""
    return translate.name(convergence_words(gate))


def with_figure(result: CheckResult, translate: Translator) -> str:
    """Put the number that a check says first behind its question."""
    key = key_of(translate.name(result.figure))
    return Message("{} ({})", result.question, key) if key else result.question


def _passed(source: object, translate: Translator) -> str:
    if not isinstance(source, Fit):
        return translate("passed")
    gate = source.gate
    size = min(gate.ess_bulk, gate.ess_tail)
    if gate.weighted:
        return translate(
            "passed (k-hat at most {:.2f}, at least {:,.0f} effective draws)", gate.khat, size
        )
    return translate(
        "passed (R-hat at most {:.3f}, at least {:,.0f} effective draws)", gate.rhat, size
    )


def short_convergence(gate: str, translate: Translator) -> tuple[str, bool]:
    """Word a gate's verdict in a cell, and whether it failed."""
    if gate in (v.PASSED, v.UNVERIFIED):
        return translate("passed" if gate == v.PASSED else "unverified"), False
    reason = why_failed(gate, translate)
    short = translate("failed")
    return translate("{}: {}", short, reason) if reason else short, True


def interval_notes(numbers: pd.DataFrame, translate: Translator) -> list[str]:
    """Say what the means, the intervals and the probabilities of a summary are.

    Parameters
    ----------
    numbers : DataFrame
        From `summary`.
    """
    scale = _scale(numbers, translate)
    prob, kind = float(numbers.attrs["probability"]), str(numbers.attrs["kind"])
    return [
        translate("Mean, SD: of the posterior, {}.", scale),
        translate(_NOTE_INTERVAL[kind], percent(prob)),
        translate("P(> 0): posterior probability of a positive value."),
    ]


def stacked_notes(numbers: pd.DataFrame, spread: str, translate: Translator) -> list[str]:
    """Say what estimates and what stands beneath them are.

    Parameters
    ----------
    numbers : DataFrame
        From `summary`.
    """
    scale = _scale(numbers, translate)
    beneath = translate("In parentheses: posterior sd.")
    if spread == "interval":
        prob, kind = float(numbers.attrs["probability"]), str(numbers.attrs["kind"])
        beneath = translate(
            "In brackets: {} intervals, {}.", percent(prob), translate(_KINDS[kind])
        )
    return [
        translate("Estimates: posterior means, {}.", scale),
        beneath,
        translate("P(> 0): posterior probability of a positive value."),
    ]


def _scale(numbers: pd.DataFrame, translate: Translator) -> str:
    """Say in which unit effects are."""
    unit = schema.effect_unit(numbers.attrs)
    return translate("in {}", unit) if unit else translate("in units of the outcome")
