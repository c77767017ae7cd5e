"""Comparisons with other packages, once: the tests assert them, benchmarks/parity.py prints them.

Ours is always the conditional posterior mean under `NoPooling(varying=None)` and `IID()`, which
sampling noise does not touch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from against import peers
from against.peers import Roles
from doors import _draws, _effects_dataset

import bayes_nqp as nqp
from bayes_nqp._core import vocabulary as v
from bayes_nqp.effects.estimands import att
from bayes_nqp.inference.model_frame import model_frame_of

FLAT = nqp.StaggeredDiD(nqp.NoPooling(varying=None), nqp.IID())
COMMON = nqp.TimeEffects()
MISSING, SEED = 0.1, 20240
COVARIATES = ("unemployrt", "poverty", "blackm_15_24")
MPDTA = Roles("countyreal", "year", "first.treat", "lemp")
CASTLE = Roles("state", "year", "cohort", "l_homicide")


@dataclass(frozen=True)
class Comparison:
    """The same numbers twice: ours and a peer's.

    `equal` says whether they must agree; `weight` weighs them into one number to show.
    """

    equality: int
    data: str
    quantity: str
    peer: str
    ours: pd.Series[float]
    theirs: pd.Series[float]
    weight: pd.Series[float]
    equal: bool = True

    @property
    def largest(self) -> float:
        """Largest absolute difference."""
        assert set(self.ours.index) == set(self.theirs.index)
        return float((self.ours - self.theirs.reindex(self.ours.index)).abs().max())

    def average(self, numbers: pd.Series[float]) -> float:
        """Weighted mean, to show."""
        return float((numbers * self.weight).sum() / self.weight.sum())

    @property
    def label(self) -> str:
        """For a test's name."""
        return f"{self.equality}, {self.data}, {self.quantity}, {self.peer}"


# Data: frames in which 0 codes a unit that is never treated, and panels made of them.


@cache
def mpdta_frame(folder: Path) -> pd.DataFrame:
    """Minimum wages and teen employment, 500 counties, 2003 to 2007."""
    return pd.read_csv(folder / "minimum_wage" / "mpdta.csv")


@cache
def castle_frame() -> pd.DataFrame:
    """Castle-doctrine laws and homicide, 50 states, 2000 to 2010."""
    df = nqp.datasets.castle_doctrine(as_frame=True)
    names = [*CASTLE.diff_diff.values(), "region", "popwt", *COVARIATES]
    kept = df[names].copy()
    for name in ("l_homicide", "popwt", *COVARIATES):
        kept[name] = kept[name].astype(float)
    return kept.assign(
        cohort=kept["cohort"].fillna(peers.NEVER).astype(int),
        year=kept["year"].astype(int),
        region=kept["region"].astype(str),
    )


def thinned(df: pd.DataFrame) -> pd.DataFrame:
    """Leave out a tenth of the rows, at random."""
    lost = np.random.default_rng(SEED).random(len(df)) < MISSING
    return df[~lost].reset_index(drop=True)


def panel_of(df: pd.DataFrame, roles: Roles, **arguments: Any) -> nqp.Panel:
    """Make a panel."""
    return nqp.Panel.from_frame(
        df,
        unit=roles.unit,
        time=roles.time,
        cohort=roles.cohort,
        outcome=roles.outcome,
        never=peers.NEVER,
        **arguments,
    )


# Ours.


def identified(df: pd.DataFrame, panel: nqp.Panel, design: nqp.StaggeredDiD) -> pd.DataFrame:
    """Rows that enter our likelihood, for the peer to take the same."""
    kept = panel.frame.loc[model_frame_of(design, panel).kept, [panel.roles.unit, panel.roles.time]]
    return df.merge(kept, on=[panel.roles.unit, panel.roles.time])


def leads_of(design: nqp.StaggeredDiD, panel: nqp.Panel) -> xr.Dataset:
    """Return conditional posterior means of the leads, as `nqp.posterior_mean` of the effects."""
    model_frame = model_frame_of(design, panel)
    equation = model_frame.equations[0]
    means = _draws.recovered(
        model_frame, equation, np.zeros((1, len(equation.problem.parameter_names))), None
    )
    return _effects_dataset.effects_dataset(
        model_frame, means.cell_effect[None], None, gate=v.PASSED, leads=True
    )


