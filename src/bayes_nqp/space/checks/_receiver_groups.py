"""Groups of units that may have other spillover effects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core.arrays import Array
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.model.predictors import Linked
from bayes_nqp.space.terms import SpatialLag

ADOPTED: Final = "treated"
ALL: Final = "untreated"
SHARE: Final = "part of links in force"
LINKS: Final = "number of links"
_LESS: Final = ("less", "more")
_FEW_LINKS: Final = ("few", "many")
LAST: Final = (ADOPTED, _LESS[1], _FEW_LINKS[1])
"""Levels that are compared with the other level of their factor."""
_UNEVEN: Final = 1.5
"""Ratio of mean links of units with many and with few links from which both are compared."""


def groups_of(fit: Fit) -> Iterator[tuple[str, npt.NDArray[np.str_]]]:
    """Yield the factors with a common spillover coefficient, with the level of every observation.

    For a policy, three further factors: treated and untreated units; observations with a share of
    treated links above that of half of the exposed ones; and units with as many links as half of
    the units, or more.
    """
    panel = fit.rows
    for name in schema.factors(fit.effects):
        if name in panel.strata_codes and name not in term_of(fit).receivers:
            labels = np.asarray(panel.levels[name]).astype(str)
            yield name, labels[panel.strata_codes[name]][panel.unit_codes]
    if fit.facts.adopted:
        yield ADOPTED, np.where(treatment_of(fit) > 0.0, ADOPTED, ALL)
        yield SHARE, np.array(_LESS)[(_share(fit) > middle(fit)) * 1]
        links = np.diff(_links(fit).indptr)
        many = links > np.median(links)
        if many.any() and links[many].mean() >= _UNEVEN * links[~many].mean():
            yield LINKS, np.array(_FEW_LINKS)[many * 1][panel.unit_codes]


def _links(fit: Fit) -> sparse.csr_array:
    """Return W of the units of a fit."""
    return sparse.csr_array(term_of(fit).weights.aligned(fit.rows.unit_labels).matrix)


def _share(fit: Fit) -> Array:
    """Return the treated share of the unit's links, by observation; zero for islands."""
    total = np.asarray(_links(fit).sum(axis=1)).ravel()[fit.rows.unit_codes]
    return np.divide(near_of(fit), total, out=np.zeros(total.size), where=total > 0.0)


def middle(fit: Fit) -> float:
    """Return a cut of the treated shares between their median and the next value."""
    share = _share(fit)
    values = np.unique(share[share > 0.0].round(9))
    if values.size < 2:
        return 0.5
    at = int(np.searchsorted(values, np.median(share[share > 0.0]).round(9)))
    at = min(at, values.size - 2)
    return float(values[at : at + 2].mean())


def treatment_of(fit: Fit) -> Array:
    """Return treatment, or exposure, of every observation."""
    exposure = fit.model_frame.exposure
    return fit.model_frame.codes.treated.astype(np.float64) if exposure is None else exposure.values


def term_of(fit: Fit) -> SpatialLag:
    """Return the spatial lag of the design."""
    (term,) = (x for x in fit.facts.terms if isinstance(x, SpatialLag))
    return term


def near_of(fit: Fit) -> Array:
    """Return ``W D`` of every observation."""
    linked = fit.model_frame.model.equations[0].linked
    if linked is not None and linked.treated:
        return np.asarray(sum(linked.treated.values()))
    weights = term_of(fit).weights.aligned(fit.rows.unit_labels)
    return Linked(weights.matrix, fit.rows)(treatment_of(fit))
