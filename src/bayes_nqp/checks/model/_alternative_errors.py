"""The effect under other error structures than the fit's own."""

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
"""Posterior sd under shared shocks over the fit's own, and shift in it, from which these matter."""


def error_alternatives(fit: Fit) -> list[Alternative]:
    """Other error structures, poorer ones first; none where weights go with independent errors.

    Independent errors overstate what correlated rows know: shown beside, not held against.
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
    """Name of a specification with these errors."""
    return errors.phrase()


def error_means(fit: Fit) -> dict[str, float]:
    """Posterior means of the parameters of the outcome's error structure, sigma apart."""
    *parameters, _ = error_draws(fit).items()
    return {name: float(draws.mean()) for name, draws in parameters}


@dataclass(frozen=True, slots=True, eq=False)
class AlternativeErrors:
    """The effect under structures that hold the fit's own as a special case.

    Parameters
    ----------
    kind : str
        Of the evidence.
    wider, moved : float
        Largest posterior sd under richer errors, and largest shift of the estimate, relative to the
        fit's own sd; NaN where there is none.
    richer : Noise, optional
        The one that widens the effect most, or moves it by more than a posterior sd.
    lasting : mapping of str to Lasting
        Evidence that units of a cluster share shocks, by the cluster's name.
    shared : mapping of str to (float, float)
        Sd and shift under these, where there is evidence.
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
        """Clusters with shared shocks that the average effect's uncertainty answers to."""
        return tuple(
            name for name, (wider, moved) in self.shared.items() if wider > WIDER or moved > MOVED
        )


def rests_on(before: Array, after: Array) -> bool:
    """Whether draws of an average effect under other errors are wider or elsewhere by enough."""
    sd = float(before.std())
    moved = abs(float(after.mean()) - float(before.mean())) / sd
    return float(after.std()) / sd > WIDER or moved > MOVED


def alternative_errors(fit: Fit, table: xr.Dataset, above: Sequence[Clusters]) -> AlternativeErrors:
    """Refit with richer and with poorer error structures, and with shocks that clusters share.

    Shocks are those that last, of clusters for which there is evidence of them.

    Parameters
    ----------
    table : Dataset
        What else is evidence.
    above : sequence of Clusters
        Above units.
    """
    if panel_of(fit).weights is not None:
        # Precision weights go with independent errors only.
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
    """Clusters whose shocks the design may lack: those of its own shocks, where it has some."""
    shared = fit.facts.shared_by
    return {x.name: x.codes for x in above if not shared or x.name in shared}
