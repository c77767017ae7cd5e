"""The literature's step designs, read off one fit of channels."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.effects_schema import FitOrEffects
from bayes_nqp._core.validation import door
from bayes_nqp.effects.estimands import By, nde, path_coefficients, total
from bayes_nqp.output.tables._summary import summary

TREATMENT = "treatment"


@door
def baron_kenny(
    fit: FitOrEffects, by: By = None, prob: float = 0.95, kind: Literal["eti", "hdi"] = "eti"
) -> pd.DataFrame:
    """Tabulate the three regressions of Baron and Kenny: outcome, mediators, and both.

    All steps come from one fit on the same observations. In each draw, the effect of step 1 equals
    the effect of step 3 plus the indirect effects. The steps are not tests, and no step decides if
    the next one is made; test mediation with the indirect effect (`nie`).

    Parameters
    ----------
    fit : Fit
        Fit or effects of a ``Mediation``.
    by : str, sequence of str or mapping, optional
        As in ``att``.
    prob : float, default 0.95
        Posterior probability of intervals.
    kind : {"eti", "hdi"}, default "eti"
        Equal-tailed, or highest density.

    Returns
    -------
    DataFrame
        ``step``, ``equation`` (outcome or mediator), ``coefficient`` ("treatment", or a mediator),
        a column per dim of `by`, and the columns of ``summary``.

    Raises
    ------
    StudyError
        If `fit` is not a fit of a ``Mediation``.

    References
    ----------
    Baron, R. and Kenny, D. (1986). The moderator–mediator variable distinction. Journal of
    Personality and Social Psychology 51(6). Wen, Z. and Ye, B. (2014). Analyses of mediating
    effects: the development of methods and models. Advances in Psychological Science 22(5), in
    Chinese.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.channels(units=40, periods=8, cohorts=(4, 6), seed=1).panel
    >>> fit = nqp.fit(nqp.Mediation(), panel, nqp.Importance(seed=1), progress=False)
    >>> nqp.baron_kenny(fit).columns[:3].tolist()
    ['step', 'equation', 'coefficient']
    """
    parts = _parts(fit, by)
    return _table(parts, ("1", "2", "3"), prob, kind)


@door
def two_step_mediation(
    fit: FitOrEffects, by: By = None, prob: float = 0.95, kind: Literal["eti", "hdi"] = "eti"
) -> pd.DataFrame:
    """Tabulate two regressions: effects of treatment on the outcome and on every mediator.

    The effect of a mediator on the outcome is left to theory, as Jiang (2022) recommends if it is
    not identified: the table contains no indirect effect.

    Parameters
    ----------
    fit : Fit
        Fit or effects of a ``Mediation``.
    by : str, sequence of str or mapping, optional
        As in ``att``.
    prob : float, default 0.95
        Posterior probability of intervals.
    kind : {"eti", "hdi"}, default "eti"
        Equal-tailed, or highest density.

    Returns
    -------
    DataFrame
        As `baron_kenny`, without the third step.

    Raises
    ------
    StudyError
        If `fit` is not a fit of a ``Mediation``.

    References
    ----------
    Jiang, T. (2022). Mediating effects and moderating effects in causal inference. China
    Industrial Economics 2022(5), in Chinese.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.channels(units=40, periods=8, cohorts=(4, 6), seed=1).panel
    >>> fit = nqp.fit(nqp.Mediation(), panel, nqp.Importance(seed=1), progress=False)
    >>> nqp.two_step_mediation(fit).columns[:3].tolist()
    ['step', 'equation', 'coefficient']
    """
    return _table(_parts(fit, by), ("1", "2"), prob, kind)


def _parts(fit: FitOrEffects, by: By) -> list[tuple[str, str, str, xr.DataArray]]:
    """Step, equation, coefficient and draws, in the order of the table."""
    slopes = path_coefficients(fit, by)
    names = [str(name) for name in slopes[v.MEDIATOR].to_numpy()]

    def coefficient(name: str, kind: str) -> xr.DataArray:
        place = int(np.flatnonzero(slopes[v.MEDIATOR].to_numpy() == name)[0])
        return slopes[kind].isel({v.MEDIATOR: place}, drop=True)

    return [
        ("1", "outcome", TREATMENT, total(fit, by)),
        *(("2", name, TREATMENT, coefficient(name, "a")) for name in names),
        ("3", "outcome", TREATMENT, nde(fit, by)),
        *(("3", "outcome", name, coefficient(name, "b")) for name in names),
    ]


def _table(
    parts: list[tuple[str, str, str, xr.DataArray]],
    steps: tuple[str, ...],
    prob: float,
    kind: Literal["eti", "hdi"],
) -> pd.DataFrame:
    tables = []
    for step, equation, coefficient, draws in parts:
        if step not in steps:
            continue
        table = summary(draws, prob, kind)
        table.insert(0, "coefficient", coefficient)
        table.insert(0, "equation", equation)
        table.insert(0, "step", int(step))
        tables.append(table)
    steps_table = pd.concat(tables, ignore_index=True)
    steps_table.attrs.update(kind=kind, probability=prob)
    return steps_table
