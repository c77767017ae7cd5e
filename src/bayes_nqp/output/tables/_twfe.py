"""Two-way fixed effects regression by pyfixest, for comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.process import quiet
from bayes_nqp.inference.fitting import Fit, panel_of
from bayes_nqp.model.predictors import AFTER


@dataclass(frozen=True, slots=True, eq=False)
class TwoWayRegression:
    """Least squares coefficients with standard errors clustered by unit.

    Parameters
    ----------
    treatment : tuple of float
        Coefficient of the treatment indicator and its standard error, outcome units; missing if
        fixed effects absorb the treatment.
    controls : mapping of str to tuple of float
        The same by control.
    r2 : float
        Within R².
    """

    treatment: tuple[float, float]
    controls: dict[str, tuple[float, float]]
    r2: float


def has_pyfixest() -> bool:
    """Return True if pyfixest is installed."""
    try:
        import pyfixest  # noqa: F401
    except ImportError:
        return False
    return True


def two_way_regression(
    fit: Fit, controls: Sequence[str], time_strata: Sequence[str]
) -> TwoWayRegression:
    """Regress the outcome on treatment and controls, with the fixed effects of a fit.

    Parameters
    ----------
    controls : sequence of str
        Covariates of the panel.
    time_strata : sequence of str
        Factors with separate time effects.

    Raises
    ------
    StudyError
        If pyfixest is not installed.
    PanelError
        If units are summed up.
    """
    try:
        import pyfixest as pf
    except ImportError as error:
        raise StudyError(
            "'twfe' is True, but pyfixest is not installed",
            hint="pip install 'bayes-nqp[estimators]', or twfe=False",
        ) from error

    panel = panel_of(fit)
    panel.need_units(Message("the two-way fixed effects regression"))
    rows, unit, time = fit.model_frame.kept, panel.unit_codes, panel.time_codes
    treated = panel.treatment_path[unit, time]
    columns = {"y": panel.outcome, "treated": treated.astype(float), "unit": unit}
    # Observations after exit are no untreated observations if they have effects of their own.
    after = fit.model_frame.codes.role == AFTER
    columns |= {"after": after.astype(float)}
    policy = ["treated", "after"] if after.any() else ["treated"]
    names = {f"x{k}": name for k, name in enumerate(controls)}
    for column, name in names.items():
        columns[column] = panel.covariates[:, panel.roles.covariates.index(name)]
    levels = [panel.strata_codes[name][unit] for name in time_strata]
    columns["period"] = np.unique(np.column_stack([*levels, time]), axis=0, return_inverse=True)[1]
    weights = {} if panel.weights is None else {"weights": "w"}
    columns |= {} if panel.weights is None else {"w": panel.weights}
    frame = pd.DataFrame(columns)[rows]
    formula = f"y ~ {' + '.join([*policy, *names])} | unit + period"
    with quiet(UserWarning):  # collinear controls, which it drops
        model = pf.feols(formula, frame, vcov={"CRV1": "unit"}, fixef_rm="none", **weights)
    values, errors = model.coef(), model.se()
    pairs = {name: (float(values[name]), float(errors[name])) for name in values.index}
    coefficients = {name: pairs[column] for column, name in names.items() if column in pairs}
    absorbed = (np.nan, np.nan)
    return TwoWayRegression(pairs.get("treated", absorbed), coefficients, float(model._r2_within))
