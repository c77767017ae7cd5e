"""Cities as treated places, with their groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayes_nqp._core.arrays import Index
from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp.data.datasets import province_names
from bayes_nqp.data.simulation._checks import check_size
from bayes_nqp.data.simulation._controls import digital_finance
from bayes_nqp.data.simulation._errors import Across, stream
from bayes_nqp.data.simulation._policy import FACTORS, Places
from bayes_nqp.data.simulation._rows import Assignment
from bayes_nqp.data.simulation._words import PLACES, Language, levels_of, say

ROLES: Final = ("city", "year", "zone_year")
"""Unit, time and cohort of a table of cities."""
_COAST_IS_MARKET = 0.5


def grouped(cities: pd.DataFrame, seed: int, names: Language) -> pd.DataFrame:
    """Add market, levels, digital finance and labels to cities.

    Parameters
    ----------
    cities : DataFrame
        Cities from `zone_cities`.

    Returns
    -------
    DataFrame
        Frame with the columns city and finance, and one column for each of `FACTORS`.
    """
    coastal = cities["coastal"].to_numpy()
    score = stream(seed, "market").standard_normal(len(cities)) + _COAST_IS_MARKET * coastal
    facts = cities.assign(
        code=cities["code"].astype(str), province_name=cities["province"].map(province_names())
    )
    return cities.assign(
        **{column: facts[fact] for column, fact in PLACES[names].items()},
        finance=digital_finance(seed, coastal).round(2),
        market=np.where(score > np.median(score), "high", "low"),
        resource=np.where(cities["resource_based"], "resource", "other"),
    )


def places_of(
    cities: pd.DataFrame,
    labels: npt.NDArray[np.str_],
    strata: Sequence[str],
    names: Language,
    across: Across | None,
    at: Index | None = None,
) -> Places:
    """Assign units to strata and cohorts.

    Parameters
    ----------
    cities : DataFrame
        Cities from `grouped`.
    strata : sequence of str
        Strata of the panel, from `FACTORS`.
    across : callable, optional
        See `joint_errors`.
    at : ndarray of int (unit), optional
        City of every unit, which then is the level of the random effects; by default each unit is a
        city.
    """
    places = cities if at is None else cities.iloc[at].reset_index(drop=True)
    factors = {say(f, names): levels_of(FACTORS[f], names) for f in strata}
    called = {
        say(f, names): places[f].map(
            dict(zip(FACTORS[f], levels_of(FACTORS[f], names), strict=True))
        )
        for f in strata
    }
    # Sorted like levels of panels, so cells have the same order as in a model.
    number, table = _numbered(pd.DataFrame(called, index=places.index))
    who = Assignment(
        labels,
        number,
        places["year"].fillna(0).to_numpy(dtype=np.int64),
        {name: table[name].to_numpy(dtype=str) for name in called},
    )
    return Places(
        who,
        factors,
        np.stack([places[f].to_numpy() == levels[0] for f, levels in FACTORS.items()]),
        np.array([f in strata for f in FACTORS]),
        places["finance"].to_numpy(dtype=np.float64),
        at,
        None if at is None else cities["city"].to_numpy(dtype=str),
        across,
        _numbered(places[list(strata)])[0],
    )


def _numbered(keys: pd.DataFrame) -> tuple[Index, pd.DataFrame]:
    """Number the combinations of levels in sorted order."""
    if keys.shape[1] == 0:
        return np.zeros(len(keys), dtype=np.int64), keys.iloc[:1]
    names = [str(name) for name in keys.columns]
    number = np.asarray(keys.groupby(names, sort=True).ngroup(), dtype=np.int64)
    return number, keys.drop_duplicates().sort_values(names, ignore_index=True)


def listed(cities: pd.DataFrame, at: Index, time: Index, names: Language) -> pd.DataFrame:
    """List the attributes of the city of every row.

    Parameters
    ----------
    cities : DataFrame
        Cities from `grouped`.
    at : ndarray of int (row)
        City.
    time : ndarray of int (row)
        Year.
    """
    places = cities.iloc[at].reset_index(drop=True)
    columns = {
        "city": places["city"], "year": time, "code": places["code"],
        "province": places["province"], "zone_batch": places["batch"], "zone_year": places["year"],
    }  # fmt: skip
    for factor, levels in FACTORS.items():
        called = dict(zip(levels, levels_of(levels, names), strict=True))
        columns[factor] = places[factor].map(called)
    columns["digital_finance"] = places["finance"]
    return pd.DataFrame({say(word, names): column for word, column in columns.items()})


def placed(rows: pd.DataFrame, cities: pd.DataFrame, at: Index, names: Language) -> pd.DataFrame:
    """Add longitude and latitude of the city of every row.

    Parameters
    ----------
    cities : DataFrame
        Cities from `grouped`.
    at : ndarray of int (row)
        City.
    """
    places = cities.iloc[at]
    return rows.assign(**{say(x, names): places[x].to_numpy() for x in ("longitude", "latitude")})


def check_strata(strata: Sequence[str]) -> tuple[str, ...]:
    """Refuse strata that are not groups of cities.

    Raises
    ------
    StudyError
        If a name is unknown, or duplicated.
    """
    factors = (strata,) if isinstance(strata, str) else tuple(strata)
    for name in factors:
        if name not in FACTORS:
            raise StudyError(f"'strata' contains {name!r}", hint=nearest(str(name), FACTORS))
    if len(set(factors)) != len(factors):
        raise StudyError(
            f"'strata' contains a duplicate: {factors!r}", hint="list each of them once"
        )
    return factors


def check_years(years: object, units: int) -> tuple[int, int]:
    """Refuse years incompatible with the pilot zones, or panels beyond memory.

    Parameters
    ----------
    units : int
        Approximate number of units observed in each year.

    Returns
    -------
    tuple of int
        First and last year.

    Raises
    ------
    StudyError
        If they are not two years, one before and one after the first zone.
    """
    bounds = tuple(years) if isinstance(years, Sequence) else ()
    if len(bounds) != 2 or not all(isinstance(y, int | np.integer) for y in bounds):
        raise StudyError(f"'years' is {years!r}", hint="the first and last year: (2010, 2023)")
    first, last = int(bounds[0]), int(bounds[1])
    if not 1 <= first <= 2013 or not 2016 <= last <= 9999:
        raise StudyError(
            f"'years' is {bounds!r}, but zones were established from 2015 on",
            hint="a first year of at most 2013 and a last year of at least 2016",
        )
    check_size(units, last - first + 1)
    return first, last
