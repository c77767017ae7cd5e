"""What words in cells stand for: batches, losses in brackets, dates in words, and never treated."""

from __future__ import annotations

from pathlib import Path

import messy_books
import numpy as np
import pandas as pd
import pytest

from bayes_nqp.data.reading import STEPS, reading_of, year_of
from bayes_nqp.studies import new, validate

BATCHES = {2014.0: "第一批", 2016.0: "第二批"}


def test_batches_are_asked_for_and_one_correction_is_enough(tmp_path: Path) -> None:
    known = messy_books.truth(1)
    frame = known.assign(试点批次=known["批复年份"].map(BATCHES).fillna("—")).drop(
        columns="批复年份"
    )
    path = tmp_path / "a.csv"
    frame.to_csv(path, index=False)
    made = new(path)
    assert made.study is None
    hint = str(made.problem)
    assert 'cohort = "试点批次"' in hint
    assert 'never = ["—"]' in hint
    values = '{ "试点批次" = { "第一批" = …, "第二批" = … } }'
    assert values in hint
    values = values.replace("…", "2014", 1).replace("…", "2016", 1)
    text = made.path.read_text(encoding="utf-8").replace(
        'time = "年份"',
        f'time = "年份"\ncohort = "试点批次"\nnever = ["—"]\nread.values = {values}\n#',
    )
    made.path.write_text(text, encoding="utf-8")
    panel = validate(made.path).panel
    assert int((panel.cohort_codes >= 0).sum()) == 4


@pytest.mark.slow
@pytest.mark.parametrize("word", ["第三批", "二〇二x", "3批"])
def test_a_word_with_a_number_is_not_never_treated(tmp_path: Path, word: str) -> None:
    known = messy_books.truth(1).astype({"批复年份": object})
    known["批复年份"] = known["批复年份"].fillna("无")
    known.loc[known["城市"] == "昭通市", "批复年份"] = word
    known.to_csv(tmp_path / "a.csv", index=False)
    made = new(tmp_path / "a.csv")
    assert word not in str(made.guess.roles.get("never", ""))
    assert made.study is None


@pytest.mark.parametrize(
    ("text", "year"),
    [("二〇一六年三月七日", 2016), ("二零一六", 2016), ("一九九八年", 1998), ("一二三四", None),
     ("二十年", None), ("二〇一六县", None)],
)  # fmt: skip
def test_years_in_words(text: str, year: int | None) -> None:
    assert year_of(text) == year


def test_losses_in_brackets_are_below_zero(tmp_path: Path) -> None:
    known = messy_books.truth(1)
    known["净利润"] = [
        f"({x:,})" if k % 9 == 0 else f"{x:,}" for k, x in enumerate(known["专利数"])
    ]
    known["备注"] = ["(1)"] * 40 + ["(2)"] * 40
    known.to_csv(tmp_path / "a.csv", index=False)
    reading = reading_of(tmp_path / "a.csv", None, roles={"unit": "城市", "time": "年份"})
    assert reading.taken["negatives"].value == ["净利润"]
    sign = np.where(np.arange(80) % 9 == 0, -1, 1)
    assert reading.frame["净利润"].tolist() == (sign * known["专利数"]).tolist()


def test_values_are_never_proposed(tmp_path: Path) -> None:
    messy_books.truth(1).to_csv(tmp_path / "a.csv", index=False)
    assert "values" not in reading_of(tmp_path / "a.csv", None).taken
    given = {"values": {"省份": {"河北": "冀"}, "年份": {"2011": 2001}}}
    frame = reading_of(tmp_path / "a.csv", given).frame
    assert set(frame["省份"]) == {"冀", "江苏", "甘肃", "云南"}
    assert "values" in STEPS
    assert pd.api.types.is_numeric_dtype(frame["年份"])


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["12,5", "1.234", "1.234,5", "7,25"], [12.5, 1234.0, 1234.5, 7.25]),
        (["12,5", "1.234.567", "-2.345", "7,25"], [12.5, 1234567.0, -2345.0, 7.25]),
        (["12,5", "1.234", "1.5", "7,25"], [12.5, 1.234, 1.5, 7.25]),
    ],
)
def test_beside_decimal_commas_points_mark_thousands(
    tmp_path: Path, texts: list[str], numbers: list[float]
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["x;y", *(f"{x};a" for x in texts)]), encoding="utf-8")
    read = reading_of(path, {"decimals": ["x"]})
    assert read.frame["x"].tolist() == numbers
    assert reading_of(path, None).taken["decimals"].value == ["x"]


@pytest.mark.parametrize(("number", "told"), [("{:.3f}", True), ("{:.2f}", False)])
def test_points_that_may_mark_thousands_are_told(tmp_path: Path, number: str, told: bool) -> None:
    rows = [f"{k},{k}5;{number.format(1.207 + k / 7)}" for k in range(9)]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["x;y", *rows]), encoding="utf-8")
    read = reading_of(path, None)
    assert read.taken["decimals"].value == ["x"]
    assert any("1000 times as large" in note for note in read.notes) == told
