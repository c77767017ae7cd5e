"""Simulated cities, firms and provinces: the real calendar, the index, and a truth that is true."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from doors import NAMES, province_names

import bayes_nqp as nqp
from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.testing import assert_equal
from bayes_nqp.data.simulation import (
    CATALOGUE,
    PROVINCE_CHANNELS,
    Channel,
    Simulated,
    cities,
    firms,
    provinces,
)

SMALL_FIRMS: dict[str, Any] = {"n_firms": 400, "cities": 60}
STILL: dict[str, Any] = {"noise": 0.0, "deviation_sd": 0.0, "moderation": 0.0}


def make(name: str, **arguments: Any) -> Simulated:
    made = {"cities": cities, "firms": firms, "provinces": provinces}[name]
    return made(**({**SMALL_FIRMS, **arguments} if name == "firms" else arguments))


def rebuilt(simulated: Simulated) -> nqp.index.Index:
    roles = simulated.panel.roles
    recipe = nqp.ProductivityIndex(simulated.parameters["system"])  # type: ignore[arg-type]
    return recipe.build(simulated.frame, unit=roles.unit, time=roles.time)


def path_of(truth: Any, path: str) -> Any:
    return truth["effect"].sel(path=path).squeeze(drop=True)


def cell_numbers(simulated: Simulated, frame: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Cell of every row of a frame of treated or exposed rows."""
    roles, truth = simulated.panel.roles, simulated.truth
    keys = [*roles.strata, *([roles.cohort] if roles.cohort else []), roles.time]
    names = [*roles.strata, *(["cohort"] if roles.cohort else []), "time"]
    cells = pd.DataFrame({k: truth[n].to_numpy() for k, n in zip(keys, names, strict=True)})
    cells["cell"] = np.arange(len(cells))
    return frame[keys].merge(cells, how="left", validate="m:1")["cell"].to_numpy()


# --- the calendar and the map -------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["approval_year", "next_year_after_june"])
def test_cities_are_treated_when_their_zone_was_approved(rule: str) -> None:
    frame = cities(rule=rule, seed=1).frame.drop_duplicates("code")  # type: ignore[arg-type]
    zones = nqp.datasets.pilot_zones()
    zones = zones[~zones["below_prefecture"] & zones["code"].isin(frame["code"])]
    late = (zones["approved"].dt.month > 6) & (rule == "next_year_after_june")
    expected = zones.assign(year=zones["approved"].dt.year + late).groupby("code")["year"].min()
    got = frame.dropna(subset="zone_year").set_index("code")["zone_year"].astype(int)
    pd.testing.assert_series_equal(got.sort_index(), expected.sort_index(), check_names=False,
                                   check_dtype=False)  # fmt: skip
    assert got[330100] == 2015  # 杭州
    assert len(frame) == 285
    assert len(got) == 150


@pytest.mark.slow
def test_merging_the_zones_gives_the_cohorts_back() -> None:
    frame = cities(names="zh", seed=1).frame
    bare = frame.drop(columns=["批次", "试点年份", "省份", "地区", "资源型"])
    merged = nqp.merge_zones(bare, prefecture="城市", rule="approval_year")
    assert merged.unmatched.empty
    np.testing.assert_array_equal(merged.frame["cohort"], frame["试点年份"])
    coastal = merged.frame["region"].map({"coastal": "沿海", "inland": "内陆"})
    np.testing.assert_array_equal(coastal, frame["地区"])


@pytest.mark.slow
def test_zones_below_prefecture_level_count_on_request() -> None:
    without = cities(seed=1).frame.drop_duplicates("code").set_index("code")["zone_year"]
    within = cities(below_prefecture=True, seed=1).frame
    more = within.drop_duplicates("code").set_index("code")["zone_year"]
    zones = nqp.datasets.pilot_zones()
    part = set(zones.loc[zones["below_prefecture"], "code"])
    changed = set(more.index[more.fillna(0) != without.fillna(0)])
    assert changed
    assert changed <= part


@pytest.mark.slow
def test_firms_are_nested_in_cities_and_unbalanced() -> None:
    simulated = firms(seed=1)
    frame = simulated.frame
    assert 36_000 < len(frame) < 44_000
    assert frame["firm"].nunique() == 4000
    assert frame["city"].nunique() == 250
    assert (frame.groupby("firm")["city"].nunique() == 1).all()
    spell = frame.groupby("firm")["year"].agg(["min", "max", "size"])
    assert (spell["min"] > 2010).mean() > 0.3
    assert (spell["max"] < 2023).mean() > 0.05
    treated = frame.dropna(subset="zone_year")
    assert (
        treated.groupby("firm")["year"].min() < treated.groupby("firm")["zone_year"].min()
    ).all()


