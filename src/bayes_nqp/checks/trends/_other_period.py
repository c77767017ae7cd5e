"""Exposure of another period beside today's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayes_nqp.checks.shared import beside, shifted
from bayes_nqp.estimands import att
from bayes_nqp.fitting import Fit, covariate_slopes, panel_of, refit


@dataclass(frozen=True, slots=True, eq=False)
class OtherPeriod:
    """What exposure of another period does beside today's, on rows that have one."""

    table: pd.DataFrame
    rows: int
    refit: Fit


def other_period(fit: Fit, periods: int, label: str) -> OtherPeriod:
    """Refit with the exposure so many periods later (before, below zero) as a covariate."""
    panel, name = panel_of(fit), str(fit.facts.exposure)
    covariates = fit.facts.covariates_of(panel)
    values = panel.exposures[:, panel.roles.exposures.index(name)]
    rows, (column,) = beside(panel, {label: shifted(panel, values, periods)})
    plain = refit(fit, fit.variant(covariates=covariates), rows)
    joint = refit(fit, fit.variant(covariates=(*covariates, column)), rows)
    exposure = joint.plan.exposure
    assert exposure is not None
    when = "future" if periods > 0 else "past"
    table = _table(
        {
            "effect": att(fit),
            f"effect, rows with a {when}": att(plain),
            f"effect beside {when} exposure": att(joint),
            label: covariate_slopes(joint, [column])[..., 0] * exposure.unit,
        }
    )
    return OtherPeriod(table, rows.n_rows, joint)


def _table(draws: dict[str, npt.ArrayLike]) -> pd.DataFrame:
    rows = []
    for name, values in draws.items():
        flat = np.asarray(values).ravel()
        low, high = np.quantile(flat, (0.025, 0.975))
        rows.append((name, flat.mean(), flat.std(), low, high, (flat > 0).mean()))
    return pd.DataFrame(rows, columns=["quantity", "mean", "sd", "lower", "upper", "p_positive"])
