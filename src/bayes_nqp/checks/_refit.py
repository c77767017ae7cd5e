"""Refits: the same panel under another design, once for all checks of a fit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast
from weakref import WeakKeyDictionary

from bayes_nqp import vocabulary as v
from bayes_nqp.checks._labels import AS_FITTED
from bayes_nqp.checks._needs import ADOPTION, CHANNELS, REFITS, ROWS, require
from bayes_nqp.checks._reasons import gate_words
from bayes_nqp.checks._result import DOUBT, HOLDS, Verdict
from bayes_nqp.estimands import gate_of
from bayes_nqp.fitting import Fit, Numbers, fit_again, known_draws, pooled_over, short_effects
from bayes_nqp.language import Message, joined
from bayes_nqp.sampling import Importance

if TYPE_CHECKING:
    import xarray as xr

    from bayes_nqp.designs import Design, Estimator, Mediation, StaggeredDiD
    from bayes_nqp.panel import Panel

__all__ = [
    "called",
    "cautious",
    "channels",
    "estimator",
    "gate_text",
    "numbers_of",
    "panel_of",
    "refit",
    "short_refit",
    "single",
    "staggered",
    "total_fit",
]

_FITS: WeakKeyDictionary[Fit, dict[tuple[Design, str], Fit]] = WeakKeyDictionary()
_EFFECTS: WeakKeyDictionary[Fit, dict[tuple[Design, str], xr.Dataset]] = WeakKeyDictionary()
_NUMBERS: WeakKeyDictionary[Fit, dict[str, Numbers]] = WeakKeyDictionary()


def numbers_of(fitted: Fit) -> dict[str, Numbers]:
    """Where a fit keeps the results of its batches: give it to `batch` as ``kept``."""
    return _NUMBERS.setdefault(fitted, {})


def panel_of(fitted: Fit) -> Panel:
    """Take a fit's panel.

    Raises
    ------
    NotApplicable
        If the fit was saved without its rows and read without a panel.
    """
    require(fitted, ROWS)
    return cast("Panel", fitted.panel)


def staggered(fitted: Fit) -> StaggeredDiD:
    """Take the design of a fit whose units adopt a treatment.

    Raises
    ------
    NotApplicable
        If nobody adopts anything.
    """
    require(fitted, ADOPTION)
    return cast("StaggeredDiD", fitted.design)


def estimator(fitted: Fit) -> Estimator:
    """Take the design of a fit of the outcome alone."""
    return cast("Estimator", fitted.design)


def refit(fitted: Fit, design: Design, panel: Panel | None = None) -> Fit:
    """Fit another design, or to another panel, with as many draws or more.

    Parameters
    ----------
    fitted : Fit
        Keeps the refit as long as it lives, so that checks share it.
    panel : Panel, optional
        The fit's own by default.

    Raises
    ------
    IdentificationError
        If the panel cannot identify what the design asks for.
    NotApplicable
        If the fit has no panel, or a likelihood that does not compress.
    """
    own = panel_of(fitted)
    panel = own if panel is None else panel
    if design == fitted.design and panel.digest == own.digest:
        return fitted
    require(fitted, REFITS)
    kept = _FITS.setdefault(fitted, {})
    key = (design, panel.digest)
    if key not in kept:
        kept[key] = _fitted(fitted, design, panel)
    return kept[key]


def short_refit(fitted: Fit, design: Design, panel: Panel | None = None) -> xr.Dataset:
    """Draw effects under another design, or on another panel, by a short run of the sampler.

    Parameters
    ----------
    fitted : Fit
        Keeps the effects as long as it lives; equations that it has as well keep its draws.
    panel : Panel, optional
        The fit's own by default.

    Returns
    -------
    Dataset
        Of the waist; see `short_effects`.

    Raises
    ------
    IdentificationError
        If the panel cannot identify what the design asks for.
    NotApplicable
        If the fit has no panel, or a likelihood that does not compress.
    """
    panel = panel_of(fitted) if panel is None else panel
    require(fitted, REFITS)
    kept = _EFFECTS.setdefault(fitted, {})
    key = (design, panel.digest)
    if key not in kept:
        seed = int(fitted.sampler.seed or 0)
        kept[key] = short_effects(design, panel, seed=seed, known=known_draws(fitted))
    return kept[key]


_ALONE = "outcome_alone"
"""The fact of a fit of the outcome alone that stands in for one with channels: its rows."""


def called(fitted: Fit) -> Message:
    """Name a fit beside its alternatives, so that its average effect is taken for no other's.

    Returns
    -------
    Message
        "as fitted", unless the fit stands in for one with channels, or
        has effects before adoption that are left out of the comparison.
    """
    if _ALONE in fitted.record:
        rows = int(fitted.record[_ALONE])
        return Message("outcome alone, {} rows with all mediators", rows)
    early = fitted.design.facts.anticipation > 0
    return Message("as fitted, from adoption on") if early else AS_FITTED


def total_fit(fitted: Fit) -> Fit:
    """Fit the outcome's own design to the rows of a fit with channels.

    Parameters
    ----------
    fitted : Fit
        Of a `Mediation`; keeps the refit as long as it lives.

    Returns
    -------
    Fit
        Whose effects are total effects.
    """
    design = channels(fitted)
    panel = panel_of(fitted)
    rows = design.rows(panel)
    made, kept = refit(fitted, design.design, rows), _FITS[fitted]
    key = (design.design, f"{_ALONE} {rows.digest}")
    if key not in kept:
        kept[key] = replace(made, record={**made.record, _ALONE: float(rows.n_rows)})
    return kept[key]


def single(fitted: Fit) -> Fit:
    """Take a fit of one outcome.

    Parameters
    ----------
    fitted : Fit
        One pooled over draws of an index keeps the refit as long as it lives.

    Returns
    -------
    Fit
        The same; or, where draws are pooled over several outcomes, one fitted to the panel's own.
    """
    if not pooled_over(fitted):
        return fitted
    panel = panel_of(fitted)
    kept = _FITS.setdefault(fitted, {})
    key = (fitted.design, panel.digest)
    if key not in kept:
        kept[key] = _fitted(fitted, fitted.design, panel)
    return kept[key]


def channels(fitted: Fit) -> Mediation:
    """Take the design of a fit with channels.

    Raises
    ------
    NotApplicable
        If no channels were fitted.
    """
    require(fitted, CHANNELS)
    return cast("Mediation", fitted.design)


def _fitted(fitted: Fit, design: Design, panel: Panel) -> Fit:
    """Refit with the default sampler, with the fit's draws and seed.

    Equations that the fit has as well keep its draws of their parameters.
    """
    own = fitted.sampler
    sampler = Importance(draws=own.draws, chains=own.chains, seed=own.seed)
    return fit_again(design, panel, sampler, known_draws(fitted))


def gate_text(refitted: Fit | xr.Dataset) -> str:
    """Read the convergence gate of a refit.

    Parameters
    ----------
    refitted : Fit or Dataset
        A fit, or effects of one in the form of the waist.

    Returns
    -------
    str
        "passed", or why not.
    """
    return str(refitted.gate) if isinstance(refitted, Fit) else gate_of(refitted)


def cautious(
    verdict: Verdict, sentence: Message, refitted: Fit | xr.Dataset
) -> tuple[Verdict, Message]:
    """Lower a verdict that rests on a refit which has not converged.

    Parameters
    ----------
    refitted : Fit or Dataset
        A Dataset of effects in the form of the waist carries the gate of its fit.

    Returns
    -------
    tuple of str and Message
        The verdict, at best "in doubt" if the refit's gate failed, and the sentence, which says so.
    """
    gate = gate_text(refitted)
    if gate == v.PASSED:
        return verdict, sentence
    more = Message("The refit's own convergence gate failed: {}.", gate_words(gate))
    return (DOUBT if verdict == HOLDS else verdict), joined([sentence, more])