def test_newcomers_are_treated_in_all_their_rows() -> None:
    frame = make("firms", newcomers=1.0, seed=1).frame.dropna(subset="zone_year")
    first = frame.groupby("firm")[["year", "zone_year"]].min()
    assert (first["year"] >= first["zone_year"]).mean() > 0.05


def test_exposure_follows_the_zones_of_the_province() -> None:
    frame = provinces(seed=2).frame
    assert frame["province"].nunique() == 31
    wide = frame.pivot(index="province", columns="year", values="cbec")
    growth = np.log(wide[2015] / wide[2014])
    assert growth.idxmax() == "Zhejiang"
    assert (wide > 0).all(axis=None)
    zones = nqp.datasets.pilot_zones()
    count = zones.groupby("province").size().rename(index=province_names()).reindex(wide.index)
    assert np.corrcoef(np.sqrt(count), wide[2022] / wide[2014])[0, 1] > 0.5


# --- the index ----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("names", ["en", "zh"])
@pytest.mark.parametrize("name", ["cities", "firms", "provinces"])
def test_the_frame_rebuilds_the_panel(name: str, names: str) -> None:
    simulated = make(name, names=names, seed=3)
    roles, frame = simulated.panel.roles, simulated.frame
    assert roles.outcome not in frame
    again = rebuilt(simulated).panel(
        name=roles.outcome, cohort=roles.cohort, strata=roles.strata,
        covariates=roles.covariates, mediators=roles.mediators, moderators=roles.moderators,
        exposures=roles.exposures,
    )  # fmt: skip
    assert_equal(again, simulated.panel)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cities", "firms", "provinces"])
def test_indicators_are_positive_and_weigh_differently(name: str) -> None:
    for seed in range(2):
        simulated = make(name, seed=seed)
        columns = [one.data for one in simulated.parameters["system"].indicators]  # type: ignore[attr-defined]
        assert (simulated.frame[columns] > 0).all(axis=None)
    weights = rebuilt(simulated).weights["weight"]
    assert weights.max() > 1.1 / len(weights)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cities", "firms", "provinces"])
def test_the_truth_is_what_the_policy_did_to_the_index(name: str) -> None:
    """Two worlds that differ in one thing, their indicators put through the same index."""
    with_it = make(name, seed=5)
    idle = {k: replace(c, level=0.0, growth=0.0, deviation_sd=0.0)
            for k, c in with_it.parameters["mediators"].items()}  # type: ignore[attr-defined]  # fmt: skip
    nothing: dict[str, Any] = {"level": 0.0, "contrasts": {}, "moderation": 0.0,
                               "deviation_sd": 0.0, "mediators": idle}  # fmt: skip
    if name != "provinces":
        nothing["growth"] = 0.0
    without = make(name, seed=5, **nothing)
    index, system = rebuilt(with_it), with_it.parameters["system"]
    columns = [one.data for one in system.indicators]  # type: ignore[attr-defined]
    x1, x0 = with_it.frame[columns].to_numpy(), without.frame[columns].to_numpy()
    low, high = x1.min(axis=0), x1.max(axis=0)
    sign = np.array([1 if one.direction == "positive" else -1 for one in system.indicators])  # type: ignore[attr-defined]
    change = ((x1 - x0) * sign / (high - low)) @ index.weights["weight"].to_numpy()
    roles, frame = with_it.panel.roles, with_it.frame
    dose = frame["cbec"].to_numpy() if name == "provinces" else np.ones(len(frame))
    on = dose > 0 if name == "provinces" else (frame["year"] >= frame["zone_year"]).to_numpy()
    np.testing.assert_allclose(change[~on], 0.0, atol=1e-12)
    cell = cell_numbers(with_it, frame[on])
    rows = np.bincount(cell)
    expected = np.bincount(cell, change[on] / dose[on]) / rows
    np.testing.assert_allclose(path_of(with_it.truth, "total"), expected, rtol=1e-8)
    np.testing.assert_array_equal(with_it.truth["rows"], rows)
    for mediator in roles.mediators:
        moved = (frame[mediator] - without.frame[mediator]).to_numpy()[on] / dose[on]
        slope = with_it.parameters["mediators"][mediator].slope * with_it.parameters["gain"]  # type: ignore[index]
        by_cell = np.bincount(cell, slope * moved) / rows
        np.testing.assert_allclose(path_of(with_it.truth, mediator), by_cell, rtol=1e-8)


