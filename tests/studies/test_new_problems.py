"""All problems of a file are reported at once: the study runs after one correction."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import messy_books
import numpy as np
import pandas as pd
import pytest

from bayes_nqp._core.exceptions import PanelError
from bayes_nqp.studies import Proposal, Study, new, validate


def faulty(seed: int) -> tuple[pd.DataFrame, dict[str, str]]:
    """A panel with a word in its outcome, a row that is there twice, and a cohort that changes."""
    frame = messy_books.truth(seed).astype({"贷款余额": object})
    rng = np.random.default_rng(seed)
    word, twice = (int(x) for x in rng.choice(np.arange(0, 30), 2, replace=False))
    changing = int(frame.index[frame["批复年份"].notna()][3])
    frame.loc[word, "贷款余额"] = "40.5或41"
    frame.loc[changing, "批复年份"] = 2017
    frame = pd.concat([frame, frame.iloc[[twice]].assign(专利数=1)], ignore_index=True)
    return frame, {
        "outcome": f"第 {word + 2} 行",
        "repeated": f"第 {twice + 2} 行",
        "cohort": "cohort='批复年份' 在 1 个单位内有变动",
    }


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_all_problems_are_in_one_list(tmp_path: Path, seed: int) -> None:
    frame, wanted = faulty(seed)
    path = tmp_path / "a.xlsx"
    frame.to_excel(path, index=False)
    made = new(path)
    assert made.study is None
    for words in wanted.values():
        assert words in made.problem
    assert "\n3. " in made.problem


type Rows = pd.DataFrame
type Fault = Callable[[Rows, np.random.Generator], tuple[Rows, str]]


def cell(frame: Rows, row: int, name: str, value: Any) -> Rows:
    return frame.assign(**{name: frame[name].where(frame.index != row, value)})


def broken_year(frame: Rows, rng: np.random.Generator) -> tuple[Rows, str]:
    row = int(rng.integers(8, 60))
    return cell(frame, row, "年份", f"{frame.loc[row, '年份']}.五"), "'年份'"


def word(frame: Rows, rng: np.random.Generator) -> tuple[Rows, str]:
    return cell(frame, int(rng.integers(8, 60)), "贷款余额", "40.5或41"), "40.5或41"


def repeated(frame: Rows, rng: np.random.Generator) -> tuple[Rows, str]:
    twice = frame.iloc[[int(rng.integers(0, 60))]].assign(专利数=1)
    return pd.concat([frame, twice], ignore_index=True), f"第 {{{len(frame)}}} 行"


def changing(frame: Rows, rng: np.random.Generator) -> tuple[Rows, str]:
    row = int(rng.choice(frame.index[frame["批复年份"].notna()]))
    return cell(frame, row, "批复年份", 2017), "cohort='批复年份' 在 1 个单位内有变动"


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["xlsx", "csv", "dta", "parquet"])
@pytest.mark.parametrize("faults", [(word, changing), (repeated, word), (broken_year, repeated)])
def test_after_one_correction_it_runs(
    tmp_path: Path, faults: tuple[Fault, ...], ending: str
) -> None:
    rng, first = np.random.default_rng(len(ending)), 2 if ending in ("xlsx", "csv") else 1
    known = messy_books.truth(1).astype({"贷款余额": object, "年份": object})
    frame, told = known, []
    for fault in faults:
        frame, words = fault(frame, rng)
        told.append(words.format(*range(first, first + len(frame))))
    problem = new(written(frame, tmp_path / f"a.{ending}")).problem
    for words in told:
        assert words in problem, problem
    corrected = frame.drop(index=frame.index[len(known) :]).assign(**known)
    made = new(written(corrected, tmp_path / f"b.{ending}"))
    assert made.study is not None, made.problem


def written(frame: pd.DataFrame, path: Path) -> Path:
    """Write rows; where a format has no mixed columns, as text."""
    mixed = [x for x in frame if frame[x].map(type).nunique() > 1 and frame[x].dtype == object]
    typed = frame.assign(**{x: frame[x].map(str) for x in mixed}).infer_objects()
    match path.suffix:
        case ".xlsx":
            frame.to_excel(path, index=False)
        case ".csv":
            frame.to_csv(path, index=False)
        case ".dta":
            typed.to_stata(path, write_index=False, version=118)
        case _:
            typed.to_parquet(path)
    return path


@pytest.mark.slow
def test_what_else_is_wrong_is_told_where_nobody_is_treated(tmp_path: Path) -> None:
    frame = messy_books.truth(1).drop(columns="批复年份")
    frame = pd.concat([frame, frame.iloc[[4]].assign(专利数=1)], ignore_index=True)
    path = tmp_path / "a.xlsx"
    frame.to_excel(path, index=False)
    problem = new(path).problem
    assert problem.startswith("1. 没有列写明处理组单位及其处理时期")
    assert "第 6 行" in problem
    assert "第 82 行" in problem


@pytest.mark.slow
def test_a_batch_is_no_stratum(tmp_path: Path) -> None:
    frame = messy_books.truth(1)
    frame["批次"] = frame["批复年份"].map({2014: "第一批", 2016: "第二批"}).fillna("未试点")
    path = tmp_path / "a.xlsx"
    frame.to_excel(path, index=False)
    made = new(path)
    assert made.guess.roles["strata"] == ["省份"]
    assert made.study is not None


def _corrected(made: Proposal, line: str) -> Study:
    """The study after one line in its [data.read]."""
    text = made.path.read_text(encoding="utf-8")
    made.path.write_text(text.replace("[design]", f"[data.read]\n{line}\n\n[design]", 1), "utf-8")
    return validate(made.path)


@pytest.mark.slow
@pytest.mark.parametrize(("code", "count"), [(9999, 3), (-99, 1)])
def test_codes_of_missing_cells_are_no_numbers(tmp_path: Path, code: int, count: int) -> None:
    frame = messy_books.truth(1)
    frame.loc[[3, 20, 41][:count], "贷款余额"] = code
    frame.to_csv(tmp_path / "a.csv", index=False)
    made = new(tmp_path / "a.csv")
    assert made.doubtful
    assert made.problem.startswith(f"贷款余额在 {count} 行中为 {code}，与其余数值")
    study = _corrected(made, f'values = {{ "贷款余额" = {{ {code} = nan }} }}')
    assert study.panel.n_rows == len(frame) - count
    assert not any("缺失值代码" in note.in_("zh") for note in study.panel.notes)


@pytest.mark.slow
@pytest.mark.parametrize("number", [99.0, -9.0, 999.0])
def test_nines_among_numbers_as_large_are_numbers(tmp_path: Path, number: float) -> None:
    frame = messy_books.truth(1)
    scale = {99.0: 1.0, -9.0: 1.0, 999.0: 20.0}[number]
    frame["贷款余额"] = scale * frame["贷款余额"] - 40.0 * (number < 0)
    frame.loc[[3, 20], "贷款余额"] = number
    frame.to_csv(tmp_path / "a.csv", index=False)
    assert new(tmp_path / "a.csv").study is not None


@pytest.mark.slow
@pytest.mark.parametrize("cities", [1, 3, 10])
def test_another_unit_of_measurement_is_asked_for(tmp_path: Path, cities: int) -> None:
    frame = messy_books.truth(2)
    told = frame["城市"].isin(frame["城市"].unique()[:cities]) & (frame["年份"] >= 2015)
    frame["贷款余额"] = frame["贷款余额"].where(~told, frame["贷款余额"] * 1e4)
    frame.to_csv(tmp_path / "a.csv", index=False)
    made = new(tmp_path / "a.csv")
    assert made.doubtful
    assert f"在 {cities} 个单位中由一期到下一期变动 10,000 倍" in made.problem
    assert "唐山市 (2015)" in made.problem or cities > 1
    notes = [note.in_("zh") for note in validate(made.path).panel.notes]
    assert [note for note in notes if "计量单位是否改变" in note]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "words"), [(0.0, "在 1 行中为 0"), (100.0, "多写或漏写"), (0.1, "多写或漏写")]
)
def test_single_cells_far_from_others_are_asked_for(
    tmp_path: Path, change: float, words: str
) -> None:
    frame = messy_books.truth(2)
    frame.loc[20, "贷款余额"] *= change
    frame.to_csv(tmp_path / "a.csv", index=False)
    made = new(tmp_path / "a.csv")
    assert made.doubtful
    assert words in made.problem
    assert f"{frame.loc[20, '城市']} ({frame.loc[20, '年份']})" in made.problem


@pytest.mark.slow
def test_shares_near_zero_move_by_tens(tmp_path: Path) -> None:
    frame = messy_books.truth(2)
    place = frame["城市"].factorize()[0]
    frame["贷款余额"] = (frame["贷款余额"] / 100 * np.where(place % 2 == 0, 1, 0.02)).round(4)
    frame.loc[[2, 20], "贷款余额"] /= 20
    frame.to_csv(tmp_path / "a.csv", index=False)
    assert new(tmp_path / "a.csv").study is not None


@pytest.mark.slow
def test_counts_with_zeros_are_numbers(tmp_path: Path) -> None:
    frame = messy_books.truth(2)
    rng = np.random.default_rng(1)
    frame["贷款余额"] = rng.integers(1, 12, len(frame))
    frame.loc[[5, 20], "贷款余额"] = 0
    frame.to_csv(tmp_path / "a.csv", index=False)
    assert new(tmp_path / "a.csv").study is not None


@pytest.mark.slow
def test_batches_by_number_are_asked_for_and_one_correction_is_enough(tmp_path: Path) -> None:
    frame = messy_books.truth(1)
    frame["试点批次"] = frame["批复年份"].map({2014: 1, 2016: 2}).fillna(0).astype(int)
    frame.drop(columns="批复年份").to_csv(tmp_path / "a.csv", index=False)
    made = new(tmp_path / "a.csv")
    values = 'values = { "试点批次" = { "1" = …, "2" = … } }'
    assert all(x in made.problem for x in ('cohort = "试点批次"', "never = [0]", values))
    line = values.replace("…", "2014", 1).replace("…", "2016", 1)
    text = made.path.read_text(encoding="utf-8")
    text = text.replace('time = "年份"', 'time = "年份"\ncohort = "试点批次"\nnever = [0]\n#')
    made.path.write_text(text, encoding="utf-8")
    assert np.bincount(_corrected(made, line).panel.cohort_codes + 1).tolist() == [
        6,
        0,
        0,
        0,
        2,
        0,
        2,
    ]


def test_text_beside_numbers_is_told_where_no_outcome_is_found(tmp_path: Path) -> None:
    frame = messy_books.truth(1)[["城市", "年份", "批复年份", "贷款余额"]].astype(
        {"贷款余额": object}
    )
    frame.loc[::3, "贷款余额"] = frame.loc[::3, "贷款余额"].map("{}或以上".format)
    frame.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(
        PanelError, match=r"贷款余额 contains text in addition to numbers, such as .*或以上"
    ):
        new(tmp_path / "a.csv")


@pytest.mark.slow
def test_numbers_that_move_far_are_of_one_unit(tmp_path: Path) -> None:
    frame = messy_books.truth(2)
    noise = np.random.default_rng(1).normal(0, 3, len(frame))
    frame["贷款余额"] = np.exp(noise).round(6)
    frame.to_csv(tmp_path / "a.csv", index=False)
    assert new(tmp_path / "a.csv").study is not None


def test_provinces_beside_prefectures_are_asked_for(tmp_path: Path) -> None:
    frame = messy_books.truth(1)
    sums = frame.groupby(["省份", "年份"], as_index=False)[["贷款余额", "专利数"]].sum()
    sums["城市"] = sums["省份"] + "省"
    whole = frame.groupby("年份", as_index=False)[["贷款余额"]].sum().assign(城市="全　省")
    every = pd.concat([frame, sums, whole]).drop(columns="省份")[frame.columns[1:]]
    every.to_csv(tmp_path / "a.csv", index=False)
    made = new(tmp_path / "a.csv")
    assert made.doubtful
    assert "既有省份又有地级市" in made.problem
    assert made.guess.steps["totals"].value == ["全省"]


@pytest.mark.slow
def test_a_name_merged_over_two_columns_is_that_of_both(tmp_path: Path) -> None:
    """Units of measurement below two rows of names, parts of cities, notes below the table."""
    known = messy_books.truth(1)
    rows: list[list[Any]] = [
        ["表3-2 主要经济指标"],
        ["地区", None, "年份", "批复时间", "经济", None, "创新"],
        [None, None, None, None, "贷款余额", "财政支出比重", "专利数"],
        [None, None, None, None, "（亿元）", "（%）", "（件）"],
    ]
    for cells in messy_books.cells_of(known):
        rows.append([*cells[:3], f"{cells[3]:.0f}.3" if cells[3] else "—", *cells[4:]])
        if cells[2] == 2018:
            rows.append([None, "  其中：市辖区", 2018, None, 1.0, None, 1])
    merged = ("A1:G1", "A2:B4", "C2:C4", "D2:D4", "E2:F2")
    path = messy_books.saved(tmp_path / "a.xlsx", {"3-2": [*rows, ["注：略"]]}, merged)
    made = new(path)
    assert made.study is not None, made.problem
    panel = made.study.panel
    assert panel.unit_labels.tolist() == sorted(known["城市"].unique())
    assert sorted(panel.outcome) == sorted(known["贷款余额"])
    assert made.guess.steps["totals"].value == ["其中：市辖区"]
    assert int((panel.cohort_codes >= 0).sum()) == 4


def test_units_as_columns_are_to_be_turned(tmp_path: Path) -> None:
    frame = messy_books.truth(1).pivot(index="年份", columns="城市", values="贷款余额")
    frame.reset_index().to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(
        PanelError, match="transpose the table so that each unit is a row"
    ) as caught:
        new(tmp_path / "a.csv")
    assert "转置" in caught.value.in_("zh")
    frame.T.rename_axis("年份").reset_index().to_csv(tmp_path / "b.csv", index=False)
    made = new(tmp_path / "b.csv")
    assert (made.guess.roles["unit"], made.guess.roles["time"]) == ("年份", "年份 *")


def test_years_of_two_digits_in_names_of_columns_are_told(tmp_path: Path) -> None:
    frame = messy_books.truth(1).pivot(index="城市", columns="年份", values="贷款余额")
    frame.columns = [f"gdp_{year % 100}" for year in frame.columns]
    frame.reset_index().to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(PanelError, match=r"four digits, such as gdp_2011"):
        new(tmp_path / "a.csv")


def test_a_column_without_a_name_is_told_where_no_unit_is_found(tmp_path: Path) -> None:
    frame = messy_books.truth(1)[["城市", "年份", "贷款余额"]].set_axis(
        ["", "年份", "贷款余额"], axis=1
    )
    frame.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(PanelError, match="column A has no name in the header"):
        new(tmp_path / "a.csv")
