"""Estimates of the average effect under alternative specifications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import IdentificationError, NotApplicable, PanelError, StudyError
from bayes_nqp._core.i18n import Message, decoded, encoded, listed, separated
from bayes_nqp.checks.shared._labels import called, labels, reason
from bayes_nqp.data.panel import Panel
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.effects.estimands import att, convergence_of
from bayes_nqp.inference.fitting import (
    REFITS,
    SHORT,
    ExistingDraws,
    Fit,
    Numbers,
    batch,
    numbers_of,
    panel_of,
    quick_effects,
    require,
    reused_draws,
)
from bayes_nqp.model.designs import Design


@dataclass(frozen=True, slots=True, eq=False)
class Alternative:
    """An alternative specification.

    Parameters
    ----------
    label : str
        Name: a message, unless a user gave it.
    change : str
        Kind of change, likewise; groups the specifications.
    panel : Panel, optional
        Panel of the specification; by default that of the fit.
    reference : float, optional
        Estimate of the same target by the fit; its average effect by default.
    counts : bool, default True
        True if the verdict depends on it; False if it is shown for comparison only.
    fewer : bool, default False
        True if it uses fewer observations or other regressors, so that its estimate differs and its
        interval is wider even if the fit is correct. A conclusion that is lost for this reason
        alone does not count.
    widened : float, optional
        Ratio of another standard error of the same estimate to that of the model. The draws are
        then those of the fit, with their distances from the mean multiplied by it, without a refit.
    """

    label: str
    change: str
    design: Design
    panel: Panel | None = None
    reference: float | None = None
    counts: bool = True
    fewer: bool = False
    widened: float | None = None


def compared(fitted: Fit, alternatives: Sequence[Alternative], work: str) -> xr.Dataset:
    """Estimate the average effect under other specifications, by short refits.

    Parameters
    ----------
    work : str
        Name of the work for the progress bar.

    Returns
    -------
    Dataset
        ``att`` (chain, draw, specification), outcome units, over cells from adoption on. The fit
        itself is first, with the name of `called`. Coordinates by specification: ``specification``,
        ``change``, ``reference`` (estimate of the same target by the fit), ``counts``, ``fewer``
        and ``gate_of``. Specifications that could not be fitted are named with the reason in the
        attr ``left_out``.

    Raises
    ------
    NotApplicable
        If the likelihood does not compress, so that refits would take too long; or if no
        specification can be fitted.
    """
    require(fitted, REFITS)
    effect, first = average_effect(fitted), called(fitted)
    refits = [x for x in alternatives if x.widened is None]
    tasks = [(other.design, other.panel or panel_of(fitted)) for other in refits]
    found = iter(refitted_averages(fitted, tasks, work))
    results = [
        (x, next(found) if x.widened is None else _widened(fitted, effect, x.widened))
        for x in alternatives
    ]
    lost = [
        Message("{}: {}", other.label, *decoded(str(numbers["reason"])))
        for other, numbers in results
        if "reason" in numbers
    ]
    results = [(other, numbers) for other, numbers in results if "reason" not in numbers]
    if not results:
        raise NotApplicable(
            Message("None of the alternative models can be estimated ({}).", listed(lost, 3))
        )
    overall, fits = float(effect.mean()), [other for other, _ in results]
    every = [Alternative(first, first, fitted.design), *fits]
    gates = [str(fitted.gate), *(str(numbers["gate"]) for _, numbers in results)]
    columns = {
        "change": np.array([other.change for other in every]),
        "reference": [overall if x.reference is None else x.reference for x in every],
        "counts": np.array([other.counts for other in every]),
        "fewer": np.array([other.fewer for other in every]),
        "gate_of": np.array(gates, dtype=str),
    }
    draws = np.stack([thinned(effect), *(numbers["att"] for _, numbers in results)], axis=-1)
    return xr.Dataset(
        {"att": ((*v.SAMPLE_DIMS, "specification"), draws)},
        coords={
            v.CHAIN: np.arange(SHORT[0]),
            v.DRAW: np.arange(SHORT[1]),
            "specification": np.array([other.label for other in every], dtype=str),
            **{name: ("specification", column) for name, column in columns.items()},
            v.GATE: next((text for text in gates if text != v.PASSED), v.PASSED),
        },
        attrs={
            **{k: x for k, x in fitted.groups["effects"].attrs.items() if k != "factors"},
            "left_out": separated(lost),
            **labels([first, *(text for x in fits for text in (x.label, x.change))]),
        },
    )


def refitted_averages(
    fitted: Fit, tasks: Sequence[tuple[Design, Panel]], work: str
) -> list[Numbers]:
    """Estimate the average effect by a short fit of each design to its panel.

    Parameters
    ----------
    fitted : Fit
        Fit that caches the numbers and provides starting values.
    work : str
        Name of the work for the progress bar.

    Returns
    -------
    list of dict
        ``att`` (chain, draw) and ``gate``; or the ``reason`` for a missing estimate.
    """
    seed, values = int(fitted.sampler.seed or 0), reused_draws(fitted).values
    keys = [f"att {design!r} {panel.digest} {seed}" for design, panel in tasks]
    named = {k: (*task, seed, values) for k, task in zip(keys, tasks, strict=True)}
    results = batch(_short_average, named, store=numbers_of(fitted), work=work)
    return [results[key] for key in keys]


def _short_average(design: Design, panel: Panel, seed: int, values: Mapping[str, float]) -> Numbers:
    try:
        effects = quick_effects(design, panel, seed=seed, stock=ExistingDraws(values=values))
    except (IdentificationError, PanelError, StudyError) as error:
        return {"reason": np.array(encoded([reason(error)]))}
    draws = att(effects).transpose(*v.SAMPLE_DIMS)
    return {"att": draws.to_numpy(), "gate": np.array(convergence_of(effects))}


def _widened(fitted: Fit, effect: xr.DataArray, ratio: float) -> Numbers:
    draws = thinned(effect)
    middle = draws.mean()
    return {"att": middle + ratio * (draws - middle), "gate": np.array(str(fitted.gate))}


def after_adoption(effects: xr.Dataset) -> xr.Dataset:
    """Return effects without unit-level effects and without cells before adoption."""
    effects = effects.drop_dims([v.MEMBER, v.MEMBERSHIP], errors="ignore")
    if not schema.is_timed(effects):
        return effects
    return effects.isel({v.CELL: effects[v.EVENT_TIME].to_numpy() >= 0})


def average_effect(fitted: Fit) -> xr.DataArray:
    """Return draws of the average effect (chain, draw), outcome units."""
    return att(group_time_effects(fitted))


def thinned(draws: xr.DataArray) -> Array:
    """Return draws evenly spaced in rank, so that all specifications have as many.

    The mean is that of all draws, so that the average effect is the same number in every table. Its
    SD, interval and probability differ from those of all draws by at most one step of rank.
    """
    flat, number = draws.to_numpy().ravel(), SHORT[0] * SHORT[1]
    ranks = ((np.arange(number) + 0.5) * flat.size / number).astype(np.int64)
    draws_at_ranks = flat[np.sort(np.argsort(flat, kind="stable")[ranks])]
    return np.asarray(draws_at_ranks + (flat.mean() - draws_at_ranks.mean())).reshape(SHORT)
