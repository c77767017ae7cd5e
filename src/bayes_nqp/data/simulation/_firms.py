"""Simulated listed firms in cities treated by the pilot zones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from bayes_nqp._core.arrays import Index
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.types import Seed
from bayes_nqp._core.validation import door
from bayes_nqp.data.index import IndexSystem
from bayes_nqp.data.simulation._assemble import Written, assembled
from bayes_nqp.data.simulation._catalogue import chosen
from bayes_nqp.data.simulation._checks import Correlation, Share, Size
from bayes_nqp.data.simulation._cities import CONTRASTS, Rule, zone_cities
from bayes_nqp.data.simulation._controls import FIRM, picked
from bayes_nqp.data.simulation._errors import seeded, shared_by_groups, stream
from bayes_nqp.data.simulation._indicators import firm_productivity
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

_STEEP: Final = 0.8  # exponent of the number of firms in the rank of a city
_NO_BATCH: Final = 9.0
_FROM_START, _LEAVES, _LATEST = 0.4, 0.02, 4
"""Share of firms observed from the first year on, share of firms that leave in a year, and number
of final years without entry."""


def homes(cities: pd.DataFrame, count: int, n_firms: int, seed: int) -> tuple[pd.DataFrame, Index]:
    """Choose cities, and assign each firm to a city.

    Parameters
    ----------
    cities : DataFrame
        Cities with the column batch.

    Returns
    -------
    DataFrame
        The cities with firms.
    ndarray of int (firm)
        Position of each firm's city.
    """
    rng = stream(seed, "homes")
    # More firms are in cities with early zones: large, open cities.
    early = cities["batch"].fillna(_NO_BATCH).to_numpy()
    chosen = np.sort(np.argsort(early + 30.0 * rng.random(len(cities)))[:count])
    sample = cities.iloc[chosen].reset_index(drop=True)
    order = np.argsort(early[chosen] + 4.0 * rng.random(count))
    weight = np.empty(count)
    weight[order] = (1.0 + np.arange(count)) ** -_STEEP
    more = rng.choice(count, n_firms - count, p=weight / weight.sum())
    return sample, np.sort(np.concatenate([np.arange(count), more]))


def spells(
    cohort: Index, years: tuple[int, int], newcomers: float, missing: float, seed: int
) -> tuple[Index, Index]:
    """Draw the years in which firms are observed.

    Parameters
    ----------
    cohort : ndarray of int (firm)
        First treated year, 0 if never treated.
    years : tuple of int
        First and last year.
    newcomers : float
        Share of firms in treated cities that may enter after treatment.
    missing : float
        Share of observations missing at random, except each firm's first one.

    Returns
    -------
    tuple of ndarray of int (row)
        Firm, year; at least two observations per firm before random deletion.
    """
    rng, firms = stream(seed, "spells"), cohort.size
    first, last = years
    start = first + rng.integers(1, max(2, last - first - _LATEST + 1), firms)
    start = np.where(rng.random(firms) < _FROM_START, first, start)
    late = rng.random(firms) < newcomers
    start = np.where((cohort > 0) & ~late, np.minimum(start, cohort - 1), start)
    stay = rng.geometric(_LEAVES, firms)
    end = np.minimum(last, start + np.maximum(stay, 1))
    grid = np.arange(first, last + 1)
    observed = (grid >= start[:, None]) & (grid <= end[:, None])
    observed &= (rng.random(observed.shape) >= missing) | (grid == start[:, None])
    code, period = np.nonzero(observed)
    return code, grid[period]


@door
def firms(
    *,
    n_firms: int = 4000,
    cities: int = 250,
    mediators: Iterable[str] | Mapping[str, Channel] = ("digital", "finance"),
    covariates: Iterable[str] = ("size", "leverage"),
    strata: Sequence[str] = ("region", "market"),
    years: Sequence[int] = (2010, 2023),
    rule: Rule = "approval_year",
    below_prefecture: bool = False,
    level: float = 0.2,
    growth: float = 0.15,
    contrasts: Mapping[str, float] = CONTRASTS,
    moderation: float = 0.15,
    deviation_sd: Size = 0.3,
    rho: Correlation = 0.6,
    noise: Size = 1.0,
    common: Share = 0.0,
    trend: float = 0.0,
    selection: float = 1.0,
    confounding: float = 0.0,
    confounded: str | None = None,
    related: float = 0.0,
    newcomers: float = 0.0,
    missing: Share = 0.02,
    spillover: Spillover | None = None,
    system: IndexSystem | None = None,
    names: str = "en",
    seed: Seed | None = None,
) -> Simulated:
    """Simulate listed firms in cities treated in the actual years of the pilot zones.

    The model is that of `cities`, with the following differences. Firms are distributed unevenly
    over cities, with more firms in cities with early zones. They are listed and delisted in
    different years, so the panel is unbalanced. Random effects vary by city: ``varying="city"``.

    Parameters
    ----------
    n_firms, cities : int, default 4000, 250
        Number of firms and number of cities (of 285); every city has at least one firm.
    mediators
        See `cities`; digital transformation and financing constraints by default.
    covariates : iterable of str, default ("size", "leverage")
        Covariates among "size" (log assets), "leverage" and "roa".
    strata, years, rule, below_prefecture
        See `cities`; groups are those of the firm's city.
    level, growth : float, default 0.2, 0.15
        Direct effect in the first treated year, and its increase in each further year.
    contrasts, moderation
        See `cities`.
    deviation_sd : float, default 0.3
        Standard deviation of city-level random effects in the direct effect.
    rho : float, default 0.6
        Autocorrelation of the firms' errors.
    noise
        See `cities`.
    common : float, default 0
        Correlation of the innovations of two firms in one city. If the model assumes independent
        firms, intervals are then too narrow.
    trend, selection, confounding, confounded, related
        See `cities`.
    newcomers : float, default 0
        Share of the firms in treated cities that may be listed after the zone was established.
        These firms are treated in all observations, so their untreated level is not identified;
        models refuse them, or drop them on request.
    missing : float, default 0.02
        Share of observations missing at random, except each firm's first one.
    spillover : Spillover, optional
        Spillovers on firms near treated firms, such as ``Rings([100, 200], city="city")``. The
        table then contains longitude and latitude of the firm's city.
    system : IndexSystem, optional
        The indicators; `firm_productivity` by default.
    names, seed
        See `cities`.

    Returns
    -------
    Simulated
        See `cities`.

    Raises
    ------
    StudyError
        If an argument is out of range.

    Examples
    --------
    >>> from bayes_nqp.data import simulation
    >>> simulated = simulation.firms(n_firms=200, cities=40, seed=1)
    >>> simulated.panel.n_units, simulated.truth["path"].to_numpy().tolist()
    (200, ['total', 'direct', 'digital', 'finance'])
    """
    arguments: dict[str, object] = dict(locals())
    seed, language = seeded(seed), spoken(names)
    first, last = check_years(years, n_firms)
    factors = check_strata(strata)
    _check(n_firms, cities, newcomers)
    controls = picked(covariates, FIRM)
    policy = Policy(
        chosen(mediators), level, growth, dict(contrasts), deviation_sd, moderation, rho, noise,
        trend, selection, confounding, confounded, related,
    )  # fmt: skip
    table, home = homes(grouped(zone_cities(rule, below_prefecture), seed, language), cities,
                        n_firms, seed)  # fmt: skip
    labels = np.array([f"{k + 1:06d}" for k in range(n_firms)], dtype=str)
    places = places_of(table, labels, factors, language, shared_by_groups(common, home), home)
    code, time = spells(places.who.cohort, (first, last), newcomers, missing, seed)
    base, received = listed(table, home[code], time, language), None
    base.insert(0, say("firm", language), labels[code])
    if spillover is not None:
        base = placed(base, table, home[code], language)
        roles = (say("firm", language), *(say(x, language) for x in ROLES[1:]))
        received = received_by(spillover, base, *roles)
    happened = happen(places, policy, controls, code, time, (first, last), seed, received=received)
    written = Written(
        base, say("firm", language), tuple(say(name, language) for name in factors), code,
        time - first, (n_firms, last - first + 1),
        firm_productivity() if system is None else system, language,
    )  # fmt: skip
    parameters = arguments | {
        "mediators": policy.mediators, "covariates": tuple(controls), "strata": factors,
        "years": (first, last), "contrasts": dict(contrasts), "names": language, "seed": seed,
    }  # fmt: skip
    return assembled(written, happened, policy, controls, seed, parameters)


def _check(n_firms: int, cities: int, newcomers: float) -> None:
    most = len(zone_cities())
    if not 20 <= cities <= most:
        raise StudyError(f"'cities' is {cities!r}", hint=f"a whole number from 20 to {most}")
    if n_firms < cities:
        raise StudyError(
            f"'n_firms' is {n_firms!r}, for {cities} cities", hint="at least one firm in each city"
        )
    if not 0.0 <= newcomers <= 1.0:
        raise StudyError(f"'newcomers' is {newcomers!r}", hint="a share from 0 to 1")
