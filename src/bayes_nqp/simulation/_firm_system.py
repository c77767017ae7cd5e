"""Indicators of a firm's new quality productivity."""

from __future__ import annotations

from bayes_nqp.doors import door
from bayes_nqp.index import Dimension, IndexSystem, Indicator


@door
def firm_productivity() -> IndexSystem:
    """A system for listed firms: labour, its objects, and hard and soft means.

    References
    ----------
    宋佳、张金昌、潘艺 (2024). ESG发展对企业新质生产力影响的研究. 当代经济管理 46(6).

    Examples
    --------
    >>> from bayes_nqp import simulation
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
