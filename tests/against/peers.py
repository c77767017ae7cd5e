"""The same numbers from other packages: each peer's group-time effects as one labelled Series."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

NEVER = 0
KEYS = ["cohort", "time"]


@dataclass(frozen=True)
class Roles:
    """Columns of a frame in which 0 codes a unit that is never treated."""

    unit: str
    time: str
    cohort: str
    outcome: str

    @property
    def diff_diff(self) -> dict[str, str]:
        """The same as diff-diff's arguments."""
        return {
            "unit": self.unit,
            "time": self.time,
            "first_treat": self.cohort,
            "outcome": self.outcome,
        }


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep what a peer prints and warns of to itself."""
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield


def saturated(
    df: pd.DataFrame,
    roles: Roles,
    *,
    strata: Sequence[str] = (),
    time_by: Sequence[str] = (),
    covariates: Sequence[str] = (),
    baseline: Sequence[str] = (),
    leads: bool = False,
    weights: str | None = None,
) -> pd.Series[float]:
    """Least squares with unit and time effects and a dummy per cell: `pyfixest.feols`."""
    import pyfixest as pf

    df = df.copy()
    cohort, time = df[roles.cohort], df[roles.time]
    inside = (cohort != NEVER) & (time >= cohort)
    if leads:
        inside |= (cohort != NEVER) & (time < cohort - 1)
    keys = [*strata, roles.cohort, roles.time]
    cells = df.loc[inside, keys].drop_duplicates().sort_values(keys).reset_index(drop=True)
    names = [f"cell{k}" for k in range(len(cells))]
    numbered = df[keys].merge(cells.assign(_cell=np.arange(len(cells))), how="left", on=keys)
    which = numbered["_cell"].to_numpy()
    df = df.assign(**{name: (which == k).astype(float) for k, name in enumerate(names)})
    slopes = [*covariates]
    for name in baseline:
        first = df.sort_values(roles.time).groupby(roles.unit)[name].transform("first")
        for t in sorted(time.unique())[1:]:
            df[f"{name}_{t}"] = first * (time == t)
            slopes.append(f"{name}_{t}")
    df["_level"] = df[[*time_by, roles.time]].astype(str).agg("_".join, axis=1)
    with quiet():
        model = pf.feols(
            f"{roles.outcome} ~ {' + '.join([*names, *slopes])} | {roles.unit} + _level",
            df,
            vcov="iid",
            weights=weights,
            fixef_rm="none",
            fixef_tol=1e-13,
            fixef_maxiter=1_000_000,
            collin_tol=1e-10,
        )
        coefficients = model.coef()
    index = pd.MultiIndex.from_frame(cells.set_axis([*strata, *KEYS], axis=1))
    return pd.Series(coefficients[names].to_numpy(), index=index)


def imputation(
    df: pd.DataFrame,
    roles: Roles,
    *,
    strata: Sequence[str] = (),
    time_by: Sequence[str] = (),
    covariates: Sequence[str] = (),
) -> pd.Series[float]:
    """Untreated outcomes predicted from untreated rows (Borusyak, Jaravel, Spiess), by hand.

    Dense least squares on unit and time dummies: slow, and free of any tolerance.
    """
    treated = ((df[roles.cohort] != NEVER) & (df[roles.time] >= df[roles.cohort])).to_numpy()
    level = df[[*time_by, roles.time]].astype(str).agg("_".join, axis=1)
    dummies = [pd.get_dummies(x, dtype=float).to_numpy() for x in (df[roles.unit], level)]
    X = np.column_stack([*dummies, *(df[x].to_numpy(dtype=float) for x in covariates)])
    y = df[roles.outcome].to_numpy(dtype=float)
    solution = np.linalg.lstsq(X[~treated], y[~treated], rcond=1e-12)[0]
    out = df.loc[treated, [*strata, roles.cohort, roles.time]].set_axis([*strata, *KEYS], axis=1)
    out["effect"] = (y - X @ solution)[treated]
    return out.groupby([*strata, *KEYS])["effect"].mean()


def diff_diff_imputation(
    df: pd.DataFrame, roles: Roles, covariates: Sequence[str] = ()
) -> tuple[float, pd.Series[float]]:
    """diff-diff's `ImputationDiD`: the average, and the averages by event time."""
    from diff_diff import ImputationDiD

    with quiet():
        result = ImputationDiD().fit(
            df, **roles.diff_diff, covariates=list(covariates) or None, aggregate="event_study"
        )
    by_time = {int(e): float(x["effect"]) for e, x in result.event_study_effects.items() if e >= 0}
    return float(result.overall_att), pd.Series(by_time).sort_index()


