"""Simulated provinces with a growing exposure to cross-border e-commerce."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.types import Seed
from bayes_nqp._core.validation import door
from bayes_nqp.data.datasets import pilot_zones, prefectures
from bayes_nqp.data.index import IndexSystem, new_quality_productivity
from bayes_nqp.data.panel import Panel
from bayes_nqp.data.simulation._assemble import Written, assembled
from bayes_nqp.data.simulation._catalogue import CATALOGUE, chosen
from bayes_nqp.data.simulation._checks import Correlation, Size
from bayes_nqp.data.simulation._constants import Constants
from bayes_nqp.data.simulation._controls import CITY, picked
from bayes_nqp.data.simulation._errors import errors_of, near_ones, seeded, stream
from bayes_nqp.data.simulation._mediated import Channel
from bayes_nqp.data.simulation._places import (
    check_strata,
    check_years,
    grouped,
    listed,
    placed,
    places_of,
)
from bayes_nqp.data.simulation._policy import Policy, happen
from bayes_nqp.data.simulation._spillover import Feedback
from bayes_nqp.data.simulation._truth import Simulated
from bayes_nqp.data.simulation._words import Language, say, spoken
from bayes_nqp.data.spatial_weights import nearest

PROVINCE_CHANNELS: Final[Mapping[str, Channel]] = Constants(
    {
        name: replace(channel, level=0.3 * channel.level, growth=0.0, deviation_sd=0.05)
        for name, channel in CATALOGUE.items()
    }
)
"""Like `CATALOGUE`, per point of exposure, without growth; smaller, because exposure exceeds 1."""

_RAMP, _BEFORE, _ROUGH, _STEP, _SIZE = 3.0, 0.1, 0.2, 2.0, 0.5
"""Time constant of a zone's effect in years; exposure per year before zones; innovation SD of log
exposure; points of exposure per square root of the number of zones; SD of log exposure between
provinces."""


@door
def provinces(
    *,
    mediators: Iterable[str] | Mapping[str, Channel] = ("digital_trade", "upgrading"),
    covariates: Iterable[str] = ("ln_gdp",),
    strata: Sequence[str] = ("region",),
    years: Sequence[int] = (2011, 2022),
    level: float = 0.2,
    contrasts: Mapping[str, float] = Constants({"region": -0.1}),
    moderation: float = 0.05,
    deviation_sd: Size = 0.05,
    rho: Correlation = 0.7,
    noise: Size = 1.0,
    spatial: float = 0.2,
    reach: float = 500.0,
    trend: float = 0.0,
    selection: float = 1.0,
    confounding: float = 0.0,
    confounded: str | None = None,
    related: float = 0.0,
    spillover: float = 0.0,
    neighbours: int = 4,
    lag: Correlation = 0.0,
    coordinates: bool = False,
    system: IndexSystem | None = None,
    names: str = "en",
    seed: Seed | None = None,
) -> Simulated:
    """Simulate 31 provinces with growing exposure to cross-border e-commerce.

    The model is that of `cities`, with a continuous exposure ``cbec`` (points, such as percent of
    trade) instead of a binary treatment. Productivity increases by ``(beta_stratum + theta Z_i +
    u_i) cbec_it``, and every mediator by ``(a + v_i) cbec_it``. Exposure follows the actual dates:
    it is small before the first zone of a province, and rises with the number of zones and their
    age. Effects are per point; cells are stratum × time over all observations, as in a
    `ContinuousExposure`.

    Parameters
    ----------
    mediators : iterable of str, or mapping of str to Channel
        Names from `PROVINCE_CHANNELS`, or channels by name, per point of exposure and without
        growth or interaction: digital trade and industrial upgrading by default.
    covariates : iterable of str, default ("ln_gdp",)
        See `cities`.
    strata : sequence of str, default ("region",)
        "region", "market" or both.
    years : tuple of int, default (2011, 2022)
        First and last.
    level : float, default 0.2
        Direct effect of a point of exposure.
    contrasts : mapping of str to float, default {"region": -0.1}
        Inland minus coastal, low minus high marketisation.
    moderation : float, default 0.05
        Change of the direct effect of a point per standard deviation of digital finance before the
        policy.
    deviation_sd : float, default 0.05
        Standard deviation of province-level random effects in the direct effect.
    rho : float, default 0.7
        Autocorrelation of errors.
    noise, spatial, reach
        See `cities`, with a longer reach.
    trend, selection : float, default 0, 1
        Differential trend per year, and difference in levels, per standard deviation of a
        province's mean exposure. With a trend, effects are not identified.
    confounding, confounded, related
        See `channels`.
    spillover : float, default 0
        Effect on productivity of one point of the mean exposure of linked provinces.
    neighbours : int, default 4
        Number of nearest provinces that are linked, in either direction.
    lag : float, default 0
        Coefficient of the mean productivity of linked provinces in the same year, between -1 and 1.
        With a lag or a spillover, the truth is the effect of one more point in all provinces: own
        paths including feedback, and the spillover effect "received".
    coordinates : bool, default False
        If True, the table contains longitude and latitude of the first prefecture; always included
        if provinces are linked.
    system, names, seed
        See `cities`.

    Returns
    -------
    Simulated
        See `cities`; the panel has an exposure and no cohort.

    Raises
    ------
    StudyError
        If an argument is out of range.

    Examples
    --------
    >>> from bayes_nqp.data import simulation
    >>> simulated = simulation.provinces(seed=1)
    >>> simulated.panel.n_units, simulated.panel.roles.exposures
    (31, ('cbec',))
    """
    arguments: dict[str, object] = dict(locals())
    seed, language = seeded(seed), spoken(names)
    first, last = check_years(years, 31)
    factors = check_strata(strata)
    if "resource" in factors or "resource" in contrasts:
        raise StudyError(
            "'resource' is a stratum of cities, not of provinces", hint="'region', 'market' or both"
        )
    controls = picked(covariates, CITY)
    policy = Policy(
        _per_point(mediators), level, 0.0, dict(contrasts), deviation_sd, moderation, rho, noise,
        trend, selection, confounding, confounded, related,
    )  # fmt: skip
    table = grouped(_table(), seed, language)
    table["city"] = table["province"]
    across = near_ones(spatial, reach, table["longitude"].to_numpy(), table["latitude"].to_numpy())
    places = places_of(table, table["city"].to_numpy(dtype=str), factors, language, across)
    shape = (len(table), last - first + 1)
    code = np.repeat(np.arange(shape[0]), shape[1])
    time = np.tile(np.arange(first, last + 1), shape[0])
    dose = _exposure(table["prefecture"].tolist(), (first, last), seed)
    base = listed(table, code, time, language)
    base = base.drop(columns=[say(c, language) for c in ("city", "zone_batch", "resource")])
    base[say("cbec", language)] = dose
    if spillover or lag or coordinates:
        base = placed(base, table, code, language)
    links = _links(base, neighbours, language) if spillover or lag else np.zeros((shape[0],) * 2)
    near = spillover * links @ dose.reshape(shape)
    feedback = Feedback(links, lag, spillover) if spillover or lag else None
    happened = happen(places, policy, controls, code, time, (first, last), seed, dose, near=near,
                      feedback=feedback)  # fmt: skip
    written = Written(
        base, say("province", language), tuple(say(name, language) for name in factors), code,
        time - first, shape, new_quality_productivity() if system is None else system, language,
        say("cbec", language),
    )  # fmt: skip
    return assembled(written, happened, policy, controls, seed, arguments | {
        "mediators": policy.mediators, "covariates": tuple(controls), "strata": factors,
        "years": (first, last), "contrasts": dict(contrasts), "names": language, "seed": seed,
    })  # fmt: skip


def _links(base: pd.DataFrame, neighbours: int, language: Language) -> Array:
    """Return weights of the nearest provinces, in the order of the table (unit, unit)."""
    unit, time = say("province", language), say("year", language)
    panel = Panel.from_frame(base, unit=unit, time=time, outcome=say("cbec", language))
    names = base[unit].drop_duplicates().to_numpy(dtype=str)
    return np.asarray(nearest(panel, k=neighbours).aligned(names).matrix.toarray())


def _per_point(mediators: Iterable[str] | Mapping[str, Channel]) -> dict[str, Channel]:
    selected = chosen(mediators)
    if not isinstance(mediators, Mapping):
        return {name: PROVINCE_CHANNELS[name] for name in selected}
    for name, channel in selected.items():
        if channel.growth or channel.interaction:
            raise StudyError(
                f"'mediators' {name!r} has growth or an interaction, but exposure is continuous",
                hint="simulation.Channel(level=0.2, growth=0.0)",
            )
    return selected


def _table() -> pd.DataFrame:
    """Return provinces in the columns of `zone_cities`, located at the first prefecture."""
    table = prefectures().drop_duplicates("province").reset_index(drop=True)
    zones = pilot_zones().sort_values("approved", kind="stable").drop_duplicates("province")
    years = zones.set_index("province")["approved"].dt.year
    return table.assign(
        prefecture=table["province"],
        code=table["code"] // 10_000 * 10_000,
        resource_based=False,
        batch=table["province"].map(zones.set_index("province")["batch"]).astype(np.float64),
        year=table["province"].map(years).astype(np.float64),
    )


def _exposure(names: Sequence[str], years: tuple[int, int], seed: Seed) -> Array:
    """Draw the exposure of all observations, by province."""
    grid = np.arange(years[0], years[1] + 1)
    zones = pilot_zones()
    come = zones["approved"].dt.year.to_numpy()
    rng = stream(seed, "exposure")
    rough = np.exp(errors_of("ar1", rng, (len(names), grid.size), 0.8, _ROUGH))
    size = np.exp(_SIZE * rng.standard_normal(len(names)))
    exposure = np.empty((len(names), grid.size))
    for k, name in enumerate(names):
        age = grid - come[zones["province"].to_numpy() == name][:, None] + 1.0
        going = np.where(age > 0, 1.0 - np.exp(-age / _RAMP), 0.0).sum(axis=0)
        exposure[k] = size[k] * (_STEP * np.sqrt(going) + _BEFORE * (1.0 + np.arange(grid.size)))
    return np.round(exposure * rough, 4).ravel()
