"""Simulated cities with the actual dates and locations of the pilot zones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

import numpy as np
import pandas as pd

from bayes_nqp._core.types import Seed
from bayes_nqp._core.validation import door
from bayes_nqp.data.datasets import pilot_zones, prefectures
from bayes_nqp.data.index import IndexSystem, new_quality_productivity
from bayes_nqp.data.simulation._assemble import Written, assembled
from bayes_nqp.data.simulation._catalogue import chosen
from bayes_nqp.data.simulation._checks import Correlation, Share, Size
from bayes_nqp.data.simulation._constants import Constants
from bayes_nqp.data.simulation._controls import CITY, picked
from bayes_nqp.data.simulation._errors import near_ones, seeded, stream
from bayes_nqp.data.simulation._mediated import Channel
from bayes_nqp.data.simulation._places import (
    ROLES,
    check_strata,
    check_years,
    grouped,
    listed,
    placed,
    places_of,
)
from bayes_nqp.data.simulation._policy import Policy, happen
from bayes_nqp.data.simulation._spillover import Spillover, received_by
from bayes_nqp.data.simulation._truth import Simulated
from bayes_nqp.data.simulation._words import say, spoken

Rule = Literal["approval_year", "next_year_after_june"]

YOUNG_CITIES: Final = (
    "毕节市", "铜仁市", "三沙市", "海东市", "日喀则市", "昌都市",
    "儋州市", "林芝市", "吐鲁番市", "山南市", "哈密市", "那曲市",
)  # fmt: skip
"""Prefecture-level cities established from 2011 on, without yearbook series from 2010."""


def zone_cities(rule: Rule = "approval_year", below: bool = False) -> pd.DataFrame:
    """List the cities with data from 2010 on, with the first year of their zone.

    Parameters
    ----------
    rule : {"approval_year", "next_year_after_june"}, default "approval_year"
        The year of approval; or the next year if the approval was in July or later.
    below : bool, default False
        If True, a zone below prefecture level treats its prefecture.

    Returns
    -------
    DataFrame
        The columns of `prefectures`, batch and year; both NaN without a zone.
    """
    places = prefectures()
    cities = places["prefecture"].str.endswith("市") & ~places["prefecture"].isin(YOUNG_CITIES)
    zones = pilot_zones()
    zones = zones[below | ~zones["below_prefecture"]].sort_values("approved", kind="stable")
    first = zones.drop_duplicates("code").set_index("code")
    year = first["approved"].dt.year
    if rule == "next_year_after_june":
        year = year + (first["approved"].dt.month > 6)
    table = places[cities].sort_values("code").reset_index(drop=True)
    table["batch"] = table["code"].map(first["batch"]).astype(np.float64)
    table["year"] = table["code"].map(year).astype(np.float64)
    return table


CONTRASTS: Final[Mapping[str, float]] = Constants(
    {"region": -0.3, "market": -0.2, "resource": -0.2}
)
"""Inland minus coastal, low minus high marketisation, resource-based minus other cities."""


@door
def cities(
    *,
    mediators: Iterable[str] | Mapping[str, Channel] = ("digital", "innovation", "upgrading"),
    covariates: Iterable[str] = ("ln_gdp", "ln_fdi"),
    strata: Sequence[str] = ("region", "market"),
    years: Sequence[int] = (2010, 2023),
    rule: Rule = "approval_year",
    below_prefecture: bool = False,
    level: float = 0.2,
    growth: float = 0.2,
    contrasts: Mapping[str, float] = CONTRASTS,
    moderation: float = 0.15,
    deviation_sd: Size = 0.3,
    rho: Correlation = 0.78,
    noise: Size = 1.0,
    spatial: float = 0.2,
    reach: float = 200.0,
    trend: float = 0.0,
    selection: float = 1.0,
    confounding: float = 0.0,
    confounded: str | None = None,
    related: float = 0.0,
    missing: Share = 0.0,
    spillover: Spillover | None = None,
    system: IndexSystem | None = None,
    names: str = "en",
    seed: Seed | None = None,
) -> Simulated:
    """Simulate 285 cities treated in the actual years of the pilot zones.

    Productivity is ``alpha_i + lambda_t,stratum + (tau_cell + u_i) [treated] + x_it'beta + sum_j
    b_j M_j + error``, mediators as in `channels`. Indicators are linear in productivity. The
    outcome of the panel is their index, with entropy weights and bounds from all observations.
    Given these weights and bounds, the index without the policy is also known, so the truth in
    index points is exact. Effects are in standard deviations of productivity's innovations;
    ``parameters["gain"]`` is the number of index points of one standard deviation.

    Parameters
    ----------
    mediators : iterable of str, or mapping of str to Channel
        Names from `CATALOGUE`, or channels by name: digital, innovation and upgrading by default.
    covariates : iterable of str, default ("ln_gdp", "ln_fdi")
        Time-varying covariates unaffected by the policy, among "ln_gdp", "ln_loans", "ln_fdi" (logs
        of output, loans and foreign investment) and "ln_science" (log share of science in public
        spending).
    strata : sequence of str, default ("region", "market")
        Strata of the panel, among "region" (inland or coastal province), "market" (low or high
        marketisation; random, more often high on the coast) and "resource" (resource-based or not).
        Time effects differ between their combinations. All three are columns of the frame.
    years : tuple of int, default (2010, 2023)
        First and last year.
    rule : {"approval_year", "next_year_after_june"}, default "approval_year"
        The first treated year.
    below_prefecture : bool, default False
        If True, the eight zones below prefecture level treat their prefectures.
    level, growth : float, default 0.2, 0.2
        Direct effect in the first treated year, and its increase in each further year.
    contrasts : mapping of str to float
        Differences of the direct effect: inland minus coastal, low minus high, resource-based minus
        other; split symmetrically. `CONTRASTS` by default.
    moderation : float, default 0.15
        Change of the direct effect per standard deviation of digital finance before the policy.
    deviation_sd : float, default 0.3
        Standard deviation of city-level random effects in the direct effect.
    rho : float, default 0.78
        Autocorrelation of the errors of productivity and of indicators.
    noise : float, default 1
        Factor of all errors; with 0, only city, year and policy effects remain.
    spatial, reach : float, default 0.2, 200
        The correlation of innovations of two cities is ``spatial * exp(-km / reach)``.
    trend : float, default 0
        Differential trend of productivity of treated cities per year, from the first year on: a
        violation of parallel trends. Mediators have separate trends.
    selection : float, default 1
        Constant difference in levels between treated and other cities, which does not violate
        parallel trends.
    confounding, confounded, related
        See `channels`; the outcome's innovations are those of productivity.
    missing : float, default 0
        Share of observations missing at random, except each city's first one.
    spillover : Spillover, optional
        Spillovers on cities near treated cities. The table then contains longitude and latitude,
        and the truth contains spillover effects.
    system : IndexSystem, optional
        The indicators; ``nqp.index.new_quality_productivity()`` by default.
    names : {"en", "zh"}, default "en"
        Language of columns, levels and cities: English (cities by code) or Chinese.
    seed : int, optional
        Seed; the same seed gives the same panel. None draws a seed at random and records it. Each
        part has a separate random stream.

    Returns
    -------
    Simulated
        The ``frame`` contains the indicators but no index; ``parameters["system"]`` is the system
        of its columns. The outcome of the panel is the index built from it.

    Raises
    ------
    StudyError
        If an argument is out of range.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> simulated = nqp.simulation.cities(seed=1)
    >>> simulated.panel.n_units, simulated.panel.periods
    (285, 14)
    >>> recipe = nqp.ProductivityIndex(simulated.parameters["system"])
    >>> index = recipe.build(simulated.frame, unit="city", time="year")
    >>> bool((index.values.to_numpy() == simulated.panel.outcome).all())
    True
    """
    arguments: dict[str, object] = dict(locals())
    seed, language = seeded(seed), spoken(names)
    first, last = check_years(years, 300)
    factors = check_strata(strata)
    controls = picked(covariates, CITY)
    policy = Policy(
        chosen(mediators), level, growth, dict(contrasts), deviation_sd, moderation, rho, noise,
        trend, selection, confounding, confounded, related,
    )  # fmt: skip
    table = grouped(zone_cities(rule, below_prefecture), seed, language)
    across = near_ones(spatial, reach, table["longitude"].to_numpy(), table["latitude"].to_numpy())
    places = places_of(table, table["city"].to_numpy(dtype=str), factors, language, across)
    shape = (len(table), last - first + 1)
    code, time = (
        np.repeat(np.arange(shape[0]), shape[1]),
        np.tile(np.arange(first, last + 1), shape[0]),
    )
    stay = (stream(seed, "missing").random(code.size) >= missing) | (time == first)
    code, time = code[stay], time[stay]
    base, received = listed(table, code, time, language), None
    if spillover is not None:
        base = placed(base, table, code, language)
        received = received_by(spillover, base, *(say(x, language) for x in ROLES))
    happened = happen(
        places, policy, controls, code, time, (first, last), seed, received=received
    )  # fmt: skip
    indicators = new_quality_productivity() if system is None else system
    written = Written(
        base, say("city", language),
        tuple(say(name, language) for name in factors), code, time - first, shape, indicators,
        language,
    )  # fmt: skip
    parameters = arguments | {
        "mediators": policy.mediators, "covariates": tuple(controls), "strata": factors,
        "years": (first, last), "contrasts": dict(contrasts), "names": language, "seed": seed,
    }  # fmt: skip
    return assembled(written, happened, policy, controls, seed, parameters)