def pyfixest_did2s(df: pd.DataFrame, roles: Roles) -> float:
    """pyfixest's two-stage estimate of the average."""
    import pyfixest as pf

    treated = (df[roles.cohort] != NEVER) & (df[roles.time] >= df[roles.cohort])
    with quiet():
        model = pf.did2s(
            df.assign(_treated=treated.astype(float)),
            yname=roles.outcome,
            first_stage=f"~ 0 | {roles.unit} + {roles.time}",
            second_stage="~ _treated",
            treatment="_treated",
            cluster=roles.unit,
        )
        return float(model.coef()["_treated"])


def diff_diff_sun_abraham(
    df: pd.DataFrame, roles: Roles, covariates: Sequence[str] = ()
) -> tuple[pd.Series[float], pd.Series[float]]:
    """diff-diff's `SunAbraham`: cohort × time, and the averages by event time."""
    from diff_diff import SunAbraham

    with quiet():
        result = SunAbraham().fit(df, **roles.diff_diff, covariates=list(covariates) or None)
    cells = {(int(g), int(g + e)): x["effect"] for (g, e), x in result.cohort_effects.items()}
    by_time = {int(e): float(x["effect"]) for e, x in result.event_study_effects.items()}
    return _series(cells), pd.Series(by_time).sort_index()


def pyfixest_saturated(df: pd.DataFrame, roles: Roles) -> tuple[pd.Series[float], pd.Series[float]]:
    """pyfixest's `SaturatedEventStudy`: cohort × time, and the averages by event time."""
    import pyfixest as pf

    with quiet():
        study = pf.event_study(
            df,
            yname=roles.outcome,
            idname=roles.unit,
            tname=roles.time,
            gname=roles.cohort,
            cluster=roles.unit,
            estimator="saturated",
        )
        tidy, averages = study.tidy()["Estimate"], study.aggregate()["Estimate"]
    found = tidy.index.str.extract(r"rel_time::(-?\d+)\.0:first_treated_period::(\d+)").astype(int)
    cells = {
        (int(g), int(g + e)): x for e, g, x in zip(found[0], found[1], tidy.to_numpy(), strict=True)
    }
    averages.index = averages.index.astype(float).astype(int)
    return _series(cells), averages.astype(float).sort_index()


def diff_diff_callaway(
    df: pd.DataFrame, roles: Roles, **options: Any
) -> tuple[pd.Series[float], float, pd.Series[float]]:
    """diff-diff's `CallawaySantAnna`, never-treated controls, base period −1 throughout.

    Cohort × time, the simple average, and the averages by event time.
    """
    from diff_diff import CallawaySantAnna

    with quiet():
        result = CallawaySantAnna(base_period="universal", **options).fit(
            df, **roles.diff_diff, aggregate="event_study"
        )
    cells = {
        (int(g), int(t)): float(x["effect"])
        for (g, t), x in result.group_time_effects.items()
        if t != g - 1
    }
    by_time = {int(e): float(x["effect"]) for e, x in result.event_study_effects.items() if e != -1}
    return _series(cells), float(result.overall_att), pd.Series(by_time).sort_index()


def universal_base(table: pd.DataFrame) -> pd.Series[float]:
    """R's group-time effects (columns group, t, att) with base period −1 throughout.

    R's default base varies: before treatment an entry is the change since the period before. The
    difference to period −1 is minus the sum of the changes in between.
    """
    cells: dict[tuple[int, int], float] = {}
    for g, rows in table.groupby("group"):
        att = rows.set_index("t")["att"]
        cells |= {(int(g), int(t)): float(x) for t, x in att.items() if t >= g}
        steps = att[att.index < g].sort_index()
        for s in map(int, steps.index):
            cells[int(g), s - 1] = -float(steps[steps.index >= s].sum())
    return _series(cells)


def _series(cells: Mapping[tuple[int, int], float]) -> pd.Series[float]:
    index = pd.MultiIndex.from_tuples(list(cells), names=KEYS)
    return pd.Series([float(x) for x in cells.values()], index=index).sort_index()
