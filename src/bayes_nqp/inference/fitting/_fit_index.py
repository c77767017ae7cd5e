"""Fits of an index with uncertain weights: one fit per draw of the index, pooled."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import xarray as xr
from annotated_types import Ge

from bayes_nqp._core import progress as bars
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import PanelError, StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.limits import afford
from bayes_nqp._core.threads import one_thread
from bayes_nqp._core.types import Seed
from bayes_nqp._core.validation import door
from bayes_nqp.data.index import Centrality, Index, outcome_of, rows_in
from bayes_nqp.inference.fitting._coefficients import COEFFICIENTS
from bayes_nqp.inference.fitting._fit import Fit, fit
from bayes_nqp.model.designs import Design
from bayes_nqp.numerics.diagnostics import ConvergenceDiagnostics, worst_diagnostics
from bayes_nqp.numerics.sampling import Importance, Sampler

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


_LEAST, _SHORT, _NAMED, _AN_HOUR = 50, 500, 3, 10_000
"""Minimum of draws per chain kept of each fit; draws per fit; and number of fits with failures that
messages list."""


@door
def fit_index(
    design: Design,
    panel: Panel,
    index: Index | Centrality,
    *,
    draws: Annotated[int, Ge(2)] = 20,
    sampler: Sampler | None = None,
    seed: Seed | None = None,
    progress: bool = True,
) -> Fit:
    """Fit a design to an index, and propagate the uncertainty of its weights to the effects.

    The weights are drawn by a Bayesian bootstrap over units (`Index.draws`), the design is fitted
    to the index of each draw, and the posterior draws are pooled. Intervals therefore include the
    uncertainty within an index and between indices. Draws of the index alternate along ``draw``,
    with the coordinate ``index_draw``; `index_variance` decomposes the variance of any estimand by
    it. The prior scale ``s`` is that of the index itself for all draws: weights sum to one, so that
    all draws are in the same units and one prior applies to all.

    Parameters
    ----------
    panel : Panel
        Its outcome is the index, its logarithm, or a linear function of either; every draw is
        transformed in the same way.
    index : Index or Centrality
        An index with estimated weights; or a centrality of the panel's units.
    draws : int, default 20
        Number of draws of the index.
    sampler : Importance or NUTS, optional
        Sampler of every fit; by default `Importance` with fewer draws.
    seed : int, optional
        Seed of the index's draws, and of the samplers if ``sampler`` has none. Random by default,
        and stored in ``record``.
    progress : bool, default True
        If True, show a progress bar.

    Returns
    -------
    Fit
        With about a thousand draws per chain. Its convergence diagnostics are the worst of all
        fits. ``record`` contains ``index_draws``, ``index_seed``, ``index_within`` and
        ``index_between``, the variances of the average effect. Checks use the fit of the panel's
        own outcome, because they concern the model of one outcome.

    Raises
    ------
    StudyError
        If the index's weights are not estimated, or an argument is out of range.
    PanelError
        If the outcome is not computed from the index.

    Examples
    --------
    >>> import numpy as np
    >>> import bayes_nqp as nqp
    >>> frame = nqp.simulation.staggered(seed=1).panel.frame
    >>> rng = np.random.default_rng(1)
    >>> for key in ("patents", "robots"):
    ...     frame = frame.assign(**{key: frame["outcome"] + rng.normal(size=len(frame))})
    >>> recipe = nqp.ProductivityIndex(nqp.IndexSystem.of(["patents", "robots"]))
    >>> index = recipe.build(frame, unit="unit", time="time")
    >>> panel = index.panel(cohort="cohort")
    >>> fit = nqp.fit_index(nqp.StaggeredDiD(), panel, index, draws=4, seed=1, progress=False)
    >>> fit.effects["index_draw"].to_numpy()[:5].tolist()
    [0, 1, 2, 3, 0]
    """
    _check(design, index, draws)
    rows = rows_in(index, panel)
    pooled = outcome_of(index, panel, rows)
    seed = secrets.randbits(31) if seed is None else seed
    values = index.draws(draws, seed=seed).to_numpy()[:, rows]
    with np.errstate(divide="ignore"):
        outcomes = pooled(values)
    if not np.isfinite(outcomes).all():
        raise PanelError(
            "a draw of the index is zero where the outcome is its logarithm",
            hint="take the index itself as the outcome",
        )
    base = sampler or Importance(draws=_SHORT)
    base = base if base.seed is not None else replace(base, seed=seed)
    with bars.bar(progress):
        bars.say(Message("fitting the index"), 0, draws + 1)
        first = fit(design, panel, base, progress=False)
        fits = _all(design, panel, outcomes, base, first.scale)
    keep = min(max(-(-base.draws // draws), _LEAST), base.draws)
    gate = _worst(fits)
    groups = _pooled(first, fits, keep, str(gate))
    within, between = variances(groups["effects"])
    share = between / (within + between) if within + between else 0.0
    record: dict[str, str | float] = {
        **first.record,
        "index_draws": float(draws),
        "index_seed": float(seed),
        "index_within": within,
        "index_between": between,
        "index_digest": index.digest,
    }
    note = (
        f"pooled over {draws} draws of the index's weights (outcome: {pooled}); "
        f"{100 * share:.1f} % of the variance of the average effect lies between them"
    )
    pooling = replace(base, draws=int(groups["effects"].sizes[v.DRAW]))
    return Fit(
        design,
        design.prepared(panel),
        pooling,
        groups,
        gate,
        record,
        first.versions,
        (*first.notes, note),
    )


def pooled_over(fitted: Fit) -> int:
    """Return the number of index draws over which a fit is pooled.

    Returns
    -------
    int
        0 for a fit of one outcome.
    """
    return int(float(fitted.record.get("index_draws", 0)))


def refuse_pooled(fitted: Fit) -> None:
    """Refuse a fit that is pooled over draws of an index if one outcome is required.

    Raises
    ------
    StudyError
        If it is pooled.
    """
    number = pooled_over(fitted)
    if number:
        raise StudyError(
            f"the fit is pooled over {number} draws of an index, so that its draws belong to "
            "several outcomes",
            hint="use nqp.fit(fit.design, fit.panel)",
        )


def _check(design: Design, index: Index | Centrality, draws: int) -> None:
    if isinstance(index, Index) and not index.recipe.weights.estimated:
        raise StudyError(
            f"the index has {index.recipe.weights!r}, which do not depend on data, so there is no "
            "uncertainty to propagate",
            hint="nqp.fit(design, panel)",
        )
    afford(0.0, f"'draws': {draws:,} fits", "fewer of them", hours=draws / _AN_HOUR)
    facts = design.facts
    if not facts.exact:
        _, value, hint = facts.inexact
        raise StudyError(
            f"{value!r} has no sufficient statistics, so that every draw would take too long",
            hint=hint,
        )


def _all(design: Design, panel: Panel, outcomes: Array, base: Sampler, scale: float) -> list[Fit]:
    """Fit every draw of the index, side by side."""
    fits: dict[int, Fit] = {}

    def task(number: int) -> tuple[int, Fit]:
        state = np.random.SeedSequence([int(base.seed or 0), 5, number]).generate_state(1)[0]
        sampler = replace(base, seed=int(state % (1 << 31)))
        drawn = panel.with_outcome(outcomes[number])
        return number, fit(design, drawn, sampler, scale=scale, progress=False)

    # Threads that each set this separately would undo it for one another.
    with one_thread(), ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        waiting = [pool.submit(task, number) for number in range(len(outcomes))]
        try:
            for done in as_completed(waiting):
                number, refits = done.result()
                fits[number] = refits
                bars.say(Message("fitting the index"), len(fits) + 1, len(outcomes) + 1)
        except BaseException:
            for outcome in waiting:
                outcome.cancel()
            raise
    return [fits[number] for number in range(len(outcomes))]


def _pooled(first: Fit, fits: Sequence[Fit], keep: int, gate: str) -> dict[str, xr.Dataset]:
    """Join groups; draw by draw, the indices take turns.

    Coefficients are of one outcome each, and left out.
    """
    groups = {}
    for name, group in first.groups.items():
        if name == COEFFICIENTS:
            continue
        parts = [refit.groups[name] for refit in fits]
        groups[name] = _interleaved(group, parts, keep)
        if name in ("effects", "leads"):
            groups[name] = groups[name].assign_coords({v.GATE: gate})
    return groups


def _interleaved(first: xr.Dataset, parts: Sequence[xr.Dataset], keep: int) -> xr.Dataset:
    drawn = [n for n in first.data_vars if v.DRAW in first[n].dims and all(n in p for p in parts)]
    others = first.drop_dims(v.DRAW)
    size = min(int(part.sizes[v.DRAW]) for part in parts)
    places = np.unique(np.linspace(0, size - 1, min(keep, size)).astype(np.int64))
    data: dict[Any, Any] = {}
    for name in drawn:
        dims = (v.CHAIN, v.DRAW, *(d for d in first[name].dims if d not in v.SAMPLE_DIMS))
        stacked = np.stack(
            [part[name].transpose(*dims).to_numpy()[:, places] for part in parts], axis=2
        )
        values = stacked.reshape(stacked.shape[0], -1, *stacked.shape[3:])
        order = first[name].dims
        data[name] = xr.Variable(dims, values, first[name].attrs).transpose(*order)
    length = len(places) * len(parts)
    coords = {
        v.CHAIN: first[v.CHAIN],
        v.DRAW: np.arange(length),
        v.INDEX_DRAW: (v.DRAW, np.arange(length) % len(parts)),
    }
    thinned = {k: c for k, c in first.coords.items() if v.DRAW not in c.dims}
    return others.assign_coords({**thinned, **coords}).assign(data).assign_attrs(first.attrs)


def _worst(fits: Sequence[Fit]) -> ConvergenceDiagnostics:
    gates = [fitted.gate for fitted in fits]
    worst = worst_diagnostics({str(number): gate for number, gate in enumerate(gates)})
    return replace(worst, failures=_failures(gates))


def _failures(gates: Sequence[ConvergenceDiagnostics]) -> tuple[str, ...]:
    """Name the first failure of the first few fits, and how many more there are."""
    failed = [(k, gate.failures) for k, gate in enumerate(gates) if not gate.passed]
    failures = [
        f"index draw {k}: {every[0]}" + (f" and {len(every) - 1} more" if every[1:] else "")
        for k, every in failed[:_NAMED]
    ]
    more = len(failed) - _NAMED
    return (*failures, *((f"{more} index draws more",) if more > 0 else ()))


def variances(effects: xr.Dataset) -> tuple[float, float]:
    """Variance of the average effect within and between draws of the index."""
    rows = np.where(effects[v.IDENTIFIED].to_numpy(), effects[v.ROWS].to_numpy(), 0.0)
    if v.EVENT_TIME in effects.coords:
        rows = np.where(effects[v.EVENT_TIME].to_numpy() >= 0, rows, 0.0)
    effect = effects[v.EFFECT].isel({v.PATH: 0}).transpose(v.CHAIN, v.DRAW, v.CELL).to_numpy()
    average = np.where(rows > 0, effect, 0.0) @ (rows / rows.sum())
    places = effects[v.INDEX_DRAW].to_numpy()
    groups = [average[:, places == k] for k in np.unique(places)]
    return (
        float(np.mean([np.var(group) for group in groups])),
        float(np.var([group.mean() for group in groups])),
    )