def series_of(effects: xr.Dataset, strata: tuple[str, ...] = (), value: str = v.EFFECT) -> Any:
    """Label effects (or another number of the cells) by strata, cohort and time."""
    keys = [effects[name].to_numpy() for name in strata]
    keys += [effects[name].to_numpy().astype(int) for name in peers.KEYS]
    index = pd.MultiIndex.from_arrays(keys, names=[*strata, *peers.KEYS])
    return pd.Series(effects[value].to_numpy().astype(float).ravel(), index=index)


def with_leads(design: nqp.StaggeredDiD, panel: nqp.Panel, value: str = v.EFFECT) -> Any:
    """Effects and leads in one Series."""
    both = (nqp.posterior_mean(design, panel), leads_of(design, panel))
    return pd.concat([series_of(x, value=value) for x in both])


def by_event_time(cells: pd.Series[float], rows: pd.Series[float]) -> pd.Series[float]:
    """Average over cohorts, weighted by rows; effects and leads alike."""
    e = cells.index.get_level_values("time") - cells.index.get_level_values("cohort")
    total = rows.groupby(np.asarray(e)).sum()
    return (cells * rows).groupby(np.asarray(e)).sum() / total


def numbers(draws: xr.DataArray) -> pd.Series[float]:
    """Make a Series of one draw of an estimand, labels as whole numbers where there are any."""
    index = draws[draws.dims[-1]].to_numpy().astype(int) if draws.ndim > 2 else ["all"]
    return pd.Series(draws.to_numpy().ravel(), index=index)


# Equality 1: saturated least squares, always.


def saturated_cases(folder: Path | None) -> Iterator[Comparison]:
    """Every kind of panel: balanced or not, covariates, strata, weights."""

    def case(
        data: str,
        df: pd.DataFrame,
        roles: Roles,
        design: nqp.StaggeredDiD = FLAT,
        leads: bool = False,
        **columns: Any,
    ) -> Comparison:
        design = design.replace(unidentified="drop", controls="never" if leads else "all")
        strata = tuple(columns.get("strata", ()))
        panel = panel_of(df, roles, **columns)
        rows = identified(df, panel, design)
        theirs = peers.saturated(
            rows,
            roles,
            leads=leads,
            time_by=design.facts.time_strata(panel),
            baseline=design.baseline,
            **columns,
        )
        if leads:
            ours, weight = (with_leads(design, panel, value) for value in (v.EFFECT, v.ROWS))
            quantity = "effects and leads"
        else:
            effects = nqp.posterior_mean(design, panel)
            ours = series_of(effects, strata)
            weight = series_of(effects, strata, v.WEIGHT)
            quantity = "effects"
        return Comparison(1, data, quantity, "pyfixest `feols`", ours, theirs, weight)

    castle, by_region = castle_frame(), {"strata": ["region"]}
    common = FLAT.replace(time=COMMON)
    if folder is not None:
        df = mpdta_frame(folder)
        yield case("mpdta", df, MPDTA)
        yield case("mpdta, 10 % of rows missing", thinned(df), MPDTA)
        yield case("mpdta, baseline lpop × year", df, MPDTA, FLAT.replace(baseline=("lpop",)))
        yield case("mpdta, 10 % missing, flat leads", thinned(df), MPDTA, leads=True)
    yield case("castle", castle, CASTLE)
    yield case("castle by region, common time effects", castle, CASTLE, common, **by_region)
    yield case("castle by region, time effects by region", castle, CASTLE, **by_region)
    yield case("castle, 10 % missing", thinned(castle), CASTLE)
    yield case("castle, three covariates", castle, CASTLE, covariates=COVARIATES)
    yield case("castle, population weights", castle, CASTLE, weights="popwt")
    yield case(
        "castle by region, 10 % missing, covariates, weights", thinned(castle), CASTLE,
        strata=["region"], covariates=COVARIATES, weights="popwt",
    )  # fmt: skip


# Equality 2: imputation, on a balanced panel without time-varying covariates.


