"""Refits: the same panel under another design, fitted once and reused by all checks."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from bayes_nqp._core.exceptions import NotApplicable, StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.io import named
from bayes_nqp.inference.fitting._batch import Numbers
from bayes_nqp.inference.fitting._fit import Fit, fit, fit_again
from bayes_nqp.inference.fitting._fit_index import pooled_over
from bayes_nqp.inference.fitting._needs import REFITS, ROWS, require
from bayes_nqp.inference.fitting._quick_effects import quick_effects
from bayes_nqp.inference.fitting._reused_draws import reused_draws
from bayes_nqp.inference.fitting._store import Store, fit_key, fits_of, forget, keep, once, store_of
from bayes_nqp.model.designs import lead_design
from bayes_nqp.numerics.sampling import Importance

if TYPE_CHECKING:
    import xarray as xr

    from bayes_nqp.data.panel import Panel
    from bayes_nqp.model.designs import Design


_NUMBERS: Final = "numbers"
_PROPOSALS: Final = 1_000
"""Proposals of a refit: the results of checks depend little on its few parameters."""
OUTCOME_ALONE: Final = "outcome_alone"
"""Fact of a fit of the outcome alone that replaces a mediation fit: its observations."""


def identity(fitted: Fit) -> tuple[object, ...]:
    """Return the key of a fit: its draws, and the observations, design and sampler behind them."""
    parts = (fitted.design, fitted.sampler, dict(fitted.record))
    make = partial(fit_key, panel_of(fitted), fitted.digest, *parts)
    return once(fitted, "identity", make)


def numbers_of(fitted: Fit) -> MutableMapping[str, Numbers]:
    """Return the mapping in which a fit stores the results of its batches.

    It is the argument ``store`` of `batch`.
    """

    def make() -> MutableMapping[str, Numbers]:
        store = store_of(fitted)
        numbers = None if store is None else store.numbers((_NUMBERS, *identity(fitted)))
        return {} if numbers is None else numbers

    return once(fitted, _NUMBERS, make)


def keep_in(fitted: Fit, folder: str | Path) -> None:
    """Store refits and checks of a fit, and of its refits, in a folder from now on.

    Results of batches that the fit already has are stored there, too.

    Raises
    ------
    StudyError
        If the folder cannot be used.
    """
    store = Store(named(folder, "store"))
    if store.fault:
        raise StudyError(store.fault, hint="another folder")
    if not store.keeps:
        raise StudyError(
            "'store' cannot keep results that use a class not defined in a file",
            hint="define the class in a module, or leave 'store' out",
        )
    for each in fits_of(fitted):
        numbers = forget(each, _NUMBERS)
        keep(each, store)
        if isinstance(numbers, Mapping):
            numbers_of(each).update(numbers)


def panel_of(fitted: Fit) -> Panel:
    """Return a fit's panel; raise `NotApplicable` if it was saved without its observations."""
    require(fitted, ROWS)
    return cast("Panel", fitted.panel)


def refit(fitted: Fit, design: Design, panel: Panel | None = None) -> Fit:
    """Fit another design, or another panel, with as many draws or more.

    Parameters
    ----------
    fitted : Fit
        The fit; it stores the refit in memory. Parameters of equations that both have in common are
        reused.
    panel : Panel, optional
        The fit's own by default.

    Raises
    ------
    IdentificationError
        If the panel does not identify an effect of the design.
    NotApplicable
        If the fit has no panel, or a likelihood without sufficient statistics.
    """
    rows = panel_of(fitted)
    panel = rows if panel is None else panel
    if design == fitted.design and panel.digest == rows.digest:
        return fitted
    require(fitted, REFITS)
    return _refit(fitted, design, panel)


def refit_alike(fitted: Fit, design: Design) -> Fit:
    """Fit another design as the fit was fitted: same panel, sampler, seed and scale of priors.

    Parameters
    ----------
    fitted : Fit
        The fit; it stores the refit in memory.

    Raises
    ------
    IdentificationError
        If the panel does not identify an effect of the design.
    NotApplicable
        If the fit has no panel.
    """
    panel = panel_of(fitted)

    def draw() -> Fit:
        return fit(design, panel, fitted.sampler, scale=fitted.scale, progress=False)

    def make() -> Fit:
        store = store_of(fitted)
        if store is None:
            return draw()
        return store.fit(draw, panel, design, fitted.sampler, "alike", fitted.scale)

    return once(fitted, ("alike", design, panel.digest), make)


def _refit(fitted: Fit, design: Design, panel: Panel) -> Fit:
    """Refit by importance sampling, with the fit's draws and seed and half of its proposals."""
    first = fitted.sampler
    sampler = Importance(first.draws, first.chains, proposals=_PROPOSALS, seed=first.seed)

    def draw() -> Fit:
        return fit_again(design, panel, sampler, reused_draws(fitted))

    def make() -> Fit:
        store = store_of(fitted)
        if store is None:
            return draw()
        return store.fit(draw, panel, design, sampler, "refit", *identity(fitted))

    return once(fitted, ("fit", design, panel.digest), make)


def short_refit(fitted: Fit, design: Design, panel: Panel | None = None) -> xr.Dataset:
    """Draw effects under another design, or on another panel, by a short run of the sampler.

    Parameters
    ----------
    fitted : Fit
        The fit; it stores the effects in memory. Parameters of equations that both have in common
        are reused.
    panel : Panel, optional
        The fit's own by default.

    Returns
    -------
    Dataset
        An effects dataset; see `quick_effects`.

    Raises
    ------
    IdentificationError
        If the panel does not identify an effect of the design.
    NotApplicable
        If the fit has no panel, or a likelihood without sufficient statistics.
    """
    rows = panel_of(fitted) if panel is None else panel
    require(fitted, REFITS)
    seed = int(fitted.sampler.seed or 0)

    def draw() -> xr.Dataset:
        return quick_effects(design, rows, seed=seed, stock=reused_draws(fitted))

    def make() -> xr.Dataset:
        store = store_of(fitted)
        if store is None:
            return draw()
        return store.effects(draw, rows, design, "short", *identity(fitted))

    return once(fitted, ("effects", design, rows.digest), make)


def total_fit(fitted: Fit) -> Fit:
    """Fit the outcome's own design to the observations of a mediation fit, for total effects."""
    rows = fitted.rows
    alone = refit(fitted, fitted.outcome_design, rows)
    record = {**alone.record, OUTCOME_ALONE: float(rows.n_rows)}
    key = (OUTCOME_ALONE, fitted.outcome_design, rows.digest)

    def make() -> Fit:
        total, store = replace(alone, record=record), store_of(fitted)
        return total if store is None else keep(total, store)

    return once(fitted, key, make)


def single(fitted: Fit) -> Fit:
    """Return a fit of one outcome; if draws of an index are pooled, a fit of the panel's own."""
    if not pooled_over(fitted):
        return fitted
    return _refit(fitted, fitted.design, panel_of(fitted))


def lead_fit(fitted: Fit) -> Fit:
    """Refit with flat leads and effects, and never-treated units as the only controls.

    Raises
    ------
    NotApplicable
        If no cohort is observed for two periods before adoption.
    """
    flat = refit(fitted, lead_design(fitted.outcome_design, panel_of(fitted)))
    if flat.leads is None:
        raise NotApplicable(Message("No cohort is observed for two periods before adoption."))
    return flat
