"""Workbooks that a seed draws: titles, roles, units, joined names, dates of several kinds.

Each is made of a panel that is known, so that tests can tell a study that is right from one that
is not. Used by tests of proposals and by fuzz tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import openpyxl
import pandas as pd

from bayes_nqp._core.exceptions import NQPError
from bayes_nqp.studies import new

YEARS: Final = range(2012, 2020)
FIRST: Final = (2015, 2017)
_PROVINCES: Final = ("河北省", "江苏省", "甘肃省", "云南省")
_CITIES: Final = ("唐山市", "邯郸市", "保定市", "徐州市", "盐城市", "宿迁市", "天水市", "酒泉市",
                  "保山市", "昭通市", "曲靖市", "玉溪市")  # fmt: skip
_DISTRICTS: Final = ("城关区", "新城区", "市中区")
_WIDE: Final = str.maketrans("0123456789.", "０１２３４５６７８９．")
_EPOCH: Final = datetime(1899, 12, 30)
_NEVER: Final = ("—", "无", "未设立", "未获批", "尚未设立", None, None, "/", "否", 0)
_CHINESE: Final = {
    "outcome": ("被解释变量", "因变量"), "treatment": ("解释变量", "核心解释变量", "政策变量"),
    "mediator": ("中介变量", "机制变量"), "covariate": ("控制变量", "协变量"),
}  # fmt: skip
_ENGLISH: Final = {
    "outcome": ("Dependent variable", "Outcome"), "treatment": ("Treatment", "Key regressor"),
    "mediator": ("Mediator", "mechanism"), "covariate": ("Control", "Controls"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SeededBook:
    """A workbook, what was drawn for it, and the panel in it.

    Parameters
    ----------
    drawn : dict of str to str
        What is messy, by its kind.
    first : dict of str to float
        The first treated year of each unit, NaN for never, by the text that names the unit.
    outcome : Series
        By unit and year.
    names : dict of str to str
        Columns of the outcome, the treatment, the mediator and the covariate.
    """

    path: Path
    drawn: dict[str, str]
    first: dict[str, float]
    outcome: pd.Series[float]
    names: dict[str, str]


def seeded_book(folder: Path, seed: int) -> SeededBook:
    """Write the workbook of a seed."""
    rng = np.random.default_rng(seed)

    def one(*choices: Any) -> Any:
        return choices[int(rng.integers(len(choices)))]

    drawn = {
        "unit": one("city", "city", "joined", "empty part", "empty part", "some empty", "gaps"),
        "time": one("year", "word", "wide", "date", "serial", "mixed"),
        "treatment": one("year", "date", "serials", "serials", "month", "marks", "text serials"),
        "roles": one("no", "above", "below", "below", "merged"),
        "words": one("zh", "zh", "en"),
        "units": one("no", "below"),
        "titles": one("0", "1", "2"),
        "numbers": one("plain", "thousands", "wide", "per cent", "measure"),
        "gaps": one("no", "dashes", "words"),
        "columns": one("named", "letters"),
        "notes": one("no", "one", "two"),
    }
    panel, keys = _panel(rng, drawn["unit"])
    names = {"outcome": "新质生产力", "treatment": "设立时间", "mediator": "数字化水平",
             "covariate": "人均GDP"}  # fmt: skip
    if drawn["columns"] == "letters" and drawn["roles"] != "no":
        names = {"outcome": "Y", "treatment": "设立时间", "mediator": "M1", "covariate": "X1"}
    if drawn["treatment"] == "marks":
        names["treatment"] = "是否设立" if drawn["columns"] == "named" else "D"
    never = _NEVER[int(rng.integers(len(_NEVER)))]
    cells = _cells(panel, drawn, never, rng)
    order = rng.permutation(["outcome", "treatment", "mediator", "covariate"]).tolist()
    header = [*keys, "年份", *(names[key] for key in order)]
    body = [[*row, *(cells[key][k] for key in ("time", *order))]
            for k, row in enumerate(panel[[*keys]].astype(object).to_numpy().tolist())]  # fmt: skip
    path = folder / f"book{seed}.xlsx"
    _write(path, header, order, [[None if pd.isna(x) else x for x in row] for row in body],
           drawn, rng, len(keys) + 1)  # fmt: skip
    named = panel["unit"]
    first = panel.groupby(named)["first"].first().to_dict()
    outcome = panel.set_index([named, panel["year"]])["outcome"]
    return SeededBook(path, drawn, first, outcome, names)


def _panel(rng: np.random.Generator, kind: str) -> tuple[pd.DataFrame, list[str]]:
    """Twelve units, eight years; and the columns that name a unit."""
    treated = dict(zip(rng.permutation(12)[:6].tolist(), 3 * FIRST, strict=True))
    levels, shocks = rng.uniform(1200, 1900, 12), rng.normal(0, 9, len(YEARS))
    rows = []
    for k in range(12):
        first = treated.get(k, np.nan)
        if kind == "city":
            parts = (_PROVINCES[k // 3], _CITIES[k])
        else:
            parts = (_PROVINCES[k // 3], _DISTRICTS[k % 3])
        if kind == "some empty" and k == 11:
            parts = ("北京市", None)
        for year in YEARS:
            value = levels[k] + shocks[year - YEARS[0]] + rng.normal(0, 4) + 25 * (year >= first)
            rows.append(
                (
                    *parts,
                    year,
                    first,
                    round(float(value), 1),
                    round(float(rng.uniform(1100, 5000)), 1),
                    round(rng.uniform(3, 9), 2),
                )
            )
    keys = ["省份", "城市" if kind == "city" else "区县"]
    columns = [*keys, "year", "first", "outcome", "mediator", "covariate"]
    panel = pd.DataFrame(rows, columns=columns)
    panel["unit"] = panel[keys[1]] if kind == "city" else (
        panel["省份"].str.cat(panel["区县"].fillna(""), " ").str.strip())  # fmt: skip
    if kind == "empty part":
        panel.insert(0 if rng.random() < 0.5 else 2, "园区", None)
        keys = list(panel.columns[:3])
    if kind == "gaps":
        panel.loc[rng.permutation(len(panel))[:3], "区县"] = None
    return panel, keys


def _cells(
    panel: pd.DataFrame, drawn: dict[str, str], never: Any, rng: np.random.Generator
) -> dict[str, list[Any]]:
    """Write values as people do."""
    time = [_dated(datetime(year, 12, 31), drawn["time"], rng) for year in panel["year"]]
    cells: dict[str, list[Any]] = {"time": time}
    if drawn["treatment"] == "marks":
        yes, no = (("是", "否"), (1, 0), ("√", None), ("有", "无"))[int(rng.integers(4))]
        cells["treatment"] = [yes if y >= f else no for y, f in
                              zip(panel["year"], panel["first"], strict=True)]  # fmt: skip
    else:
        since = {x: datetime(int(x), int(rng.integers(1, 13)), int(rng.integers(1, 29)))
                 for x in FIRST}  # fmt: skip
        ways = {k: int(rng.integers(2)) for k in panel["unit"]}
        cells["treatment"] = [
            never if np.isnan(x) else _adopted(since[int(x)], drawn["treatment"], ways[unit])
            for x, unit in zip(panel["first"], panel["unit"], strict=True)
        ]
    for key in ("outcome", "mediator", "covariate"):
        cells[key] = [_number(x, drawn["numbers"], key) for x in panel[key]]
    if drawn["gaps"] != "no":
        mark = "—" if drawn["gaps"] == "dashes" else "缺失"
        for k in rng.permutation(len(panel))[:3]:
            cells["covariate"][k] = mark
    return cells


def _dated(day: datetime, way: str, rng: np.random.Generator) -> Any:
    serial = (day - _EPOCH).days
    ways: dict[str, Any] = {
        "year": day.year,
        "word": f"{day.year}年",
        "wide": str(day.year).translate(_WIDE),
        "date": day,
        "serial": serial,
    }
    return ways[way] if way in ways else (day, serial, f"{day:%Y-%m-%d}")[int(rng.integers(3))]


def _adopted(day: datetime, way: str, other: int) -> Any:
    serial = (day - _EPOCH).days
    return {
        "year": day.year, "date": day, "serials": (day, serial)[other],
        "month": f"{day.year}年{day.month}月", "text serials": (f"{day:%Y-%m-%d}", serial)[other],
    }[way]  # fmt: skip


def _number(value: float, way: str, key: str) -> Any:
    if way == "thousands" and key != "covariate":
        return f"{value:,.1f}"
    if way == "wide" and key == "outcome":
        return str(value).translate(_WIDE)
    if way == "per cent" and key == "covariate":
        return f"{value}%"
    if way == "measure" and key == "mediator":
        return f"{value}万元"
    return value


def _write(
    path: Path, header: list[str], order: list[str], body: list[list[Any]],
    drawn: dict[str, str], rng: np.random.Generator, before: int,
) -> None:  # fmt: skip
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    for title in ("附表1 主要变量（2012—2019年）", "单位：亿元")[: int(drawn["titles"])]:
        sheet.append([title])
        if rng.random() < 0.5:
            end = openpyxl.utils.get_column_letter(len(header))
            sheet.merge_cells(f"A{sheet.max_row}:{end}{sheet.max_row}")
    words = _CHINESE if drawn["words"] == "zh" else _ENGLISH
    called = {key: words[key][int(rng.integers(len(words[key])))] for key in words}
    roles: list[Any] = [None] * before + [called[key] for key in order]
    if drawn["roles"] in ("above", "merged"):
        sheet.append(roles)
    if drawn["roles"] == "merged" and drawn["titles"] != "0":
        sheet.merge_cells(start_row=sheet.max_row, end_row=sheet.max_row, start_column=1,
                          end_column=before)  # fmt: skip
    sheet.append(header)
    if drawn["roles"] == "below":
        sheet.append(roles)
    if drawn["units"] == "below":
        sheet.append([*[None] * before, *("日期" if x == "treatment" else "亿元" for x in order)])
    for row in body:
        sheet.append(row)
    for note in ("注：数据来自各省统计年鉴", "资料来源：作者整理")[
        : {"no": 0, "one": 1, "two": 2}[drawn["notes"]]
    ]:
        sheet.append([note])
    made.save(path)


def fate_of(book: SeededBook) -> str:
    """Propose a study for a workbook; fail where it is read as another panel than its own.

    Returns
    -------
    str
        "runs", "asks" for a study with a problem, or "refused".
    """
    try:
        made = new(book.path)
    except NQPError as error:
        return "refused" if error.hint else "refused without a hint"
    drawn, names, guess = book.drawn, book.names, made.guess
    if drawn["roles"] != "no":
        assert guess.roles["outcome"] == names["outcome"], drawn
        assert guess.mediators == [names["mediator"]], drawn
        assert guess.covariates == [names["covariate"]], drawn
    if made.study is None:
        assert made.problem, drawn
        return "asks"
    panel = made.study.panel
    treatment = guess.roles.get("cohort", guess.roles.get("treated"))
    assert treatment == names["treatment"], drawn
    labels = pd.to_numeric(pd.Series(panel.cohort_labels, panel.unit_labels), errors="coerce")
    pd.testing.assert_series_equal(
        labels.sort_index(), pd.Series(book.first).sort_index(), check_names=False, obj=str(drawn)
    )
    return "runs"
