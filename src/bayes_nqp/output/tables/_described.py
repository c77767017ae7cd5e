"""Notes of tables on the model, and on failed checks and diagnostics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, Translator, crossed, enumerated, listed
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
    "eti": Message("Intervals are equal-tailed {} credible intervals."),
    "hdi": Message("Intervals are {} highest-density credible intervals."),
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
            Message("{}, random effects by {}", effects, by)
            if shape.gaussian
            else Message("{}, {} random effects by {}", effects, shape.label, by)
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


def _further(fit: Fit) -> Iterator[Message]:
    """Yield the alternatives to parallel trends in the design, and its controls."""
    facts = fit.facts
    instead = {
        Message("differential trends"): facts.has("drift"),
        Message("common factors"): facts.has("factors"),
        Message("a deviation of treated units before adoption"): facts.differing,
    }
    if terms := [words for words, has in instead.items() if has]:
        yield Message("Parallel trends are not assumed; the model includes {}.", enumerated(terms))
    if shared := facts.shared_by:
        yield Message("Shocks are shared by {}.", listed(shared))
    if fit.panel is not None and (controls := facts.covariates_of(fit.panel)):
        yield Message("Controls: {}.", listed(controls, len(controls)))


def time_strata(fit: Fit) -> tuple[str, ...]:
    """Return the factors with separate time effects; without the panel, those of the design."""
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
    """Return notes on the model, on failures and on checks that require caution.

    Parameters
    ----------
    gate : str
        Verdict of the convergence diagnostics.
    """
    notes = []
    if isinstance(source, Fit):
        model = model_words(source, translate)
        time = translate("time effects: {}", model["time"])
        notes.append(
            translate("Effects: {}; errors: {}; {}.", model["effects"], model["errors"], time)
        )
        notes += [translate(note) for note in _further(source)]
    stamps = []
    if gate == v.UNVERIFIED:
        notes.append(translate("Convergence diagnostics: unverified."))
    elif gate != v.PASSED:
        stamps.append(translate("Convergence diagnostics failed: {}", why_failed(gate, translate)))
    else:
        notes.append(translate("Convergence diagnostics: {}.", _passed(source, translate)))
    for result in checks:
        if result.verdict == "failed":
            stamps.append(translate("Check failed: {}", with_figure(result, translate)))
    for note, verdict in _NOTED:
        named = [title_of(c.name) for c in checks if c.verdict == verdict]
        if named:
            many = verdict == "passed" and len(named) > _NAMED
            named_checks = Message("{} in total", len(named)) if many else listed(named, len(named))
            notes.append(translate(note, named_checks))
    return Remarks(tuple(stamps), tuple(notes))


def why_failed(gate: str, translate: Translator) -> str:
    """Return the reason why convergence diagnostics failed."""
    return translate.name(convergence_words(gate))


def with_figure(result: CheckResult, translate: Translator) -> str:
    """Append the first key figure of a check to its question."""
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
    """Return the verdict of the convergence diagnostics for a cell; True if it failed."""
    if gate in (v.PASSED, v.UNVERIFIED):
        return translate("passed" if gate == v.PASSED else "unverified"), False
    reason = why_failed(gate, translate)
    short = translate("failed")
    return translate("{}: {}", short, reason) if reason else short, True


def interval_notes(numbers: pd.DataFrame, translate: Translator) -> list[str]:
    """Return notes on the means, intervals and probabilities of a summary.

    Parameters
    ----------
    numbers : DataFrame
        Result of `summary`.
    """
    scale = _scale(numbers, translate)
    prob, kind = float(numbers.attrs["probability"]), str(numbers.attrs["kind"])
    return [
        translate("Mean, SD: posterior mean and standard deviation, {}.", scale),
        translate(_NOTE_INTERVAL[kind], percent(prob)),
        translate("P(> 0): posterior probability of a positive value."),
    ]


def stacked_notes(numbers: pd.DataFrame, spread: str, translate: Translator) -> list[str]:
    """Return notes on estimates and on the numbers below them.

    Parameters
    ----------
    numbers : DataFrame
        Result of `summary`.
    """
    scale = _scale(numbers, translate)
    beneath = translate("In parentheses: posterior SD.")
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
    """Return the unit of effects."""
    unit = schema.effect_unit(numbers.attrs)
    return translate("in {}", unit) if unit else translate("in units of the outcome")
