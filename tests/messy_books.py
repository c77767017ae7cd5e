"""Workbooks and text as people keep them, each made of a panel that is known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd

PROVINCES = {"河北": ["唐山市", "邯郸市", "保定市"], "江苏": ["徐州市", "盐城市", "宿迁市"],
             "甘肃": ["天水市", "酒泉市"], "云南": ["保山市", "昭通市"]}  # fmt: skip
YEARS = range(2011, 2019)
OUTCOME = "贷款余额"
EFFECT = 8.0
ROLES = {"unit": "城市", "time": "年份", "cohort": "批复年份", "outcome": OUTCOME}

type Writer = Callable[[Path, pd.DataFrame, np.random.Generator], Path]
BOOKS: dict[str, Writer] = {}
"""Messy files by what is messy in them."""


def truth(seed: int) -> pd.DataFrame:
    """Ten cities in four provinces, eight years; four of them treated in two years, by `EFFECT`."""
    rng = np.random.default_rng(seed)
    places = [(province, city) for province, cities in PROVINCES.items() for city in cities]
    treated = dict(zip(rng.permutation(10)[:4], (2014, 2014, 2016, 2016), strict=True))
    levels, shocks = rng.uniform(30, 70, 10), rng.normal(0, 2, len(YEARS))
    rows = [
        (province, city, year, treated.get(k, np.nan),
         round(float(levels[k] + shocks[year - YEARS[0]] + rng.normal()
                     + EFFECT * (year >= treated.get(k, np.inf))), 2),
         round(float(rng.uniform(0.05, 0.4)), 3), int(rng.integers(1000, 9000)))
        for k, (province, city) in enumerate(places)
        for year in YEARS
    ]  # fmt: skip
    names = ["省份", "城市", "年份", "批复年份", OUTCOME, "财政支出比重", "专利数"]
    return pd.DataFrame(rows, columns=names)


def book(writer: Writer) -> Writer:
    """Register a kind of mess, by what its docstring calls it."""
    BOOKS[writer.__name__] = writer
    return writer


def cells_of(frame: pd.DataFrame) -> list[list[Any]]:
    return [[None if pd.isna(x) else x for x in row] for row in frame.astype(object).to_numpy()]


def saved(path: Path, sheets: dict[str, list[list[Any]]], merged: tuple[str, ...] = ()) -> Path:
    """Write rows of cells, and merge ranges of the last sheet."""
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    for place in merged:
        made.worksheets[-1].merge_cells(place)
    made.save(path)
    return path


def table(frame: pd.DataFrame) -> list[list[Any]]:
    return [list(frame.columns), *cells_of(frame)]


@book
def clean(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    return saved(path, {"数据": table(frame)})


@book
def cover_and_title(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    rows = [["附表A 主要指标"], [], ["单位：亿元"], *table(frame), [], ["注：数据来自统计年鉴"]]
    return saved(path, {"说明": [["编制说明"], ["二〇一九年"]], "附表A": rows})


@book
def wide_digits(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    frame = frame.astype({OUTCOME: object, "年份": object})
    wide = str.maketrans("0123456789.", "０１２３４５６７８９．")
    some = rng.permutation(len(frame))[:20]
    frame.loc[some, OUTCOME] = [str(x).translate(wide) for x in frame.loc[some, OUTCOME]]
    frame.loc[some[:5], "年份"] = [str(x).translate(wide) for x in frame.loc[some[:5], "年份"]]
    return saved(path, {"数据": table(frame)})


@book
def years_in_three_ways(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    frame = frame.astype({"年份": object})
    ways = rng.integers(0, 3, len(frame))
    forms = (lambda y: f"{y}年", lambda y: f"{y}年度", lambda y: y)
    frame["年份"] = [forms[way](year) for way, year in zip(ways, frame["年份"], strict=True)]
    return saved(path, {"数据": table(frame)})


@book
def per_cent(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    frame["财政支出比重"] = [f"{100 * x:.1f}%" for x in frame["财政支出比重"]]
    return saved(path, {"数据": table(frame)})


@book
def units_behind_numbers(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    large = rng.uniform(size=len(frame)) < 0.2
    frame[OUTCOME] = [
        f"{x / 1e4:.6f}亿元" if big else f"{x:.2f}万元"
        for x, big in zip(frame[OUTCOME], large, strict=True)
    ]
    frame["专利数"] = [f"{x:,}个" for x in frame["专利数"]]
    return saved(path, {"数据": table(frame)})


@book
def thousands_and_dashes(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    frame["专利数"] = [f"{x:,}" for x in frame["专利数"]]
    frame = frame.astype({"财政支出比重": object})
    frame.loc[rng.permutation(len(frame))[:4], "财政支出比重"] = "—"
    return saved(path, {"数据": table(frame)})


@book
def merged_provinces_and_cities(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    rows = table(frame)
    ranges = []
    for column, letter in ((0, "A"), (1, "B")):
        start = 2
        for place in range(3, len(rows) + 2):
            if place > len(rows) or rows[place - 1][column] != rows[start - 1][column]:
                ranges.append(f"{letter}{start}:{letter}{place - 1}")
                start = place
    return saved(path, {"数据": rows}, tuple(ranges))


@book
def names_written_once(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    for name in ("省份", "城市"):
        frame[name] = frame[name].mask(frame[name].eq(frame[name].shift()))
    return saved(path, {"数据": table(frame)})


@book
def totals_below_provinces(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    parts = []
    for province, rows in frame.groupby("省份", sort=False):
        total = rows.groupby("年份", as_index=False)[[OUTCOME, "专利数"]].sum()
        parts += [rows, total.assign(省份=province, 城市="合计")]
    return saved(path, {"数据": table(pd.concat(parts)[frame.columns])})


@book
def totals_without_a_name(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    total = frame.groupby("年份", as_index=False)[[OUTCOME, "专利数"]].sum()
    return saved(path, {"数据": table(pd.concat([frame, total])[frame.columns])})


@book
def header_over_two_rows(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    upper = ["地区", None, "年份", "批复年份", "经济指标", None, None]
    lower = ["省份", "城市", None, None, OUTCOME, "财政支出比重", "专利数"]
    rows = [["附表B"], upper, lower, *cells_of(frame)]
    return saved(path, {"数据": rows}, ("A1:G1", "A2:B2", "E2:G2", "C2:C3", "D2:D3"))


@book
def header_over_two_rows_unmerged(
    path: Path, frame: pd.DataFrame, rng: np.random.Generator
) -> Path:
    upper = ["地区", None, "年份", "批复年份", "经济指标", None, None]
    lower = ["省份", "城市", None, None, OUTCOME, "财政支出比重", "专利数"]
    return saved(path, {"数据": [upper, lower, *cells_of(frame)]})


@book
def a_sheet_a_year(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    sheets = {"目录": [["目录"], ["见各年"]]}
    for year, rows in frame.groupby("年份"):
        sheets[f"{year}年"] = table(rows.drop(columns="年份"))
    return saved(path, sheets)


@book
def years_as_columns(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    keys = ["省份", "城市", "批复年份"]
    wide = frame.pivot(index=keys, columns="年份", values=[OUTCOME, "专利数"])
    wide.columns = [f"{name}{year}" for name, year in wide.columns]
    return saved(path, {"数据": table(wide.reset_index())})


@book
def years_as_columns_of_one(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    wide = frame.pivot(index=["省份", "城市", "批复年份"], columns="年份", values=OUTCOME)
    wide.columns = [f"{year}年" for year in wide.columns]
    return saved(path, {"数据": table(wide.reset_index())})


@book
def years_as_columns_above_totals(
    path: Path, frame: pd.DataFrame, rng: np.random.Generator
) -> Path:
    """Tables of years side by side, sums below each province, and a note below all."""
    keys = ["省份", "城市", "批复年份"]
    wide = frame.pivot(index=keys, columns="年份", values=[OUTCOME, "专利数"])
    wide.columns = [f"{name}（{year}年）" for name, year in wide.columns]
    parts = []
    for province, rows in wide.reset_index().groupby("省份", sort=False):
        total = rows.drop(columns=keys).sum().to_frame().T
        parts += [rows, total.assign(省份=province, 城市="小计")]
    cells = table(pd.concat(parts)[[*keys, *wide.columns]])
    return saved(path, {"数据": [*cells, ["注：小计为各市之和"]]})


@book
def units_of_two_columns(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    bare = {city: "市辖区" if k % 2 else "城关区" for k, city in enumerate(frame["城市"].unique())}
    frame.insert(2, "区县", frame["城市"].map(bare))
    rows = []
    for _, city in frame.groupby("城市", sort=False):
        other = city.assign(区县="新区", **{OUTCOME: city[OUTCOME] + 1.0})
        rows += [city, other]
    return saved(path, {"数据": table(pd.concat(rows))})


@book
def header_over_three_rows(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    """Two tables of years side by side, under their names and units, below two lines of titles."""
    tables = [frame.pivot(index=["省份", "城市", "批复年份"], columns="年份", values=name)
              for name in (OUTCOME, "专利数")]  # fmt: skip
    gaps = [None] * (len(YEARS) - 1)
    years = [f"{year}年" for year in YEARS]
    rows = [
        ["表4-1 贷款与专利（2011—2018年）"],
        ["填报单位：统计局", None, None, "制表日期：2019年6月"],
        ["地  区", None, None, OUTCOME, *gaps, "专利数", *gaps],
        [None, None, None, "（亿元）", *gaps, "（件）", *gaps],
        ["省份", "城市", "批复年份", *years, *years],
    ]
    for key in tables[0].index:
        rows.append([*(None if pd.isna(x) else x for x in key),
                     *(x for table in tables for x in table.loc[key])])  # fmt: skip
    return saved(path, {"4-1": rows}, ("A3:C4", "D3:K3", "L3:S3", "D4:K4", "L4:S4"))


@book
def decimal_commas(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    """As spreadsheets save text where commas are decimal ones; three digits behind some of them."""
    text = frame.assign(**{OUTCOME: [f"{x:.3f}".replace(".", ",") for x in frame[OUTCOME]]})
    text["财政支出比重"] = [f"{x}".replace(".", ",") for x in frame["财政支出比重"]]
    path = path.with_suffix(".csv")
    path.write_text("\n".join(lines_of(table(text), ";")), encoding="utf-8-sig")
    return path


@book
def units_stated_and_rows_twice(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    """Cells in another unit than the row below the names says, approvals in words, a row twice."""
    rows = [
        [*row[:3], f"{row[3]:g}年{int(rng.integers(1, 13))}月批复" if row[3] else None,
         f"{row[4] / 1e4:.6f}亿元" if rng.random() < 0.1 else f"{row[4]:,.2f}", *row[5:]]
        for row in cells_of(frame)
    ]  # fmt: skip
    twice = int(rng.integers(5, len(rows)))
    head = [list(frame.columns), [None, None, None, None, "万元", None, "件"]]
    return saved(path, {"表": [*head, *rows[:twice], rows[twice - 1], *rows[twice:]]})


@book
def names_that_change(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    """Cities without 市 before a year, or after it."""
    early = bool(rng.integers(2))
    short = (frame["年份"] < 2014) if early else (frame["年份"] >= 2015)
    names = frame["城市"].mask(short, frame["城市"].str.removesuffix("市"))
    return saved(path, {"数据": table(frame.assign(城市=names))})


@book
def a_table_that_goes_on(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    rows = table(frame)
    place = int(rng.integers(20, 60))
    again = [["续表"], [x.replace("份", "份\n") for x in frame.columns]]
    return saved(path, {"数据": [["附表D"], *rows[:place], *again, *rows[place:]]})


@book
def units_below_the_header(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    units = ["没有单位", "没有单位", "没有单位", "没有单位", "亿元", "没有单位", "件"]
    return saved(path, {"数据": [list(frame.columns), units, *cells_of(frame)]})


@book
def names_spaced_and_marked(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    ways = {"河北": ["河北", "河　北"], "甘肃": ["甘肃①"], "江苏": ["江苏", "江 苏 "]}
    frame["省份"] = [str(rng.choice(ways.get(x, [x]))) for x in frame["省份"]]
    frame["城市"] = [x + "②" * (x == "保山市" and rng.random() < 0.5) for x in frame["城市"]]
    total = frame.groupby("年份", as_index=False)[["专利数"]].sum().assign(省份="合　计")
    return saved(path, {"数据": table(pd.concat([frame, total])[frame.columns])})


@book
def dates_as_text(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    days = [datetime(x, 12, 31) for x in frame["年份"]]
    forms = (lambda x: x, lambda x: f"{x:%Y-%m-%d}", lambda x: f"{x.year}年12月31日")
    frame["年份"] = [forms[int(rng.integers(0, 3))](x) for x in days]
    return saved(path, {"数据": table(frame)})


@book
def years_in_words(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    words = str.maketrans("0123456789", "〇一二三四五六七八九")
    frame = frame.astype({"年份": object, "批复年份": object})
    some = rng.permutation(len(frame))[:25]
    frame.loc[some, "年份"] = [f"{x}年".translate(words) for x in frame.loc[some, "年份"]]
    frame["批复年份"] = [
        x if pd.isna(x) else f"{int(x)}年" if x == 2014 else "二〇一六年" for x in frame["批复年份"]
    ]
    return saved(path, {"数据": table(frame)})


@book
def remarks_and_dittos(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    frame = frame.astype({OUTCOME: object})
    frame["省份"] = frame["省份"].mask(frame["省份"].eq(frame["省份"].shift()), "〃")
    forms = ("{}（估计）", "约{}", "{}*", "{}[初步核算]")
    some = rng.permutation(len(frame))[:8]
    frame.loc[some, OUTCOME] = [
        forms[k % 4].format(x) for k, x in enumerate(frame.loc[some, OUTCOME])
    ]
    frame["专利数"] = [f"{x:,}" for x in frame["专利数"]]
    return saved(path, {"数据": table(frame)})


@book
def periods_once_above_their_rows(
    path: Path, frame: pd.DataFrame, rng: np.random.Generator
) -> Path:
    frame = frame.sort_values(["年份", "省份"])[["年份", *frame.columns.drop("年份")]]
    frame = frame.astype({"年份": object, "批复年份": object})
    frame["批复年份"] = [x if pd.isna(x) else f"{x:.0f}起" for x in frame["批复年份"]]
    frame["年份"] = frame["年份"].map("{}年度".format).mask(frame["年份"].duplicated())
    frame["专利数"] = [f"{x:,}".replace(",", " ") for x in frame["专利数"]]
    units = [None, None, None, None, "亿元", None, "μg/m³"]
    return saved(path, {"数据": [list(frame.columns), units, *cells_of(frame), ["来源：年鉴"]]})


def lines_of(rows: list[list[Any]], delimiter: str) -> list[str]:
    return [delimiter.join("" if x is None else str(x) for x in row) for row in rows]


@book
def text_below_titles(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    titles = ["附表E 主要指标", "", "单位：亿元；件"][: int(rng.integers(1, 4))]
    lines = [*titles, *lines_of(table(frame), ";"), "", "数据来源：各省统计年鉴;作者整理"]
    path = path.with_suffix(".csv")
    path.write_bytes("\r\n".join(lines).encode("gb18030"))
    return path


@book
def text_that_excel_saved(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    frame["专利数"] = [f'"{x:,}"' for x in frame["专利数"]]
    titles = ["表1 主要指标,,,,,,", '"注：单位为亿元, 件",,,,,,', ",,,,,,"]
    lines = [*titles, *lines_of(table(frame), ","), ",,,,,,", "资料来源：年鉴,,,,,,"]
    path = path.with_suffix(".csv")
    path.write_text("\n".join(lines), encoding="utf-8-sig")
    return path


@book
def wide_text_of_two_rows(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    upper = ["地区", None, "年份", "批复年份", "经济指标", None, None]
    lower = ["省份", "城市", None, None, OUTCOME, "财政支出比重", "专利数"]
    lines = lines_of([["附表F"], upper, lower, *cells_of(frame), ["来源：年鉴"]], "\t")
    path = path.with_suffix(".txt")
    path.write_bytes("\r\n".join(lines).encode(("utf-16", "utf-16-le")[int(rng.integers(2))]))
    return path


@book
def codes_first_and_a_source_below(
    path: Path, frame: pd.DataFrame, rng: np.random.Generator
) -> Path:
    lines = [*lines_of(table(frame[frame.columns[[2, 4, 5, 6, 3, 1, 0]]]), "|"), "数据来源：年鉴"]
    path = path.with_suffix(".txt")
    path.write_text("\n".join(["面板数据（2011—2018）", *lines]), encoding="utf-8")
    return path


def listed(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """The panel without its column of the policy; and its cities, each with the year."""
    since = frame.groupby("城市")["批复年份"].first().dropna().astype(int).to_dict()
    return frame.drop(columns="批复年份"), since


@book
def dates_in_a_list(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    """Cities without 市, one of them unknown, each with its approval in words."""
    frame, since = listed(frame)
    rows = [[k + 1, f"{city.removesuffix('市')}", f"{year}年{int(rng.integers(1, 13))}月批复"]
            for k, (city, year) in enumerate({**since, "杭州市": 2015}.items())]  # fmt: skip
    head = [["附件：试点名单"], [], ["序号", "城市", "批复时间"]]
    return saved(path, {"数据": table(frame), "附件": [*head, *rows]})


@book
def batches_in_a_list(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    """Provinces before the names of cities, their batches, and a third sheet with their dates."""
    frame, since = listed(frame)
    home = frame.groupby("城市")["省份"].first()
    words = {2014: "第一批", 2016: "第二批"}
    rows = [[f"{home[city]}省{city}", words[year]] for city, year in since.items()]
    dates = [["批次", "时间"], ["第1批", datetime(2014, 3, 1)], ["第2批", datetime(2016, 7, 1)]]
    sheets = {"试点名单": [["试点地区", "批次"], *rows], "批次说明": dates}
    return saved(path, {**sheets, "数据": table(frame)})


@book
def a_sheet_a_variable(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    """Years as columns of each, rows in another order and names spaced; a list in brackets."""
    frame, since = listed(frame)
    sheets: dict[str, list[list[Any]]] = {"目录": [["目录"], ["见各表"]]}
    for name in frame.columns[3:]:
        wide = frame.pivot(index=["省份", "城市"], columns="年份", values=name)
        wide.columns = [f"{year}年" for year in wide.columns]
        rows = table(wide.reset_index().sample(frac=1, random_state=int(rng.integers(99))))
        spaced = [[row[0], f"{row[1][0]} {row[1][1:]}", *row[2:]] for row in rows[1:]]
        total = [["全国", "合计", *[1.0] * len(YEARS)]]
        sheets[str(name)] = [[name], rows[0], *(spaced if name == "专利数" else rows[1:]), *total]
    home = frame.groupby("城市")["省份"].first()
    by_year: dict[int, list[str]] = {}
    for city, year in since.items():
        by_year.setdefault(year, []).append(f"{home[city]}省（{city.removesuffix('市')}）")
    lists = [[f"{year}-03-01", "；".join(cities)] for year, cities in by_year.items()]
    return saved(path, {**sheets, "试点名单": [["批复时间", "试点"], *lists]})


@book
def batches_of_several_names(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    """A row a batch, with its cities in one cell, dates in a sentence; cities of two names."""
    frame, since = listed(frame)
    early = frame["年份"] < 2015
    frame["城市"] = frame["城市"].mask(early, frame["城市"].str.removesuffix("市"))
    cities = {year: "、".join(x for x in since if since[x] == year) for year in (2014, 2016)}
    rows = [["批次", "名单"], ["第一批", cities[2014]], ["第二批", cities[2016]],
            ["注：第一批于2014年3月批复；第二批于2016年7月批复"]]  # fmt: skip
    return saved(path, {"数据": table(frame), "政策名单": rows})


@book
def tables_below_one_another(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    """A table of years for each variable, under its name, in one sheet; rows in another order."""
    rows: list[list[Any]] = [["主要指标"], []]
    for number, name in zip("一二三", frame.columns[4:], strict=True):
        wide = frame.pivot(index=["省份", "城市", "批复年份"], columns="年份", values=name)
        wide.columns = [f"{year}年" for year in wide.columns]
        order = wide.reset_index().sample(frac=1, random_state=int(rng.integers(99)))
        rows += [[f"{number}、{name}"], *table(order), []]
    return saved(path, {"指标": [*rows, ["资料来源：年鉴"]]})


@book
def variables_as_rows(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    """As databases export them: a row a city and a variable, its unit beside it, years across."""
    frame, since = listed(frame)
    rows: list[list[Any]] = [["省份", "城市", "指标", "单位", *[f"{year}年" for year in YEARS]]]
    units = {OUTCOME: "亿元", "财政支出比重": "比值", "专利数": "件"}
    for city, part in frame.groupby("城市", sort=False):
        for name, unit in units.items():
            rows.append([part["省份"].iloc[0], city, name, unit, *part[name].tolist()])
    since_when = [[x, f"国函〔{y}〕{rng.integers(9, 99)}号，{y}年3月"] for x, y in since.items()]
    source = [["数据来源：某数据平台"]]
    return saved(path, {"导出": [*rows, *source], "试点": [["城市", "批复时间"], *since_when]})


@book
def statements_of_two_kinds(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    """Short names above those in words; opening balances, and statements of parent companies."""
    names = ["Prov", "City", "Accper", "Typrep", "Since", "Loans", "Fiscal", "Patents"]
    words = ["省份", "城市", "年份", "报表类型", *frame.columns[3:]]
    rows = [names, words, ["没有单位"] * 5 + ["万元", "没有单位", "件"]]
    for province, city, year, since, *values in cells_of(frame):
        for day, kind, share in (("12-31", "A", 1.0), ("01-01", "A", 0.9), ("12-31", "B", 0.5)):
            rows.append([province, city, f"{year}-{day}", kind, since,
                         *(share * x for x in values)])  # fmt: skip
    return saved(path, {"Sheet1": rows})


@book
def remarks_and_marks(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    """Dates inside remarks; marks of notes behind digits, some of full width."""
    since = frame["批复年份"]
    order = {2014: "第一批", 2016: "第二批"}
    told = [
        None if pd.isna(x) else f"{x:.0f}年{1 + k // 8 % 6}月获批（{order[int(x)]}）"
        for k, x in enumerate(since.groupby(frame["城市"]).transform("first"))
    ]
    wide = str.maketrans("0123456789.", "０１２３４５６７８９．")
    frame = frame.astype({OUTCOME: object}).assign(批复年份=told)
    for k in rng.permutation(len(frame))[:24]:
        text = str(frame[OUTCOME].iloc[k]).translate(wide if k % 2 else {})
        frame.loc[k, OUTCOME] = f"{text}{'①②³*'[k % 4]}" if k % 3 else text.translate(wide)
    return saved(path, {"数据": table(frame)})


@book
def all_at_once(path: Path, frame: pd.DataFrame, rng: np.random.Generator) -> Path:
    frame = frame.astype({"年份": object, OUTCOME: object})
    frame["年份"] = [f"{x}年" if k % 3 else x for k, x in enumerate(frame["年份"])]
    frame["财政支出比重"] = [f"{100 * x:.1f}％" for x in frame["财政支出比重"]]
    frame[OUTCOME] = [f"{x:.2f}万元" for x in frame[OUTCOME]]
    frame["专利数"] = [f"{x:,}" for x in frame["专利数"]]
    frame["省份"] = frame["省份"].mask(frame["省份"].eq(frame["省份"].shift()))
    total = [None, "全国", "2018年", None, "1.2亿元", "20.1%", "99,999"]
    upper = ["地区", None, "年份", "批复年份", "经济指标", None, None]
    lower = ["省份", "城市", None, None, OUTCOME, "财政支出比重", "专利数"]
    rows = [["附表C"], [], upper, lower, *cells_of(frame), total, ["注：略"]]
    return saved(path, {"封面": [["封面"]], "附表C": rows})


def write(name: str, folder: Path, seed: int) -> tuple[Path, pd.DataFrame]:
    """Write one of the books; give the panel that it was made of."""
    known = truth(seed)
    path = BOOKS[name](folder / f"{name}.xlsx", known.copy(), np.random.default_rng(seed + 1))
    return path, known