# --- the truth ----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cities", "firms", "provinces"])
def test_paths_add_up(name: str) -> None:
    simulated = make(name, seed=2)
    truth = schema.validate(simulated.truth)
    for variable in ("effect", "deviation"):
        parts = truth[variable].sel(path=["direct", *simulated.panel.roles.mediators])
        np.testing.assert_allclose(truth[variable].sel(path="total"), parts.sum("path"))


def saturated(simulated: Simulated) -> npt.NDArray[np.float64]:
    """Least squares of unit, stratum × time and cell effects (or stratum slopes)."""
    panel, frame = simulated.panel, simulated.frame
    y = panel.outcome.astype(np.float64)
    unit = pd.factorize(frame[panel.roles.unit])[0]
    time = frame.groupby([*panel.roles.strata, panel.roles.time]).ngroup().to_numpy()
    on = (frame["year"] >= frame["zone_year"]).to_numpy()
    cell = np.full(len(frame), -1)
    cell[on] = cell_numbers(simulated, frame[on])
    columns = [pd.get_dummies(pd.Series(codes), dtype=float).to_numpy() for codes in (unit, time)]
    dummies = np.zeros((len(frame), simulated.truth.sizes["cell"]))
    dummies[on, cell[on]] = 1.0
    x = np.hstack([dummies, *columns])
    return np.asarray(np.linalg.lstsq(x, y, rcond=None)[0][: dummies.shape[1]])


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments", [{}, {"deviation_sd": 0.5, "moderation": 0.2}], ids=["alike", "own"]
)
def test_without_noise_a_saturated_fit_finds_the_truth(arguments: dict[str, Any]) -> None:
    arguments = {**STILL, "years": (2012, 2018), "strata": ["region"], **arguments}
    simulated = cities(**arguments, mediators=_quiet(), seed=1)
    np.testing.assert_allclose(saturated(simulated), path_of(simulated.truth, "total"), rtol=1e-8)


def _quiet() -> dict[str, Channel]:
    return {k: replace(CATALOGUE[k], deviation_sd=0.0) for k in ("digital", "innovation")}


@pytest.mark.slow
def test_without_noise_means_before_and_after_find_the_truth() -> None:
    simulated = cities(**STILL, mediators=_quiet(), seed=1)
    frame, truth = simulated.panel.frame, simulated.truth
    mean = frame.groupby(["region", "market", frame["zone_year"].fillna(0), "year"])["nqp"].mean()
    for k in range(truth.sizes["cell"]):
        where = (truth["region"].values[k], truth["market"].values[k])
        cohort, time = truth["cohort"].values[k], int(truth["time"].values[k])
        treated, never = mean[(*where, cohort)], mean[(*where, 0.0)]
        gap = (treated[time] - never[time]) - (treated[2014] - never[2014])
        np.testing.assert_allclose(gap, path_of(truth, "total")[k], rtol=1e-8)


def test_without_noise_slopes_of_provinces_are_the_truth() -> None:
    quiet = {k: replace(PROVINCE_CHANNELS[k], deviation_sd=0.0) for k in ("upgrading",)}
    simulated = provinces(**STILL, mediators=quiet, seed=1)
    frame = simulated.panel.frame
    for region, part in frame.groupby("region"):
        wide = [part.pivot(index="province", columns="year", values=c) for c in ("nqp", "cbec")]
        y, d = (w.sub(w.mean(axis=1), axis=0).sub(w.mean(), axis=1) + w.values.mean() for w in wide)
        slope = (y.to_numpy() * d.to_numpy()).sum() / (d.to_numpy() ** 2).sum()
        truth = path_of(simulated.truth, "total")
        np.testing.assert_allclose(slope, truth[truth["region"] == region], rtol=1e-8)


