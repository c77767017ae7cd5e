"""Estimate the average effect under other error structures than that of the fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import xarray as xr

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.model._clusters import Clusters
from bayes_nqp.checks.shared import Alternative, Lasting, compared, comparison, shared_for
from bayes_nqp.inference.fitting import Fit, error_draws, panel_of
from bayes_nqp.model.designs import Noise

WIDER, MOVED = 1.1, 0.5
"""Ratio of posterior SDs with and without shared shocks, and shift in SDs, that count."""


def error_alternatives(fit: Fit) -> list[Alternative]:
    """Return other error structures, simpler ones first; none for panels with precision weights.

    Precision weights require independent errors. Independent errors overstate the precision of
    correlated observations: they are shown for comparison and do not count.
    """
    if panel_of(fit).weights is not None:
        return []
    noise = fit.facts.noise
    return [
        Alternative(
            structure_label(errors),
            Message("errors"),
            fit.variant(errors=errors),
            counts=errors.correlated,
        )
        for errors in (*noise.poorer, *noise.richer)
    ]


def structure_label(errors: Noise) -> str:
    """Return the name of a specification with these errors."""
    return errors.phrase()


def error_means(fit: Fit) -> dict[str, float]:
    """Return posterior means of the error parameters of the outcome, without sigma."""
    *parameters, _ = error_draws(fit).items()
    return {name: float(draws.mean()) for name, draws in parameters}


@dataclass(frozen=True, slots=True, eq=False)
class AlternativeErrors:
    """Average effect under structures that include the fit's error structure as a special case.

    Parameters
    ----------
    kind : str
        Kind of the evidence.
    wider, moved : float
        Largest posterior SD under richer errors, and largest shift of the estimate, in multiples of
        the SD of the fit; NaN if there is no richer structure.
    richer : Noise, optional
        Structure with the largest SD, or with the largest shift if this exceeds one posterior SD.
    lasting : mapping of str to Lasting
        Evidence of persistent shocks shared by the units of a cluster, by name of the cluster.
    shared : mapping of str to (float, float)
        Relative SD and shift with these shocks, if there is evidence of them.
    """

    kind: str
    evidence: xr.Dataset
    wider: float = np.nan
    moved: float = np.nan
    richer: Noise | None = None
    lasting: Mapping[str, Lasting] = field(default_factory=dict)
    shared: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def together(self) -> tuple[str, ...]:
        """Clusters with shared shocks on which the uncertainty of the average effect depends."""
        return tuple(
            name for name, (wider, moved) in self.shared.items() if wider > WIDER or moved > MOVED
        )


def rests_on(before: Array, after: Array) -> bool:
    """Return True if draws of an average effect under other errors are wider or shifted."""
    sd = float(before.std())
    moved = abs(float(after.mean()) - float(before.mean())) / sd
    return float(after.std()) / sd > WIDER or moved > MOVED


def alternative_errors(fit: Fit, table: xr.Dataset, above: Sequence[Clusters]) -> AlternativeErrors:
    """Refit with richer and with simpler error structures, and with shocks shared by clusters.

    Only persistent shocks for which there is evidence are fitted.

    Parameters
    ----------
    table : Dataset
        Further evidence, which is merged.
    above : sequence of Clusters
        Clusters of several units.
    """
    if panel_of(fit).weights is not None:
        # Precision weights require independent errors.
        return AlternativeErrors("none", table)
    others, n_poorer = error_alternatives(fit), len(fit.facts.noise.poorer)
    poorer = [replace(other, counts=False) for other in others[:n_poorer]]
    lasting = shared_for(fit, _asked(fit, above))
    shocks = {
        name: Alternative(
            Message("shocks by {}", name), Message("shocks"), fit.variant(shocks=structure.shocks)
        )
        for name, structure in lasting.items()
        if structure.found
    }
    every = [*others[n_poorer:], *poorer, *shocks.values()]
    refits = compared(fit, every, Message("refitting with other error structures"))
    counts, against = refits["counts"].to_numpy(), comparison(refits)
    first = against.sd[0]
    wider, moved = against.sd / first, np.abs(against.mean - against.mean[0]) / first
    place = {str(label): k for k, label in enumerate(refits["specification"].to_numpy())}
    shared = {
        name: (float(wider[k]), float(moved[k]))
        for name, other in shocks.items()
        if (k := place.get(str(other.label))) is not None
    }
    richer = counts & (refits["change"].to_numpy() == Message("errors"))
    evidence = refits.merge(table, combine_attrs="no_conflicts")
    factors = [lasting[x].value if x in lasting else np.nan for x in table["cluster"].to_numpy()]
    evidence = evidence.assign(log_bayes_factor=("cluster", factors))
    if not richer.any():
        return AlternativeErrors("specifications", evidence, lasting=lasting, shared=shared)
    widest, farthest = wider[richer].argmax(), moved[richer].argmax()
    chosen = farthest if moved[richer].max() > 1 else widest
    label = refits["specification"].to_numpy()[richer][chosen]
    return AlternativeErrors(
        "specifications", evidence, float(wider[richer].max()), float(moved[richer].max()),
        next(x for x in fit.facts.noise.richer if structure_label(x) == label), lasting, shared,
    )  # fmt: skip


def _asked(fit: Fit, above: Sequence[Clusters]) -> dict[str, Index]:
    """Return the clusters whose shocks are tested: those of the design, if it has shocks."""
    shared = fit.facts.shared_by
    return {x.name: x.codes for x in above if not shared or x.name in shared}
