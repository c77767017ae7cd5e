"""Mediation in a single cross-section."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import xarray as xr
from annotated_types import Ge

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.limits import afford
from bayes_nqp._core.software import versions
from bayes_nqp._core.templates import FactSheet
from bayes_nqp._core.types import Seed
from bayes_nqp._core.validation import door
from bayes_nqp.data.panel import CrossSection, cross_section
from bayes_nqp.inference.fitting._cross_section import Equations, Numbers, equations_of
from bayes_nqp.model.priors import Priors
from bayes_nqp.numerics.diagnostics import ConvergenceDiagnostics, convergence


@door
@dataclass(frozen=True, eq=False, repr=False)
class Mediated(FactSheet):
    """Direct and indirect effects in a cross-section: posterior draws with their provenance.

    Every estimand takes it in place of a fit: ``nqp.nie(found)``, ``nqp.nde(found, by=...)``.

    Parameters
    ----------
    change : tuple of two floats, treatment units
        The effects are those of changing treatment from the first value to the second.
    posterior : Dataset
        ``<mediator>__cell_effect`` (chain, draw, cell): effect of the change on a mediator (a);
        ``outcome__b`` (chain, draw, outcome__stratum, mediator): slope of the outcome (b), and
        ``outcome__d``, its interaction with treatment; ``outcome__cell_effect``: direct effect at
        mean mediators; ``<name>__sigma``: standard deviations of errors; ``mediator_covariance``
        (chain, draw, mediator, other_mediator): of the mediators' errors.
    effects : Dataset
        The effects dataset: paths total, direct and every mediator, adding up in every draw; a cell
        for each stratum.
    gate : ConvergenceDiagnostics
        Diagnostics of the draws. They are independent, so it fails only if they are too few.
    facts : mapping of str to float
        Observations, seed, and the variance of the outcome and of every mediator.
    versions : mapping of str to str
        Versions of the packages that made it.
    notes : tuple of str
        Observations that were dropped, with the reason.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> frame = nqp.simulation.channels(units=60, periods=4, cohorts=(2,), seed=1).panel.frame
    >>> frame["zone"] = (frame["time"] >= frame["cohort"]).astype(float)
    >>> found = nqp.mediate(
    ...     frame[frame["time"] == frame["time"].max()],
    ...     outcome="outcome", treatment="zone", mediators="digital", seed=1,
    ... )
    >>> found.mediators
    ('digital',)
    """

    outcome: str
    treatment: str
    mediators: tuple[str, ...]
    change: tuple[float, float]
    interaction: bool
    posterior: xr.Dataset
    effects: xr.Dataset
    gate: ConvergenceDiagnostics
    facts: Mapping[str, float]
    versions: Mapping[str, str]
    notes: tuple[str, ...] = ()

    def _facts(self) -> list[tuple[str, str]]:
        sizes = self.effects.sizes
        cells = sizes[v.CELL]
        lines = [
            ("outcome", self.outcome),
            ("treatment", f"{self.treatment}, {self.change[0]:g} → {self.change[1]:g}"),
            ("mediators", ", ".join(self.mediators) + " × treatment" * self.interaction),
            ("rows", f"{self.facts['rows']:,.0f}" + f", in {cells} strata" * (cells > 1)),
            ("draws", f"{sizes[v.CHAIN]} × {sizes[v.DRAW]}, independent"),
            ("convergence", str(self.gate)),
        ]
        return lines + [("note", note) for note in self.notes]


@door
def mediate(
    data: pd.DataFrame | str | Path,
    *,
    outcome: str,
    treatment: str,
    mediators: str | Iterable[str],
    covariates: str | Iterable[str] = (),
    strata: str | Iterable[str] = (),
    interaction: bool = False,
    change: tuple[float, float] | None = None,
    pooled: bool = True,
    priors: Priors | None = None,
    draws: Annotated[int, Ge(1)] = 1000,
    chains: Annotated[int, Ge(1)] = 4,
    seed: Seed = 0,
) -> Mediated:
    """Decompose the effect of a treatment in a cross-section into direct and indirect effects.

    The equations are linear with iid Gaussian errors; ``s`` is the observation's stratum::

        M_j = alpha_s + x'gamma + a_js t + error_j
        y   = alpha_s + x'beta + tau_s t + sum_j (b_js + d_js t) M_j + error

    where ``t`` runs from 0 to 1 as treatment makes the named change, and ``d`` is present only
    with an interaction. The indirect effect through a mediator is ``a (b + d)``. The direct effect
    is ``tau`` plus ``d`` times the mediators' level before the change, averaged over the
    observations. Their sum is the total effect in every draw. The mediators' errors may be
    correlated. Draws are exact and independent: there is no Markov chain to converge.

    The effects are causal if, given the covariates, treatment is as good as random and no
    unmeasured cause affects both a mediator and the outcome. `mediation_sensitivity` computes how
    strong such a cause would have to be. With several mediators their sum is the joint indirect
    effect; the indirect effect through a single one is causal only if mediators do not affect one
    another.

    Parameters
    ----------
    data : DataFrame, str or Path
        One row per unit, or the file that contains them. Rows with a missing value are dropped, and
        counted in the notes.
    outcome, treatment : str
        Numeric columns; treatment binary or continuous.
    mediators : str or sequence of str
        Numeric columns.
    covariates : str or sequence of str, default ()
        Numeric columns, measured before treatment; flat slopes in every equation.
    strata : str or sequence of str, default ()
        Grouping columns. Intercepts, a, b, d and tau vary by their combinations.
    interaction : bool, default False
        If True, treatment also changes the slopes of mediators.
    change : tuple of two floats, optional, treatment units
        From, to. By default from the lower to the higher value of a binary treatment; required for
        a continuous treatment.
    pooled : bool, default True
        If True, a, b, d and tau of strata are partially pooled around a flat mean, with a fixed
        prior on the differences between them; otherwise each is flat.
    priors : Priors, optional
        `contrast` and `sigma` apply, in multiples of each equation's residual standard deviation.

    Returns
    -------
    Mediated
        For use with every estimand.

    Raises
    ------
    PanelError
        If the data are malformed.
    IdentificationError
        If columns are collinear, or treatment does not vary in a stratum.
    StudyError
        If an argument is not one of those above.

    References
    ----------
    Imai, K., Keele, L. and Yamamoto, T. (2010). Identification, inference and sensitivity
    analysis for causal mediation effects. Statistical Science 25(1). VanderWeele, T. (2015).
    Explanation in Causal Inference. Oxford University Press, chapter 2.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> import bayes_nqp as nqp
    >>> rng = np.random.default_rng(1)
    >>> treat = rng.integers(0, 2, 2000)
    >>> skill = 1.0 * treat + rng.normal(size=2000)
    >>> wage = 0.5 * treat + 0.8 * skill + rng.normal(size=2000)
    >>> frame = pd.DataFrame({"treat": treat, "skill": skill, "wage": wage})
    >>> found = nqp.mediate(frame, outcome="wage", treatment="treat", mediators="skill")
    >>> round(float(nqp.nie(found, mediators="skill").mean()), 1)
    0.8
    >>> nqp.summary({"direct": nqp.nde(found), "total": nqp.total(found)})["mean"].round(1).tolist()
    [0.5, 1.3]
    """
    afford(1_000.0 * draws * chains, f"'draws': {draws:,} in {chains:,} chains", "fewer of them")
    rows = cross_section(
        data, outcome=outcome, treatment=treatment, mediators=mediators,
        covariates=covariates, strata=strata,
    )  # fmt: skip
    moved = _change(rows, change)
    equations = equations_of(rows, moved, interaction, pooled, priors or Priors())
    parts = equations.draw(draws * chains, np.random.default_rng(seed))
    posterior = _posterior(rows, parts, chains, interaction)
    effect = _paths(equations, parts, interaction).reshape(chains, draws, -1, parts.a.shape[2])
    gate = convergence({"sigma": parts.sigma.reshape(chains, draws), "effect": effect}, {})
    return Mediated(
        outcome, treatment, rows.names["mediators"], moved, interaction, posterior,
        _effects_dataset(rows, effect, str(gate)), gate,
        {
            "rows": float(rows.outcome.size),
            "seed": float(seed),
            "outcome__variance": float(rows.outcome.var(ddof=1)),
            **{
                f"{name}__variance": float(rows.mediators[:, k].var(ddof=1))
                for k, name in enumerate(rows.names["mediators"])
            },
        },
        versions(), rows.notes,
    )  # fmt: skip


def _change(rows: CrossSection, change: tuple[float, float] | None) -> tuple[float, float]:
    """From where to where treatment is moved."""
    name, values = rows.names["treatment"][0], np.unique(rows.treatment)
    if change is None:
        if values.size == 2:
            return float(values[0]), float(values[1])
        low, high = np.quantile(rows.treatment, [0.25, 0.75])
        raise StudyError(
            f"treatment={name!r} takes {values.size} values, so the change to be judged must be "
            "named",
            hint=f"change=({low:g}, {high:g}), its quartiles",
        )
    try:
        start, end = (float(x) for x in change)
    except (TypeError, ValueError):
        start, end = np.nan, np.nan
    if not np.isfinite([start, end]).all() or start == end:
        raise StudyError(f"'change' is {change!r}", hint="two different numbers, change=(0, 1)")
    return start, end


def _paths(equations: Equations, draws: Numbers, interaction: bool) -> Array:
    """Effects (draw, path, stratum) of the rows at hand; total first."""
    direct, slope = draws.tau.copy(), draws.b
    if interaction:
        before = equations.level - draws.a * equations.share - equations.centre[:, None]
        direct += np.sum(draws.d * before, axis=1)
        slope = slope + draws.d
    via = draws.a * slope
    total = direct + via.sum(axis=1)
    return np.concatenate([total[:, None], direct[:, None], via], axis=1)


def _posterior(rows: CrossSection, draws: Numbers, chains: int, interaction: bool) -> xr.Dataset:
    names = rows.names["mediators"]

    def shaped(flat: Array) -> Array:
        return flat.reshape(chains, -1, *flat.shape[1:])

    by_cell = (*v.SAMPLE_DIMS, v.CELL)
    slopes = (*v.SAMPLE_DIMS, "outcome__stratum", v.MEDIATOR)
    data = {
        "outcome__b": (slopes, shaped(draws.b.transpose(0, 2, 1))),
        "outcome__cell_effect": (by_cell, shaped(draws.tau)),
        "outcome__sigma": (v.SAMPLE_DIMS, shaped(draws.sigma)),
        "mediator_covariance": (
            (*v.SAMPLE_DIMS, v.MEDIATOR, "other_mediator"), shaped(draws.covariance)
        ),
    }  # fmt: skip
    if interaction:
        data["outcome__d"] = (slopes, shaped(draws.d.transpose(0, 2, 1)))
    for k, name in enumerate(names):
        data[f"{name}__cell_effect"] = (by_cell, shaped(draws.a[:, k]))
        data[f"{name}__sigma"] = (v.SAMPLE_DIMS, shaped(np.sqrt(draws.covariance[:, k, k])))
    return xr.Dataset(
        data,
        coords={
            v.CHAIN: np.arange(chains),
            v.DRAW: np.arange(draws.sigma.size // chains),
            v.CELL: np.arange(draws.tau.shape[1]),
            v.MEDIATOR: np.asarray(names, dtype=str),
            "other_mediator": np.asarray(names, dtype=str),
            "outcome__stratum": np.asarray(rows.stratum_names, dtype=str),
        },
    )


def _effects_dataset(rows: CrossSection, effect: Array, gate: str) -> xr.Dataset:
    count = np.bincount(rows.stratum)
    zero = np.zeros(count.size, dtype=np.int64)
    return schema.build(
        effect, strata=rows.levels, cohort=zero, time=zero, event_time=zero,
        rows=count, units=count, paths=(v.TOTAL, v.DIRECT, *rows.names["mediators"]), gate=gate,
        attrs={"target": "sample", "outcome": rows.names["outcome"][0]},
    )  # fmt: skip
