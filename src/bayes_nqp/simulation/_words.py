"""Columns and levels of simulated tables, in English and Chinese."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal, cast

import pandas as pd

from bayes_nqp.datasets import province_names
from bayes_nqp.errors import StudyError, nearest
from bayes_nqp.index import IndexSystem
from bayes_nqp.intake import place_labels
from bayes_nqp.labels import Labels
from bayes_nqp.simulation._policy import FACTORS

__all__ = ["NAMES", "Language", "columns_of", "labelled", "levels_of", "say", "spoken"]

Language = Literal["en", "zh"]

_CHINESE: Final[Mapping[str, str]] = {
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
NAMES: Final[Mapping[str, Mapping[str, str]]] = {"en": {}, "zh": _CHINESE}
"""Columns, where they are not called by their English names."""

_LEVELS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {},
    "zh": {
        "inland": "内陆", "coastal": "沿海", "low": "低", "high": "高", "resource": "资源型城市",
        "other": "非资源型城市",
    },
}  # fmt: skip


def spoken(names: str) -> Language:
    """Check the language of the names.

    Raises
    ------
    StudyError
        If it is neither.
    """
    if names not in NAMES:
        raise StudyError(f"'names' is {names!r}", hint=nearest(str(names), NAMES))
    return cast(Language, names)


def say(word: str, names: Language) -> str:
    """Call a column by its name.

    Returns
    -------
    str
        The word itself where it has no Chinese name.
    """
    return NAMES[names].get(word, word)


def levels_of(levels: Iterable[str], names: Language) -> tuple[str, ...]:
    """Call the levels of a factor by their names."""
    return tuple(_LEVELS[names].get(level, level) for level in levels)


def columns_of(system: IndexSystem, names: Language) -> IndexSystem:
    """Let a system read the columns that a simulation writes."""
    columns = {"zh": {one.key: one.name_zh or one.data for one in system.indicators}}
    return system.using(columns[names]) if names in columns else system


def labelled(frame: pd.DataFrame, names: Language) -> Labels:
    """Call columns, levels and places of a simulated table as the other language does."""
    provinces = {english: chinese for chinese, english in province_names().items()}
    levels = {**dict.fromkeys(FACTORS, _LEVELS["zh"]), "province": provinces}
    entries: list[tuple[str, str, str | None, str]] = []
    for word in (x for x in _CHINESE if say(x, names) in frame.columns):
        called: list[tuple[str | None, str, str]] = [(None, word, _CHINESE[word])]
        called += [(level, level, chinese) for level, chinese in levels.get(word, {}).items()]
        for level, english, chinese in called:
            other = {"en": ("zh", word, level, chinese),
                     "zh": ("en", _CHINESE[word], level and chinese, english)}  # fmt: skip
            entries.append(other[names])
    places = place_labels(frame, say("city", names)) if say("city", names) in frame else {}
    return Labels(tuple(entries)) | Labels.of(places)
