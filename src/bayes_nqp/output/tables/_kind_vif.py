"""Variance inflation factors of a panel's explanatory variables."""

from __future__ import annotations

from typing import Final

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import PanelError
from bayes_nqp._core.i18n import Message, listed
from bayes_nqp.data.panel import Panel
from bayes_nqp.output.tables._draft import TableDraft
from bayes_nqp.output.tables._kinds import Ask, kind
from bayes_nqp.output.tables._model import Cell, Column, Table
from bayes_nqp.output.tables._parts import number, word
from bayes_nqp.output.tables._variables import labelled_variables
from bayes_nqp.robustness import Sample

_COLLINEAR: Final = 1e-10
"""``1 - R²`` below which a variable is an exact linear combination of others."""
_CONSTANT: Final = 1e-10
"""Norm of a column net of effects, relative to the column, below which it does not vary."""
_NOTE = Message(
    "VIF = 1 / (1 − R²) of the regression of each variable on all others, with {:,} observations. "
    "Net of effects: after unit and time effects are removed, as in the models."
)
_NOTE_COLLINEAR = Message(
    "∞: exact linear combinations of other variables: {}. The mean is over all others."
)
_NOTE_MEDIATORS = Message("Mediators are outcomes of the treatment and are left out.")
_NOTE_ABSORBED = Message("–: unit and time effects absorb the variable.")


@kind(Message("Variance inflation factors (VIF)"), of=("panel",), place=52)
def vif(panel: Panel, ask: Ask) -> Table:
    """Tabulate variance inflation factors of treatment, exposures, moderators and covariates.

    Mediators are left out because they are outcomes of the treatment.

    Raises
    ------
    PanelError
        If units are sums of units, no variable but the outcome exists, or fewer than three
        observations have all variables.
    """
    translate, draft = ask.translate, TableDraft(ask)
    mediators = set(panel.roles.mediators).difference(panel.roles.covariates)
    (_, *variables), mask = labelled_variables(panel, translate, mediators)
    if not variables:
        raise PanelError(
            "the panel has no explanatory variables",
            hint="covariates=[…] of nqp.Panel",
        )
    names, x = [label for label, _ in variables], np.column_stack([v for _, v in variables])
    unit, time = (
        np.unique(codes[mask], return_inverse=True)[1]
        for codes in (panel.unit_codes, panel.time_codes)
    )
    net = Sample(x[:, 0], unit, time, np.zeros_like(unit)).residual(x)
    factors = np.column_stack([inflation(x - x.mean(axis=0), x), inflation(net, x)])
    digits = 2 if ask.digits is None else ask.digits
    finite = np.where(np.isfinite(factors), factors, np.nan)
    order = np.argsort(-np.nan_to_num(factors[:, 0], nan=0.0, posinf=np.inf), kind="stable")
    for k in order:
        pooled, within = factors[k]
        share = number(1.0 / pooled, digits + 2)
        draft.row(names[k], _factor(pooled, digits), share, _factor(within, digits))
    means = [np.nan if np.isnan(column).all() else float(np.nanmean(column)) for column in finite.T]
    blank = word("")
    draft.row(
        translate("Mean VIF"), number(means[0], digits), blank, number(means[1], digits), rule=True
    )
    collinear = [names[k] for k in order if np.isinf(factors[k]).any()]
    draft.note(_NOTE, x.shape[0])
    draft.note(_NOTE_MEDIATORS, when=bool(mediators))
    draft.note(_NOTE_COLLINEAR, listed(collinear, len(collinear)), when=bool(collinear))
    draft.note(_NOTE_ABSORBED, when=bool(np.isnan(factors).any()))
    columns = (Column("VIF"), Column("1/VIF"), Column(translate("VIF, net of effects")))
    title, stub = translate("Variance inflation factors (VIF)"), translate("Variable")
    return draft.finish("vif", title, stub, columns, {"panel_digest": panel.digest})


def inflation(x: Array, raw: Array) -> Array:
    """Return ``1 / (1 - R²_j)`` of columns without means; NaN if a column does not vary.

    Parameters
    ----------
    x, raw : ndarray (row, k)
        Columns net of a constant or of effects, and as they are.
    """
    size, norm = np.linalg.norm(x, axis=0), np.linalg.norm(raw, axis=0)
    varies = size > _CONSTANT * norm
    scaled = x[:, varies] / size[varies]
    out = np.full(x.shape[1], np.nan)
    for j, k in enumerate(np.flatnonzero(varies)):
        others = np.delete(scaled, j, axis=1)
        residual = scaled[:, j] - others @ np.linalg.lstsq(others, scaled[:, j], rcond=None)[0]
        # ``1 - R²`` is the squared norm of the residual of a column of norm one.
        left = float(residual @ residual)
        out[k] = 1.0 / left if left > _COLLINEAR else np.inf
    return out


def _factor(value: float, digits: int) -> Cell:
    return word("∞") if np.isinf(value) else number(value, digits)
