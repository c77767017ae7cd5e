"""A fingerprint of a panel's content."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp.columns import Floats

if TYPE_CHECKING:
    from bayes_nqp.panel._panel import Panel


def digest(panel: Panel) -> str:
    """Hash what is in roles, with units in the order of their names."""
    order = np.argsort(panel.unit_labels, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(panel.n_units)
    named = bool((order == rank).all() and (np.diff(order) == 1).all())
    rows = slice(None) if named else np.argsort(rank[panel.unit_codes], kind="stable")
    texts: list[object] = [
        panel.roles.named(),
        panel.unit_labels[order].tolist(),
        [str(label) for label in panel.time_labels],
        [panel.levels[f][panel.strata_codes[f][order]].tolist() for f in panel.roles.strata],
    ]
    seal = hashlib.sha256(repr(texts).encode("utf-8"))
    for codes in (panel.cohort_codes[order], rank[panel.unit_codes][rows], panel.time_codes[rows]):
        seal.update(np.ascontiguousarray(codes, dtype="<i8"))
    weights = () if panel.weights is None else (panel.weights,)
    matrices = (panel.covariates, panel.mediators, panel.moderators, panel.exposures)
    for values in (panel.outcome, *matrices, *weights):
        if values.size:
            seal.update(_canonical(values[rows]))
    return seal.hexdigest()


def _canonical(values: Floats) -> Floats:
    """Give every zero one sign and every NaN one bit pattern."""
    out = np.ascontiguousarray(values + 0.0, dtype="<f8")
    out[np.isnan(out)] = np.nan
    return out