def imputation_cases(folder: Path | None) -> Iterator[Comparison]:
    """Borusyak–Jaravel–Spiess: where it is equal, and where it is not."""

    def cases(
        data: str, df: pd.DataFrame, roles: Roles, *, equal: bool = True, **columns: Any
    ) -> Iterator[Comparison]:
        design = FLAT.replace(unidentified="drop")
        strata = tuple(columns.get("strata", ()))
        covariates = tuple(columns.get("covariates", ()))
        panel = panel_of(df, roles, **columns)
        effects = nqp.posterior_mean(design, panel)
        rows = identified(df, panel, design)
        by_hand = peers.imputation(rows, roles, time_by=strata, **columns)
        weight = series_of(effects, strata, v.ROWS)
        cells = series_of(effects, strata)
        yield Comparison(
            2, data, "effects", "imputation by least squares", cells, by_hand, weight, equal
        )
        if strata:
            return
        average, by_time = peers.diff_diff_imputation(rows, roles, covariates)
        one = pd.Series([1.0], index=["all"])
        ours = numbers(att(effects))
        peer = "diff-diff `ImputationDiD`"
        yield Comparison(2, data, "ATT", peer, ours, pd.Series(average, one.index), one, equal)
        ours, count = numbers(att(effects, by="event_time")), att(effects, by="event_time").rows
        weight = pd.Series(count.to_numpy(), index=ours.index)
        yield Comparison(2, data, "by event time", peer, ours, by_time, weight, equal)
        # pyfixest drops units with a single untreated row, as mpdta's first cohort has.
        if roles is CASTLE and panel.balanced and not covariates:
            two_stage = pd.Series(peers.pyfixest_did2s(rows, roles), one.index)
            ours = numbers(att(effects))
            yield Comparison(2, data, "ATT", "pyfixest `did2s`", ours, two_stage, one, equal)

    castle = castle_frame()
    if folder is not None:
        df = mpdta_frame(folder)
        yield from cases("mpdta", df, MPDTA)
        yield from cases("mpdta, 10 % of rows missing", thinned(df), MPDTA, equal=False)
    yield from cases("castle", castle, CASTLE)
    yield from cases("castle by region, time effects by region", castle, CASTLE, strata=["region"])
    lost = (castle["cohort"] == 2007) & castle["year"].isin((2002, 2009))
    yield from cases("castle, one cohort without 2002 and 2009", castle[~lost], CASTLE)
    yield from cases("castle, 10 % missing", thinned(castle), CASTLE, equal=False)
    yield from cases("castle, three covariates", castle, CASTLE, equal=False, covariates=COVARIATES)


# Equalities 3 and 4: flat leads, on a balanced panel without covariates.


def sun_abraham_cases(folder: Path | None) -> Iterator[Comparison]:
    """Sun–Abraham with never-treated controls."""

    def cases(data: str, df: pd.DataFrame, roles: Roles) -> Iterator[Comparison]:
        design = FLAT.replace(controls="never", unidentified="drop")
        panel = panel_of(df, roles)
        rows_kept = identified(df, panel, design)
        ours, rows = (with_leads(design, panel, value) for value in (v.EFFECT, v.ROWS))
        by_time = by_event_time(ours, rows)
        weight = by_event_time(rows, rows) * 0 + 1
        found_by = {"diff-diff `SunAbraham`": peers.diff_diff_sun_abraham}
        if panel.balanced:
            # pyfixest dates a unit's adoption by its first treated row, present or not.
            found_by["pyfixest `SaturatedEventStudy`"] = peers.pyfixest_saturated
        for peer, found in ((name, made(rows_kept, roles)) for name, made in found_by.items()):
            theirs, averages = found
            yield Comparison(3, data, "effects and leads", peer, ours, theirs, rows)
            yield Comparison(3, data, "by event time", peer, by_time, averages, weight)

    if folder is not None:
        yield from cases("mpdta", mpdta_frame(folder), MPDTA)
        yield from cases("mpdta, 10 % of rows missing", thinned(mpdta_frame(folder)), MPDTA)
    yield from cases("castle", castle_frame(), CASTLE)
    yield from cases("castle, 10 % missing", thinned(castle_frame()), CASTLE)


