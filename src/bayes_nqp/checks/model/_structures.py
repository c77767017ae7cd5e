"""The effect under other error structures than the fit's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import xarray as xr

from bayes_nqp.checks.model._clusters import Clusters
from bayes_nqp.checks.shared import Alternative, compared, comparison
from bayes_nqp.designs import Noise, Term
from bayes_nqp.errors import Hint
from bayes_nqp.fitting import Fit, error_draws, panel_of
from bayes_nqp.language import Message
from bayes_nqp.registry import registered

__all__ = [
    "Structures",
    "error_alternatives",
    "error_means",
    "richest",
    "shared_shocks",
    "structures",
]

_VALUES = 600
"""Clusters × periods up to which a refit with their shocks is quick."""


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


def richest(fit: Fit) -> Hint:
    """Try the richest of the structures that hold the fit's own as a special case."""
    return Hint("errors", fit.facts.noise.richer[-1])


def error_means(fit: Fit, equation: str = "outcome") -> dict[str, float]:
    """Posterior means of the parameters of an equation's error structure, sigma apart."""
    *parameters, _ = error_draws(fit, equation).items()
    return {name: float(draws.mean()) for name, draws in parameters}


@dataclass(frozen=True, slots=True, eq=False)
class Structures:
    """The effect under structures that hold the fit's own as a special case.

    Parameters
    ----------
    kind : str
        Of the evidence.
    wider, moved : float
        Largest posterior sd under richer errors, and largest shift of the estimate, relative to the
        fit's own sd; NaN where there is none.
    shared : mapping of str to (float, float)
        The same where units of a cluster share shocks, by the cluster's name.
    """

    kind: str
    evidence: xr.Dataset
    wider: float = np.nan
    moved: float = np.nan
    shared: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def most(self) -> tuple[float, float]:
        """Largest sd and shift of all."""
        every = [(self.wider, self.moved), *self.shared.values()]
        wider, moved = (np.array(x) for x in zip(*every, strict=True))
        return float(np.nanmax(wider, initial=0.0)), float(np.nanmax(moved, initial=0.0))


def structures(fit: Fit, table: xr.Dataset, above: Sequence[Clusters]) -> Structures:
    """Refit with richer and with poorer error structures, and with shocks that clusters share.

    Parameters
    ----------
    table : Dataset
        What else is evidence.
    above : sequence of Clusters
        Above units.
    """
    if panel_of(fit).weights is not None:
        # Precision weights go with independent errors only.
        return Structures("none", table)
    others, n_poorer = error_alternatives(fit), len(fit.facts.noise.poorer)
    poorer = [replace(other, counts=False) for other in others[:n_poorer]]
    shocks = _shock_alternatives(fit, above)
    every = [*others[n_poorer:], *shocks.values(), *poorer]
    refits = compared(fit, every, Message("refitting with other errors"))
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
    if not richer.any():
        return Structures("specifications", evidence, shared=shared)
    most = float(wider[richer].max()), float(moved[richer].max())
    return Structures("specifications", evidence, *most, shared)


def _shock_alternatives(fit: Fit, above: Sequence[Clusters]) -> dict[str, Alternative]:
    """Shocks by each cluster, where the design has none and they are few enough for a refit."""
    if fit.facts.has("shocks"):
        return {}
    periods = panel_of(fit).periods
    return {
        x.name: Alternative(
            Message("shocks by {}", x.name), Message("shocks"), fit.variant(shocks=shocks)
        )
        for x in above
        if np.unique(x.codes).size * periods <= _VALUES
        and (shocks := shared_shocks(fit, x.name)) is not None
    }  # fmt: skip


def shared_shocks(fit: Fit, by: str) -> Term | None:
    """State shocks that units of a column's levels share; None where a design cannot have them."""
    kinds = registered("shocks").values() if fit.takes("shocks") else ()
    return next((kind(by) for kind in kinds), None)
