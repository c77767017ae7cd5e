"""Columns and levels of simulated tables, in English and Chinese."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal

from bayes_nqp.errors import StudyError, nearest
from bayes_nqp.index import IndexSystem

__all__ = ["NAMES", "Language", "columns_of", "levels_of", "say", "spoken"]

Language = Literal["en", "zh"]

NAMES: Final[Mapping[str, str]] = {
    "city": "城市", "code": "行政区划代码", "province": "省份", "year": "年份", "firm": "证券代码",
    "zone_batch": "批次", "zone_year": "试点年份", "region": "地区", "market": "市场化",
    "resource": "资源型", "nqp": "新质生产力", "digital_finance": "数字金融", "cbec": "跨境电商",
    "digital": "数字化转型", "finance": "融资约束", "absorption": "知识吸收",
    "integration": "数实融合", "innovation": "技术创新", "breakthrough": "技术突破",
    "transformation": "产业转型", "upgrading": "产业升级", "allocation": "要素配置",
    "combination": "要素组合", "exports": "出口", "agglomeration": "产业集聚",
    "conversion": "技术市场转化", "digital_trade": "数字贸易",
    "ln_gdp": "地区生产总值对数", "ln_loans": "贷款余额对数", "ln_fdi": "外商直接投资对数",
    "ln_science": "科技支出占比对数", "size": "企业规模", "leverage": "资产负债率",
    "roa": "总资产收益率", "government": "政府支出占比",
}  # fmt: skip
"""Columns."""

_LEVELS: Final[Mapping[str, Mapping[str, str]]] = {
    "region": {"inland": "内陆", "coastal": "沿海"},
    "market": {"low": "低", "high": "高"},
    "resource": {"resource": "资源型城市", "other": "非资源型城市"},
}

PROVINCES: Final[Mapping[str, str]] = {
    "北京市": "Beijing", "天津市": "Tianjin", "河北省": "Hebei", "山西省": "Shanxi",
    "内蒙古自治区": "Inner Mongolia", "辽宁省": "Liaoning", "吉林省": "Jilin",
    "黑龙江省": "Heilongjiang", "上海市": "Shanghai", "江苏省": "Jiangsu", "浙江省": "Zhejiang",
    "安徽省": "Anhui", "福建省": "Fujian", "江西省": "Jiangxi", "山东省": "Shandong",
    "河南省": "Henan", "湖北省": "Hubei", "湖南省": "Hunan", "广东省": "Guangdong",
    "广西壮族自治区": "Guangxi", "海南省": "Hainan", "重庆市": "Chongqing", "四川省": "Sichuan",
    "贵州省": "Guizhou", "云南省": "Yunnan", "西藏自治区": "Tibet", "陕西省": "Shaanxi",
    "甘肃省": "Gansu", "青海省": "Qinghai", "宁夏回族自治区": "Ningxia",
    "新疆维吾尔自治区": "Xinjiang",
}  # fmt: skip
"""The 31 provinces of mainland China."""


def spoken(names: str) -> Language:
    """Check the language of the names.

    Raises
    ------
    StudyError
        If it is neither.
    """
    if names == "en":
        return "en"
    if names == "zh":
        return "zh"
    raise StudyError(f"'names' is {names!r}", hint=nearest(str(names), ("en", "zh")))


def say(word: str, names: Language) -> str:
    """Call a column by its name.

    Returns
    -------
    str
        The word itself where it has no Chinese name.
    """
    return NAMES.get(word, word) if names == "zh" else word


def levels_of(factor: str, levels: Iterable[str], names: Language) -> tuple[str, ...]:
    """Call the levels of a factor by their names."""
    return tuple(_LEVELS[factor][level] if names == "zh" else level for level in levels)


def columns_of(system: IndexSystem, names: Language) -> IndexSystem:
    """Let a system read the columns that a simulation writes."""
    if names == "en":
        return system
    return system.using({x.key: x.name_zh or x.data for x in system.indicators})
