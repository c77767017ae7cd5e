"""Match names and codes of any spelling to prefectures."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, Final

import pandas as pd

from bayes_nqp.data.datasets import prefectures, read_toml

_NOISE: Final = re.compile(r"[\s\u200b-\u200f\u2060\ufeff·•,，、。/\\|_\-—–()\[\]【】'\"“”*]")
_CODE: Final = re.compile(r"\d+(?:\.0+)?")
_PEOPLES: Final = re.compile(
    r"(?:(?:朝鲜|傣|景颇|布依|苗|侗|土家|藏|羌|彝|白|傈僳|哈尼|壮|回|蒙古|哈萨克|柯尔克孜)族|"
    r"(?<=博尔塔拉|巴音郭楞)蒙古|(?<=伊犁)哈萨克|(?<=克孜勒苏)柯尔克孜)+$"
)
_ENDING: Final = re.compile(r"(?:自治州|地区|盟|市)$")
_PROVINCIAL: Final = re.compile(r"(?:(?:壮族|回族|维吾尔)?自治区|省|市)$")
_DISTRICTS: Final = frozenset({"市辖区", "辖区", "市区", "县", "市县"})


@dataclass(frozen=True, slots=True)
class Match:
    """Prefecture matched to one value.

    Parameters
    ----------
    code : int or None
        Code of the prefecture; None without a match.
    remark : str
        Reason why there is no match, or why it is doubtful.
    nearest : tuple of str
        Similar names of prefectures.
    provincial : bool
        True if the value is the name or code of a province.
    """

    code: int | None
    remark: str = ""
    nearest: tuple[str, ...] = ()
    provincial: bool = False


@dataclass(frozen=True, slots=True)
class _Gazetteer:
    names: dict[int, str]
    provinces: dict[int, str]
    by_stem: dict[str, int]
    provincial: dict[str, str]
    parts: dict[str, str]
    codes: dict[int, int]
    dissolved: frozenset[int]


def match(value: Any, province: Any = None) -> Match:
    """Find the prefecture of a cell.

    Parameters
    ----------
    value : object
        Cell with a name or a code.
    province : object, optional
        Province in the same row.
    """
    if value is None or pd.isna(value):
        return Match(None, "missing")
    text = unicodedata.normalize("NFKC", str(value)).strip()
    text = text if _CODE.fullmatch(text) else _NOISE.sub("", text)
    if not text:
        return Match(None, "missing")
    place = _by_code(text) if _CODE.fullmatch(text) else _by_name(text, _province(province))
    return _checked(place, _province(province))


def _province(value: Any) -> str | None:
    if value is None or pd.isna(value):
        return None
    return _gazetteer().provincial.get(_NOISE.sub("", unicodedata.normalize("NFKC", str(value))))


def _checked(place: Match, province: str | None) -> Match:
    """Reject a prefecture that is not in the province of the row."""
    if place.code is None or province is None:
        return place
    name, home = _gazetteer().names[place.code], _gazetteer().provinces[place.code]
    if home == province:
        return place
    return Match(None, f"{name} is in {home}, but the row gives {province}", (name,))


def _by_code(text: str) -> Match:
    gazetteer = _gazetteer()
    digits = text.partition(".")[0]
    if len(digits) == 12 and digits.endswith("000000"):
        digits = digits[:6]
    if len(digits) not in (4, 6):
        return Match(None, "not a code of 4 or 6 digits")
    code = int(digits.ljust(6, "0"))
    code = gazetteer.codes.get(code, code)
    if code in gazetteer.names:
        return Match(code, _gone(code))
    if code % 10_000 == 0 and any(home // 10_000 == code // 10_000 for home in gazetteer.names):
        return Match(None, "the code of a province", provincial=True)
    around = gazetteer.codes.get(code // 100 * 100, code // 100 * 100)
    if around in gazetteer.names:
        return Match(None, "a code below prefecture level", (gazetteer.names[around],))
    return Match(None, "no prefecture has this code")


def _by_name(text: str, province: str | None) -> Match:
    gazetteer = _gazetteer()
    text = text.removeprefix("中国") or text
    place = _plain(text)
    if place is not None:
        if text not in gazetteer.provincial or province is not None:
            return Match(place, _gone(place))
        name = gazetteer.names[place]
        also = gazetteer.provincial[text]
        remark = "" if name == also else f"also a province, {also}; read as {name}"
        return Match(place, remark, provincial=True)
    if text in gazetteer.provincial:
        return Match(None, f"a province, {gazetteer.provincial[text]}", provincial=True)
    if text in gazetteer.parts:
        return Match(None, "below prefecture level", (gazetteer.parts[text],))
    for prefix in sorted(gazetteer.provincial, key=len, reverse=True):
        remainder = text.removeprefix(prefix)
        if remainder not in ("", text):
            return _within(remainder, gazetteer.provincial[prefix])
    return Match(None, "no prefecture with this name", _similar(text))


def _within(remainder: str, province: str) -> Match:
    gazetteer = _gazetteer()
    place = _plain(remainder)
    if place is not None:
        return _checked(Match(place, _gone(place)), province)
    if remainder in _DISTRICTS and province in gazetteer.by_stem:
        return Match(gazetteer.by_stem[province])
    if remainder in gazetteer.parts:
        return Match(None, "below prefecture level", (gazetteer.parts[remainder],))
    return Match(None, f"no prefecture with this name in {province}", _similar(remainder, province))


def _plain(text: str) -> int | None:
    by_stem = _gazetteer().by_stem
    for name in (text, stem(text), _PEOPLES.sub("", text.removesuffix("州"))):
        if name in by_stem:
            return by_stem[name]
    return None


def stem(name: str) -> str:
    """Remove the administrative type from a prefecture's name."""
    return _PEOPLES.sub("", _ENDING.sub("", name)) or name


def _similar(text: str, province: str | None = None) -> tuple[str, ...]:
    gazetteer = _gazetteer()
    stems = {
        stem: gazetteer.names[code]
        for stem, code in gazetteer.by_stem.items()
        if province in (None, gazetteer.provinces[code])
    }
    starting = [stems[text[:n]] for n in range(len(text), 1, -1) if text[:n] in stems]
    close = get_close_matches(stem(text), stems, n=6, cutoff=0.5)
    close.sort(key=lambda stem: stem[0] != text[0])
    return tuple(dict.fromkeys([*starting, *(stems[stem] for stem in close)]))[:3]


def _gone(code: int) -> str:
    return "no longer a prefecture" if code in _gazetteer().dissolved else ""


@cache
def _gazetteer() -> _Gazetteer:
    df, today = prefectures(dissolved=True), set(prefectures()["code"])
    former = read_toml("former_prefectures.toml")
    names = {int(code): str(name) for code, name in zip(df["code"], df["prefecture"], strict=True)}
    codes_by_name = {name: code for code, name in names.items()}
    codes_by_name |= {old: codes_by_name[new] for old, new in former["renamed"].items()}
    provinces = sorted(set(df["province"]))
    provincial = {name: name for name in provinces}
    provincial |= {_PROVINCIAL.sub("", name): name for name in provinces}
    within = read_toml("pilot_zones.toml")["within"]
    return _Gazetteer(
        names=names,
        provinces=dict(zip(names, df["province"], strict=True)),
        by_stem=codes_by_name | {stem(name): code for name, code in codes_by_name.items()},
        provincial=provincial,
        parts=within
        | {place.removesuffix("市"): prefecture_of for place, prefecture_of in within.items()},
        codes={int(old): new for old, new in former["codes"].items()},
        dissolved=frozenset(code for code in names if code not in today),
    )