@pytest.mark.slow
def test_contrasts_moderation_and_deviations_are_in_the_truth() -> None:
    base = cities(**STILL, contrasts={}, mediators=_quiet(), seed=1)
    gain = base.parameters["gain"]
    assert isinstance(gain, float)
    split = cities(**STILL, contrasts={"region": -0.5}, mediators=_quiet(), seed=1)
    rise = (
        path_of(split.truth, "direct") / split.parameters["gain"]
        - path_of(base.truth, "direct") / gain
    )
    np.testing.assert_allclose(rise, np.where(split.truth["region"] == "inland", -0.25, 0.25))
    moderated = cities(**{**STILL, "moderation": 0.4}, mediators=_quiet(), seed=1)
    own = moderated.truth["deviation"].sel(path="direct").squeeze().to_series()
    finance = moderated.frame.drop_duplicates("city").set_index("city")["digital_finance"]
    # resource-based or not is no stratum of this panel, so its contrast is a deviation too.
    other = moderated.frame.drop_duplicates("city").set_index("city")["resource"] == "other"
    own = own / moderated.parameters["gain"] - np.where(other[own.index], 0.1, -0.1)
    slope = np.polyfit(finance[own.index], own, 1)[0]
    rows = moderated.frame.query("year >= zone_year")["digital_finance"]
    np.testing.assert_allclose(slope * rows.std(ddof=0), 0.4, rtol=1e-8)


@pytest.mark.slow
def test_deviations_of_firms_are_those_of_their_city() -> None:
    simulated = make("firms", seed=1)
    truth, frame = simulated.truth, simulated.frame
    treated = frame.query("year >= zone_year")
    assert set(truth["member"].to_numpy()) == set(treated["city"])
    assert int(truth["membership_rows"].sum()) == len(treated)
    assert float(truth["deviation"].sel(path="total").std()) > 0


# --- violations ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_trend_violates_parallel_trends_and_the_truth_stays() -> None:
    calm, adrift = (cities(**STILL, mediators=_quiet(), trend=t, seed=1) for t in (0.0, 0.3))
    leads = []
    for simulated in (calm, adrift):
        frame = simulated.panel.frame.query("year <= 2014")
        treated = frame["zone_year"].notna()
        mean = frame.groupby([treated, "region", "market", "year"])["nqp"].mean()
        gap = mean[True] - mean[False]
        leads.append(gap.groupby(["region", "market"]).diff().dropna().to_numpy())
    np.testing.assert_allclose(leads[0], 0.0, atol=1e-12)
    np.testing.assert_allclose(leads[1], 0.3 * adrift.parameters["gain"], rtol=1e-8)  # type: ignore[operator]
    total = [path_of(s.truth, "total") / s.parameters["gain"] for s in (calm, adrift)]
    np.testing.assert_allclose(total[0], total[1])


@pytest.mark.slow
def test_confounding_biases_the_slope_of_the_mediator() -> None:
    quiet = {"digital": replace(CATALOGUE["digital"], deviation_sd=0.0)}
    slopes = []
    for confounding in (0.0, 0.5):
        simulated = cities(mediators=quiet, confounding=confounding, seed=1)
        frame = simulated.panel.frame.query("year < 2015")
        keys = [frame["region"], frame["market"], frame["year"]]
        net = {}
        for name in ("nqp", "digital"):
            own = frame[name] - frame.groupby("city")[name].transform("mean")
            net[name] = own - own.groupby(keys).transform("mean")
        slope = (net["nqp"] * net["digital"]).sum() / (net["digital"] ** 2).sum()
        slopes.append(slope / simulated.parameters["gain"])
    assert abs(slopes[0] - 0.25) < 0.12
    assert slopes[1] - slopes[0] > 0.25


def test_near_cities_share_shocks() -> None:
    from doors import distances, near_ones

    places = nqp.datasets.prefectures().iloc[:60]
    where = places["longitude"].to_numpy(), places["latitude"].to_numpy()
    mix = near_ones(0.6, 300.0, *where)
    assert mix is not None
    rng = np.random.default_rng(1)
    normal = mix(rng, rng.standard_normal((60, 4000, 2)))
    expected = 0.6 * np.exp(-distances(*where) / 300.0)
    np.fill_diagonal(expected, 1.0)
    np.testing.assert_allclose(np.corrcoef(normal[..., 0]), expected, atol=0.07)
    # 北京 to 天津, by their seats of government
    assert 100 < distances(*where)[0, 1] < 125


def test_firms_of_one_city_share_shocks_on_request() -> None:
    from doors import shared_by_groups

    mix = shared_by_groups(0.4, np.array([0, 0, 1]))
    assert mix is not None
    rng = np.random.default_rng(1)
    table = np.corrcoef(mix(rng, rng.standard_normal((3, 20_000, 1)))[..., 0])
    np.testing.assert_allclose(table, [[1, 0.4, 0], [0.4, 1, 0], [0, 0, 1]], atol=0.03)


