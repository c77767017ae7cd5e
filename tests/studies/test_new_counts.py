"""Proposed studies for counts, indicators and shares."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from bayes_nqp._core.exceptions import NQPError
from bayes_nqp.data.column_inference._guess_likelihood import is_count
from bayes_nqp.studies import new, validate

CITIES = ["石家庄市", "唐山市", "秦皇岛市", "邯郸市", "邢台市", "保定市", "张家口市",
          "承德市", "沧州市", "廊坊市", "衡水市", "太原市",
          "大同市", "阳泉市", "长治市", "晋城市"]  # fmt: skip
YEARS = range(2012, 2020)


def counts(seed: int = 1) -> pd.DataFrame:
    """Patents with zeros, for cities of which every second is treated from 2016 on."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame([(x, t) for x in CITIES for t in YEARS], columns=["城市", "年份"])
    place = frame["城市"].map(CITIES.index)
    rate = np.exp(rng.normal(0.7, 0.8, len(CITIES)))[place]
    frame["专利授权量"] = rng.poisson(rate * np.where(place % 2 & (frame["年份"] >= 2016), 1.5, 1))
    frame["常住人口（万人）"] = 100.0 + place
    frame["政策实施年份"] = np.where(place % 2, 2016, np.nan)
    return frame


def workbook(path: Path, frame: pd.DataFrame) -> Path:
    """The rows with a title, merged names, a dash, a total and a source."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["各市专利（单位：件）"])
    sheet.append([*frame.columns])
    for k, row in enumerate(frame.itertuples(index=False)):
        cells = [None if isinstance(x, float) and np.isnan(x) else x for x in row]
        cells[0] = cells[0] if row[1] == YEARS[0] else None
        cells[1] = f"{row[1]}年"
        cells[2] = "—" if k == 5 else cells[2]
        sheet.append(cells)
    sheet.append(["合计", None, 999])
    sheet.append(["资料来源：统计年鉴"])
    book.save(path)
    return path


def proposed(tmp_path: Path, frame: pd.DataFrame, **roles: str) -> tuple[str, dict[str, object]]:
    """The text of the proposed study, and its table [design]."""
    frame.to_csv(tmp_path / "cities.csv", index=False)
    text = new(tmp_path / "cities.csv", roles=roles).path.read_text(encoding="utf-8")
    return text, tomllib.loads(text)["design"]


def test_an_untidy_workbook_of_counts(tmp_path: Path) -> None:
    file = workbook(tmp_path / "专利.xlsx", counts())
    proposal = new(file)
    text = proposal.path.read_text(encoding="utf-8")
    study = tomllib.loads(text)
    assert not proposal.problems
    assert study["design"]["likelihood"] == "Poisson"
    assert "非负整数" in text
    assert "exposure" not in study["data"]  # offered, never taken
    assert '# exposure = "常住人口（万人）"' in text
    assert "likelihood" in {role.key for role in proposal.page.roles}
    proposal.path.write_text(text.replace("# exposure =", "exposure ="), encoding="utf-8")
    assert validate(proposal.path).panel.roles.exposure == "常住人口（万人）"


@pytest.mark.parametrize(
    ("name", "values", "count"),
    [
        ("y", [0, 1, 2, 5, 0, 9, 14], True),
        ("accidents", [150, 220, 90, 400, 310, 260, 95], True),
        ("y", [150, 220, 90, 400, 310, 260, 95], False),  # large, and no name of counts
        ("opened", [2003, 2010, 2004, 2007, 2012, 2015, 2001], False),  # years
        ("satisfaction", [4, 5, 3, 4, 5, 3, 4], False),  # a bounded score
        ("industry_code", [0, 3, 1, 45, 12, 7, 30], False),
        ("创新指数", [0, 3, 1, 45, 12, 7, 30], False),
        ("补贴（万元）", [0, 3, 1, 45, 12, 7, 30], False),
        ("y", [0, 1, -2, 5, 0, 9, 14], False),
        ("y", [0, 1, 2.5, 5, 0, 9, 14], False),
        ("county_crimes", [0, 1, 2, 5, 0, 9, 14], True),
    ],
)
def test_what_looks_like_counts(name: str, values: list[float], count: bool) -> None:
    assert is_count(name, pd.Series(values, dtype="float64")) is count


def test_a_logarithm_of_the_population_is_no_exposure(tmp_path: Path) -> None:
    frame = counts().rename(columns={"常住人口（万人）": "ln人口"})
    text, _ = proposed(tmp_path, frame.assign(人口密度=3.5))
    assert "exposure" not in text


def test_shares_and_indicators_have_a_comment(tmp_path: Path) -> None:
    rng, frame = np.random.default_rng(2), counts().drop(columns=["常住人口（万人）"])
    share = frame.assign(专利授权量=rng.uniform(0.1, 0.9, len(frame)))
    share = share.rename(columns={"专利授权量": "绿色专利占比"})
    text, design = proposed(tmp_path, share)
    assert "likelihood" not in design
    assert "对数几率" in text
    lines = text.splitlines()
    at = next(k for k, line in enumerate(lines) if line.startswith("# derive"))
    chosen = [lines[at - 1].removeprefix("# "), lines[at].removeprefix("# ")]
    kept = [line for line in lines[:at] if not line.startswith("outcome")]
    path = tmp_path / "odds.toml"
    path.write_text("\n".join([*kept, *chosen, *lines[at + 1 :]]), encoding="utf-8")
    odds = validate(path).panel.outcome
    values = np.sort(share["绿色专利占比"].to_numpy())
    np.testing.assert_allclose(np.sort(1 / (1 + np.exp(-odds))), values)
    (tmp_path / "cities.toml").unlink()
    binary = frame.assign(专利授权量=rng.integers(0, 2, len(frame)))
    text, design = proposed(tmp_path, binary, outcome="专利授权量")
    assert "线性概率模型" in text
    assert "likelihood" not in design


def test_counts_that_cannot_be_fitted_are_only_offered(tmp_path: Path) -> None:
    frame = counts()
    frame.loc[frame["年份"] == 2013, "专利授权量"] = 0
    text, design = proposed(tmp_path, frame)
    assert "likelihood" not in design
    assert '# likelihood = "Poisson"' in text
    assert "2013" in text.split('# likelihood = "Poisson"')[0].rsplit("[design]", 1)[1]


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("专利授权量", -1.0, "counts must be non-negative whole numbers"),
        ("专利授权量", 0.5, "counts must be non-negative whole numbers"),
        ("常住人口（万人）", 0.0, "must be positive"),
        ("常住人口（万人）", np.nan, "is missing in 1 row with an outcome"),
    ],
)
def test_refusals_name_the_observations(
    tmp_path: Path, column: str, value: float, words: str
) -> None:
    frame = counts().astype({"专利授权量": float})
    proposal = workbook(tmp_path / "专利.xlsx", frame)
    path = new(proposal).path
    path.write_text(
        path.read_text(encoding="utf-8").replace("# exposure =", "exposure =")
        .replace('"专利.xlsx"', '"wrong.csv"').split("[data.read]")[0]
        + '[design]\nlikelihood = "Poisson"\n', encoding="utf-8",
    )  # fmt: skip
    frame.loc[20, column] = value
    frame.to_csv(tmp_path / "wrong.csv", index=False)
    with pytest.raises(NQPError, match=words) as error:
        validate(path)
    assert f"{frame['城市'][20]}, {frame['年份'][20]}" in str(error.value)
