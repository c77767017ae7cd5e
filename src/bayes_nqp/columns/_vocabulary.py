"""How columns tend to be called, by the part they play; in English and in Chinese."""

from __future__ import annotations

import re
from typing import Final, Literal

type Part = Literal["unit", "time", "cohort", "treated", "outcome", "covariate", "stratum"]

_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "unit": (
        r"cit(y|ies)", "firm", "count(y|ies|ry|ries)", "state", "province", r"unit", r"\bid\b",
        "stkcd", "code", "symbol", "城市", "地级市", "企业", "公司", "股票",
        "证券", "代码", "省份", "县",
    ),
    "time": (
        "year", r"\btime\b", "period", "quarter", "month", "date", "年份", "年度", "年$", "时间",
        "季度", "月份", "期间", "日期", "accper", "trdmnt",
    ),
    "cohort": (
        "cohort", "first.?treat", "treat.*(year|date)", "(year|date).*treat", "adopt", "start",
        "gname", "gvar", "first_year", "zone_(year|date)", "approv", "获批", "批复", "批准", "入选",
        "(设立|试点|政策|实施|冲击|处理)(年|日|时)",
    ),
    "treated": (
        "treat", "did", "policy", "post", "zone", "pilot", "reform", "program", "batch", "试点",
        "政策", "处理", "综试区", "cbec", "示范", "改革", "批次",
    ),
    "outcome": ("nqp", "outcome", "^y$", "新质", "productiv", "tfp", "生产力", "全要素"),
    "covariate": (
        "gdp", "pop", "fdi", "gov", "invest", "wage", "age", "size", "lev", "open", "urban", "人口",
        "外资", "投资", "财政", "规模", "开放", "城镇", "工资", "杠杆", "年龄",
    ),
    "stratum": (
        "region", "group", "type", "market", "coast", "resource", "class", "sector", "industry",
        "area", "地区", "区域", "类型", "分组", "东中西", "行业", "沿海", "资源", "市场",
    ),
}  # fmt: skip
_CHANNELS: Final[dict[str, tuple[str, ...]]] = {
    "digital": ("digit", "数字"),
    "innovation": ("innov", "patent", "创新", "专利"),
    "finance": ("financ", "credit", "constraint", "融资", "信贷", "金融"),
    "knowledge": ("knowledge", "知识"),
    "upgrading": ("upgrad", "struct", "产业", "升级", "结构"),
}


def sounds_like(part: Part, name: str) -> bool:
    """Tell whether a column's name is one that such columns often have."""
    return any(re.search(word, name, re.IGNORECASE) for word in _WORDS[part])


def channel_of(name: str) -> str | None:
    """Tell which channel a column's name sounds like."""
    for channel, words in _CHANNELS.items():
        if any(re.search(word, name, re.IGNORECASE) for word in words):
            return channel
    return None
