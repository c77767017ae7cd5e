"""Estimates in the format of maketables, for comparison with fits of other packages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.effects_schema import FitOrEffects
from bayes_nqp._core.validation import door
from bayes_nqp.effects.estimands import (
    By,
    att,
    by_path,
    convergence_of,
    effects_of,
    names_of,
    text,
    words,
)
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.output.tables._described import model_words
from bayes_nqp.output.tables._parts import units_by
from bayes_nqp.output.tables._summary import summary

_COLUMNS = {"mean": "b", "sd": "se", "lower": "ci95l", "upper": "ci95u"}


@dataclass(frozen=True, eq=False)
class Estimates:
    """Posterior means of one fit, as a column of ``maketables.ETable``.

    Parameters
    ----------
    table : DataFrame
        By coefficient: ``b`` (posterior mean), ``se`` (posterior SD), ``ci95l`` and ``ci95u``
        (95 % equal-tailed interval), ``p_positive``; ``p`` is missing, so that maketables prints no
        stars.
    stats : mapping of str to int or str
        Rows below: numbers of observations and units, errors, convergence diagnostics.
    """

    table: pd.DataFrame
    outcome: str
    stats: Mapping[str, int | str] = field(default_factory=dict)

    @property
    def __maketables_coef_table__(self) -> pd.DataFrame:
        return self.table

    @property
    def __maketables_depvar__(self) -> str:
        return self.outcome

    @property
    def __maketables_default_stat_keys__(self) -> list[str]:
        return list(self.stats)

    def __maketables_stat__(self, key: str) -> int | str | None:
        return self.stats.get(key)


@door
def estimates(
    fit: FitOrEffects,
    by: By = None,
    *,
    names: Mapping[str, str] | None = None,
    weights: str = "rows",
) -> Estimates:
    """Return a fit's average effects as a column of ``maketables.ETable``.

    A fit itself can also be used as a column, with its average effect and, with mediators, its
    direct and indirect effects.

    Parameters
    ----------
    by : str, sequence of str or mapping, optional
        Factors with one row per level, one after another.
    names : mapping of str to str, optional
        Other names of coefficients, such as ``{"ATT": "treated"}`` to share the row of another
        package's coefficient.
    weights : str, default "rows"
        As in ``att``.

    Raises
    ------
    StudyError
        As ``att``.

    Examples
    --------
    >>> import numpy as np
    >>> from bayes_nqp._core import effects_schema as schema
    >>> from bayes_nqp.output.tables import estimates
    >>> effects = schema.build(
    ...     np.random.default_rng(1).normal(size=(4, 100, 1, 2)),
    ...     strata={"region": ["inland", "coastal"]}, cohort=[2015, 2015],
    ...     time=[2015, 2015], event_time=[0, 0], rows=[3, 3], units=[3, 3],
    ... )
    >>> estimates(effects, by="region").table.index.tolist()
    ['ATT', 'region: inland', 'region: coastal']
    """
    effects = effects_of(fit)
    average = att(effects, weights=weights)
    parts = [summary(average).assign(name="ATT")]
    if effects.sizes[v.PATH] > 1:
        paths = summary(by_path(effects, None, weights))
        paths = paths[paths[v.PATH] != v.TOTAL]
        parts.append(paths.assign(name=[f"ATT, {path}" for path in paths[v.PATH]]))
    for new, old in names_of(by).items():
        levels = summary(att(effects, {new: old}, weights))
        parts.append(levels.assign(name=[f"{new}: {text(x)}" for x in levels[new]]))
    table = pd.concat(parts, ignore_index=True).rename(columns=_COLUMNS)
    table["name"] = [(names or {}).get(name, name) for name in table["name"]]
    table = table.set_index("name")[[*_COLUMNS.values(), "p_positive"]]
    table.insert(2, "p", np.nan)
    table.index.name = "Coefficient"
    outcome = str(average.attrs.get("outcome", "")) or "the outcome"
    return Estimates(table, outcome, _stats(fit, effects_of(fit), convergence_of(average)))


def _stats(source: object, effects: object, gate: str) -> dict[str, int | str]:
    """Return the printed names of rows; maketables uses the labels of the first column only."""
    translate = words("en")
    stats: dict[str, int | str] = {}
    if isinstance(source, Fit):
        if source.panel is not None:
            stats["N"] = source.panel.n_rows
        stats[translate("Errors")] = model_words(source, translate)["errors"]
    units = units_by(source, effects_of(effects), None).get("")
    if units is not None:
        stats["Treated units"] = units
    stats[translate("Convergence diagnostics")] = gate
    return stats