def callaway_cases(folder: Path | None) -> Iterator[Comparison]:
    """Callaway–Sant'Anna with never-treated controls."""
    design = FLAT.replace(controls="never", unidentified="drop")
    peer = "diff-diff `CallawaySantAnna`"

    def cases(data: str, df: pd.DataFrame, roles: Roles, *, equal: bool = True, **options: Any):
        panel = panel_of(df, roles)
        rows_kept = identified(df, panel, design)
        ours, rows = (with_leads(design, panel, value) for value in (v.EFFECT, v.ROWS))
        theirs, simple, averages = peers.diff_diff_callaway(rows_kept, roles, **options)
        yield Comparison(4, data, "effects and leads", peer, ours, theirs, rows, equal)
        one = pd.Series([1.0], index=["all"])
        att_ours = numbers(att(nqp.posterior_mean(design, panel)))
        yield Comparison(
            4, data, "ATT (simple)", peer, att_ours, pd.Series(simple, one.index), one, equal
        )
        by_time = by_event_time(ours, rows)
        weight = by_time * 0 + 1
        yield Comparison(4, data, "by event time", peer, by_time, averages, weight, equal)

    if folder is not None:
        df = mpdta_frame(folder)
        yield from cases("mpdta", df, MPDTA)
        yield from r_cases(folder)
    yield from cases("castle", castle_frame(), CASTLE)
    if folder is not None:
        yield from cases("mpdta, 10 % of rows missing", thinned(df), MPDTA, equal=False)


def r_cases(folder: Path) -> Iterator[Comparison]:
    """R's `did`, stored in ref_attgt.csv and ref_aggte.csv beside mpdta."""
    panel = panel_of(mpdta_frame(folder), MPDTA)
    never = FLAT.replace(controls="never")
    ours, rows = (with_leads(never, panel, value) for value in (v.EFFECT, v.ROWS))
    theirs = peers.universal_base(r_table(folder, "attgt", "mpdta_nev_dr"))
    yield Comparison(4, "mpdta", "effects and leads", "R `did::att_gt`", ours, theirs, rows)
    for kind, mine in our_aggregates(panel).items():
        table = r_table(folder, "aggte", "mpdta_nev_dr")
        table = table[table["type"] == kind]
        overall = pd.Series([table["overall_att"].iloc[0]], index=["overall"])
        parts = table.dropna(subset="egt").set_index("egt")["att_egt"]
        parts = parts[parts.index >= 0]
        parts.index = parts.index.astype(int)
        reference = pd.concat([parts, overall])
        weight = pd.Series(0.0, index=mine.index)
        weight["overall"] = 1.0
        yield Comparison(4, "mpdta", kind, "R `did::aggte`", mine, reference, weight)
    adjusted = FLAT.replace(controls="never", baseline=("lpop",))
    for scenario, design, data in (
        ("mpdta_nev_reg_cov", adjusted, "mpdta, adjusted for lpop"),
        ("mpdta_nyt_dr", FLAT, "mpdta, R's not-yet-treated controls"),
    ):
        effects = nqp.posterior_mean(design, panel)
        table = r_table(folder, "attgt", scenario)
        table = table[table["t"] >= table["group"]].set_index(["group", "t"])["att"]
        yield Comparison(
            4, data, "effects", "R `did::att_gt`", series_of(effects),
            table.rename_axis(peers.KEYS), series_of(effects, value=v.ROWS), equal=False,
        )  # fmt: skip


def our_aggregates(panel: nqp.Panel) -> dict[str, pd.Series[float]]:
    """R's four aggregations, by `att`: rows weigh cohorts by their size, as R does."""
    effects = nqp.posterior_mean(FLAT.replace(controls="never"), panel)
    out = {"simple": numbers(att(effects)).set_axis(["overall"])}
    size = pd.Series(np.asarray(panel.cohort_labels, dtype=float)).value_counts()
    for kind, by in (("dynamic", "event_time"), ("group", "cohort"), ("calendar", "time")):
        parts = numbers(att(effects, by=by))
        # R weighs cohorts by their size here, and event times and years equally.
        weight = size[parts.index] if kind == "group" else parts * 0 + 1
        overall = float(np.average(parts, weights=weight))
        out[kind] = pd.concat([parts, pd.Series([overall], index=["overall"])])
    return out


def r_table(folder: Path, name: str, scenario: str) -> pd.DataFrame:
    """Read one scenario of a stored table of R's."""
    table = pd.read_csv(folder / "minimum_wage" / f"ref_{name}.csv")
    return table[table["scenario"] == scenario]


EQUALITIES: dict[str, Callable[[Path | None], Iterator[Comparison]]] = {
    "saturated least squares": saturated_cases,
    "imputation (Borusyak, Jaravel, Spiess)": imputation_cases,
    "Sun–Abraham": sun_abraham_cases,
    "Callaway–Sant'Anna, never-treated controls": callaway_cases,
}


@cache
def comparisons(folder: Path | None) -> tuple[Comparison, ...]:
    """All of them; without the folder of shared data only those on castle."""
    return tuple(c for cases in EQUALITIES.values() for c in cases(folder))
