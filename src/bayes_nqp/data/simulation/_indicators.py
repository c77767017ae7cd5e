"""Indicators of firm productivity, and their index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.arrays import Index as Rows
from bayes_nqp._core.validation import door
from bayes_nqp.data.index import Dimension, Index, IndexSystem, Indicator, ProductivityIndex
from bayes_nqp.data.simulation._errors import joint_errors, stream


@door
def firm_productivity() -> IndexSystem:
    """Return a system for listed firms: labour, its objects, and hard and soft means.

    References
    ----------
    宋佳、张金昌、潘艺 (2024). ESG发展对企业新质生产力影响的研究. 当代经济管理 46(6).

    Examples
    --------
    >>> from bayes_nqp.data import simulation
    >>> len(simulation.firm_productivity().keys)
    11
    """
    return IndexSystem(
        (
            Dimension(
                "labour",
                (
                    Indicator("pay_research", name_zh="研发人员薪资占比", unit="%"),
                    Indicator("staff_research", name_zh="研发人员占比", unit="%"),
                    Indicator("staff_educated", name_zh="高学历人员占比", unit="%"),
                ),
                "labour", "劳动力",
            ),
            Dimension(
                "objects",
                (
                    Indicator("fixed_assets", name_zh="固定资产占比", unit="%"),
                    Indicator("manufacturing_cost", name_zh="制造费用占比", unit="%"),
                ),
                "objects of labour", "劳动对象",
            ),
            Dimension(
                "hard",
                (
                    Indicator("depreciation_research", name_zh="研发折旧摊销占比", unit="%"),
                    Indicator("lease_research", name_zh="研发租赁费占比", unit="%"),
                    Indicator("direct_research", name_zh="研发直接投入占比", unit="%"),
                    Indicator("intangible_assets", name_zh="无形资产占比", unit="%"),
                ),
                "hard technology", "硬科技",
            ),
            Dimension(
                "soft",
                (
                    Indicator("turnover", name_zh="总资产周转率", unit="times a year"),
                    Indicator("equity", name_zh="权益乘数倒数", unit="ratio"),
                ),
                "soft technology", "软科技",
            ),
        ),
        "new quality productivity of firms", "企业新质生产力",
    )  # fmt: skip


_MOVED, _OWN, _SPREAD, _SKEW, _GROWTH, _START = 0.06, 0.5, 0.30, 0.6, 0.02, 2.0
"""Parameters relative to the level of an indicator: slope per SD of productivity's innovations;
specific errors, as a share of the slope; SD between units, and its log-normal skew, to which
entropy weights respond; growth per year; initial level of negative indicators."""

_LEVELS: Final[Mapping[str, float]] = {
    "schooling": 9.3, "college_students": 180.0, "research_staff": 30.0,
    "labour_productivity": 60_000.0, "wage": 65_000.0, "service_employment": 25.0,
    "start_ups": 1.0, "emerging_industries": 12.0, "robots": 100.0, "forest": 20.0,
    "environmental_spending": 3.0, "waste_water": 2.0, "sulphur_dioxide": 1.5, "roads": 1.1,
    "optical_cable": 0.1, "broadband_ports": 0.5, "energy_intensity": 0.35,
    "renewable_energy": 15.0, "patents": 10.0, "research_intensity": 1.8,
    "digital_economy": 0.3, "firm_digitalisation": 30.0,
    "staff_research": 14.0, "staff_educated": 28.0, "pay_research": 6.0, "fixed_assets": 20.0,
    "manufacturing_cost": 12.0, "depreciation_research": 0.4, "lease_research": 0.1,
    "direct_research": 1.2, "intangible_assets": 4.5, "turnover": 0.6, "equity": 1.7,
}  # fmt: skip
"""Round numbers of the order of the statistics; they only set units."""


@dataclass(frozen=True, eq=False)
class Measured:
    """Indicators of all observations by column, with their slopes on productivity."""

    frame: pd.DataFrame
    moved: Array


def indicators_of(
    system: IndexSystem,
    productivity: Array,
    code: Rows,
    period: Rows,
    shape: tuple[int, int],
    rho: float,
    noise: float,
    seed: int,
) -> Measured:
    """Draw indicators that are linear in productivity.

    Units have log-normal levels, common to a dimension of the system. The errors of indicators have
    the autocorrelation of productivity, so the errors of the index also follow an AR(1) process.

    Parameters
    ----------
    productivity : ndarray (row)
        Productivity in standard deviations of its innovations.
    code, period : ndarray of int (row)
        Unit; period, from 0.
    shape : tuple of int
        Units, periods.
    rho : float
        Autocorrelation.
    noise : float
        Factor of all errors.
    """
    sizes = [len(d.indicators) for d in system.dimensions]
    dimension = np.repeat(np.arange(len(sizes)), sizes)
    count, rng = dimension.size, stream(seed, "levels of indicators")
    common = rng.standard_normal((shape[0], 1)) * np.sqrt(0.4)
    part = rng.standard_normal((shape[0], len(sizes)))[:, dimension] * np.sqrt(0.3)
    normal = common + part + rng.standard_normal((shape[0], count)) * np.sqrt(0.3)
    levels = np.expm1(_SKEW * normal - 0.5 * _SKEW**2)
    noises = noise * joint_errors(
        stream(seed, "errors of indicators"), shape, np.full(count, rho), np.full(count, _OWN),
        np.eye(count),
    )  # fmt: skip
    positive = np.array([x.direction == "positive" for x in system.indicators])
    better = np.where(positive, 1.0, -1.0)
    level = np.array([_LEVELS.get(indicator.key, 10.0) for indicator in system.indicators])
    # Loadings differ, so indicators are not copies of each other.
    load = 0.6 + 0.1 * (np.arange(count) * 3 % 5)
    better = better * _MOVED
    # Negative indicators decrease over time, and must stay positive.
    start = np.where(better > 0, 1.0, _START)
    values = start + _SPREAD * levels[code] + better * _GROWTH / _MOVED * period[:, None]
    values += better * (load * productivity[:, None] + noises[code, period])
    columns = [indicator.data for indicator in system.indicators]
    return Measured(pd.DataFrame(level * values, columns=columns), np.abs(level * better * load))


def indexed(
    recipe: ProductivityIndex, frame: pd.DataFrame, unit: str, time: str, moved: Array
) -> tuple[Index, float]:
    """Build the index, and return its slope on productivity.

    Given the weights and bounds of the data, the index is linear in the indicators, which are
    linear in productivity.

    Parameters
    ----------
    frame : DataFrame
        Frame with the indicators.
    unit, time : str
        Columns of the unit and the time.
    moved : ndarray (indicator)
        See `Measured`.

    Returns
    -------
    float
        Index points per standard deviation of productivity's innovations.
    """
    index = recipe.build(frame, unit=unit, time=time)
    values = frame[[indicator.data for indicator in recipe.system.indicators]].to_numpy()
    weights = index.weights["weight"].to_numpy()
    return index, float(weights @ (moved / np.ptp(values, axis=0)))