# --- seeds, names, errors -----------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cities", "firms", "provinces"])
def test_a_seed_makes_the_same_panel(name: str) -> None:
    one, same, other = (make(name, seed=seed) for seed in (7, 7, 8))
    assert one.digest == same.digest != other.digest
    kept = {k: x for k, x in one.parameters.items() if k not in ("system", "gain")}
    assert make(name, **kept).digest == one.digest


@pytest.mark.slow
def test_parts_have_streams_of_their_own() -> None:
    plain, rough = cities(seed=5), cities(seed=5, rho=0.5, confounding=0.3, spatial=0.0)
    per_sd = [path_of(s.truth, "total") / s.parameters["gain"] for s in (plain, rough)]
    np.testing.assert_allclose(per_sd[0], per_sd[1])


@pytest.mark.slow
def test_names_change_words_and_nothing_else() -> None:
    english, chinese = cities(seed=4), cities(names="zh", seed=4)
    values = [rebuilt(simulated).values for simulated in (english, chinese)]
    np.testing.assert_array_equal(*values)
    assert chinese.panel.unit_labels[0].endswith("市")
    assert chinese.panel.roles.mediators == tuple(NAMES[m] for m in english.panel.roles.mediators)
    assert not [c for c in chinese.frame.columns if c.isascii()]
    by = nqp.att(chinese.truth, by="地区").squeeze()
    same = nqp.att(english.truth, by="region").squeeze()
    np.testing.assert_allclose(by.sel({"地区": "沿海"}), same.sel(region="coastal"))


def test_every_mediator_of_the_catalogue_has_a_chinese_name() -> None:
    assert set(CATALOGUE) <= set(NAMES)
    assert len(set(NAMES.values())) == len(NAMES)


def test_rows_are_missing_on_request() -> None:
    simulated = cities(missing=0.1, seed=1)
    assert 0.08 < 1 - len(simulated.frame) / (285 * 14) < 0.12
    assert simulated.frame.groupby("city")["year"].min().eq(2010).all()


@pytest.mark.parametrize(
    ("name", "arguments", "what"),
    [
        ("cities", {"mediators": ["digtal"]}, "did you mean 'digital'"),
        ("cities", {"mediators": ["digital", "digital"]}, "contains a duplicate"),
        ("cities", {"mediators": []}, "'mediators'"),
        ("cities", {"mediators": {"digital": 1.0}}, "'mediators' is {'digital': 1.0}"),
        ("cities", {"mediators": {"year": Channel()}}, "two columns"),
        ("cities", {"strata": ["regoin"]}, "did you mean 'region'"),
        ("cities", {"strata": ["region", "region"]}, "contains a duplicate"),
        ("cities", {"covariates": ["gdp"]}, "'covariates' contains 'gdp'"),
        ("cities", {"years": (2015, 2023)}, "'years'"),
        ("cities", {"years": 2010}, "'years'"),
        ("cities", {"rule": "approval"}, "'rule'"),
        ("cities", {"contrasts": {"coast": 0.1}}, "'contrasts' contains 'coast'"),
        ("cities", {"contrasts": {"region": float("nan")}}, "'contrasts' is {'region': nan}"),
        ("cities", {"spatial": 1.0}, "'spatial'"),
        ("cities", {"reach": 0.0}, "'reach'"),
        ("cities", {"noise": -1.0}, "'noise'"),
        ("cities", {"rho": 1.0}, "'rho'"),
        ("cities", {"confounding": 1.5}, "'confounding'"),
        ("cities", {"confounded": "finance"}, "'confounded'"),
        ("cities", {"missing": 1.0}, "'missing'"),
        ("cities", {"names": "de"}, "'names'"),
        ("cities", {"seed": -1}, "'seed'"),
        ("cities", {"seed": 1.5}, "'seed'"),
        ("firms", {"cities": 10}, "'cities'"),
        ("firms", {"cities": 286}, "'cities'"),
        ("firms", {"n_firms": 30}, "'n_firms'"),
        ("firms", {"common": 1.0}, "'common'"),
        ("firms", {"newcomers": 2.0}, "'newcomers'"),
        ("provinces", {"strata": ["resource"]}, "'resource'"),
        ("provinces", {"mediators": {"mine": Channel(growth=0.1)}}, "growth"),
    ],
)
def test_what_makes_no_panel_is_refused(name: str, arguments: dict[str, Any], what: str) -> None:
    with pytest.raises(StudyError, match=what):
        make(name, **{"seed": 1, **arguments})
