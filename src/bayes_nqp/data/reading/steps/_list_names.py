"""Compare names of units and numbers of batches in lists of a policy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final

from bayes_nqp.data.reading._number_words import narrow
from bayes_nqp.data.reading._unit_name_variants import kind_of
from bayes_nqp.data.reading._values import missing, plain
from bayes_nqp.data.reading.steps._names import bare
from bayes_nqp.data.reading.steps._step import Reading

_PROVINCES: Final = (
    "河北|山西|内蒙古|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|广西|海南|四川|贵州|云南|西藏|"
    "陕西|甘肃|青海|宁夏|新疆"
)
_WITHIN: Final = re.compile(rf"(?:{_PROVINCES})(?:省|[^（(]{{0,3}}自治区)?[（(]([^）)]+)[）)]")
"""A province with its cities in brackets: 广东（深圳、珠海）."""
BATCH: Final = re.compile(
    r"第?([一二三四五六七八九十\d]+)(?:批|期|轮|波)|(?:batch|wave|round|phase|tranche)\s*(\d+)"
)
_BETWEEN: Final = re.compile(r"[、，,；;\n]+")
_PROVINCE: Final = re.compile(r"^.{2,6}?(?:省|自治区)(?=..)")


def names_in(reading: Reading, source: Mapping[str, Any]) -> list[str]:
    """Return the names in the data that have a row, of units or of another column."""
    column = reading.frame[source.get("of", reading.parts[0])]
    timed = ~missing(column)
    if (time := reading.roles.get("time")) in reading.frame.columns:
        timed &= ~missing(reading.frame[time])
    return list(dict.fromkeys(map(bare_name, column[timed].unique())))


def parts_of(cell: Any) -> list[str]:
    """List the names in a cell: 保定市、唐山市 are two, and so are 河北（保定、唐山）."""
    text = _WITHIN.sub(r"\1", plain(cell))
    return [x for part in _BETWEEN.split(text) if (x := part.strip())]


def bare_name(name: Any) -> str:
    """Remove blanks between the characters of a name, and note marks at the end."""
    text = bare(str(narrow(plain(name))))
    return str(int(text)) if text.isdecimal() else text


def means(name: str, keys: AbstractSet[str]) -> bool:
    """Return True if a name may be one of these names."""
    return not keys_of(name).isdisjoint(keys)


def keys_of(name: Any) -> set[str]:
    """List the keys under which a name may be found, with and without its province."""
    return {key_of(x) for x in ways_of(bare_name(name))}


def key_of(name: Any) -> str:
    """Remove the administrative type from a name."""
    text = bare_name(name)
    return text.removesuffix(kind_of(text))


def ways_of(name: str) -> tuple[str, str]:
    """Return a name with and without the province before it."""
    return name, _PROVINCE.sub("", name)


def batch_of(text: str) -> str:
    """Return the number of a batch; "" for other words."""
    match = BATCH.search(bare_name(text).casefold())
    return "" if match is None else (match[1] or match[2]).translate(_DIGITS)


_DIGITS: Final = str.maketrans("一二三四五六七八九", "123456789")
