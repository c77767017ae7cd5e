"""Cities on the real calendar and map of the pilot zones, with known effects."""

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
"""Prefecture-level cities set up from 2011 on: yearbooks have no series of theirs from 2010."""


def zone_cities(rule: Rule = "approval_year", below: bool = False) -> pd.DataFrame:
    """List the cities that have series from 2010 on, with the first year of their zone.

    Parameters
    ----------
    rule : {"approval_year", "next_year_after_june"}, default "approval_year"
        The year of approval; or the next year where that was in July or later.
    below : bool, default False
        Whether a zone below prefecture level reaches its prefecture.

    Returns
    -------
    DataFrame
        The columns of `prefectures`, batch and year; both NaN where no zone came.
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
    """Simulate 285 cities that the pilot zones reach in the years in which they did.

    Productivity is ``alpha_i + lambda_t,stratum + (tau_cell + u_i) [treated] + x_it'beta +
    sum_j b_j M_j + error``, mediators as in `channels`. Indicators are linear in productivity,
    and the panel's outcome is their index: entropy weights and bounds from all rows. With these
    weights and bounds the index of the indicators without the policy is known too, so the truth,
    in index points, is exact. Sizes are stated in standard deviations of productivity's
    innovations; ``parameters["gain"]`` is what one of them is worth in the index.

    Parameters
    ----------
    mediators : iterable of str, or mapping of str to Channel
        Names from `CATALOGUE`, or channels by name: digital, innovation and upgrading by default.
    covariates : iterable of str, default ("ln_gdp", "ln_fdi")
        Time-varying, moved by no policy, among "ln_gdp", "ln_loans", "ln_fdi" (logs of output,
        loans and foreign investment) and "ln_science" (of science in public spending).
    strata : sequence of str, default ("region", "market")
        The panel's, among "region" (inland or coastal province), "market" (marketisation low or
        high; drawn, more often high on the coast) and "resource" (resource-based or not). Time
        effects differ between their combinations. All three are columns of the frame.
    years : tuple of int, default (2010, 2023)
        First and last.
    rule : {"approval_year", "next_year_after_june"}, default "approval_year"
        The first treated year.
    below_prefecture : bool, default False
        Whether the eight zones below prefecture level count for their prefectures.
    level, growth : float, default 0.2, 0.2
        Direct effect in the first treated year, and what each further year adds.
    contrasts : mapping of str to float
        Differences of the direct effect: inland minus coastal, low minus high, resource-based
        minus other; half to each side. `CONTRASTS` by default.
    moderation : float, default 0.15
        What one standard deviation of digital finance before the policy adds to the direct
        effect.
    deviation_sd : float, default 0.3
        Standard deviation of the cities' own deviations of the direct effect.
    rho : float, default 0.78
        Autocorrelation of productivity's errors, and of the indicators' own.
    noise : float, default 1
        What all errors are multiplied by; with 0 only cities, years and policy are left.
    spatial, reach : float, default 0.2, 200
        Innovations of two cities correlate by ``spatial * exp(-km / reach)``.
    trend : float, default 0
        What the productivity of treated cities drifts away by a year, from the first on: a
        violation of parallel trends. Mediators have a trend of their own.
    selection : float, default 1
        What treated cities lie above the others in every year, which violates nothing.
    confounding, confounded, related
        As in `channels`; the outcome's innovations are those of productivity.
    missing : float, default 0
        Share of rows left out at random, never a city's first.
    spillover : Spillover, optional
        What cities near others in force receive. The table then has longitude and latitude, and
        the truth received effects.
    system : IndexSystem, optional
        The indicators; ``nqp.index.new_quality_productivity()`` by default.
    names : {"en", "zh"}, default "en"
        Columns, levels and cities in English (cities by code) or Chinese.
    seed : int, optional
        The same seed gives the same panel; None takes one at random and records it. Each part
        has its own stream.

    Returns
    -------
    Simulated
        Its ``frame`` holds the indicators and no index; ``parameters["system"]`` reads its
        columns. The panel's outcome is the index built from it.

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
