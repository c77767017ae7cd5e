"""Files of SPSS and SAS: values, labels, dates, and what is said without their reader."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import messy_books
import numpy as np
import pandas as pd
import pytest

from bayes_nqp import Panel
from bayes_nqp._core.exceptions import PanelError
from bayes_nqp.data.reading import SUFFIXES, read, reading_of
from bayes_nqp.studies import new

NAMES = {"省份": "province", "城市": "city", "年份": "year", "批复年份": "approved",
         "贷款余额": "loans", "财政支出比重": "share", "专利数": "patents"}  # fmt: skip


def reader() -> Any:
    return pytest.importorskip("pyreadstat", reason="the extra formats is not installed")


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".sav", ".zsav", ".por", ".xpt"])
def test_a_file_is_read_as_it_was_written(tmp_path: Path, ending: str) -> None:
    writer, known = reader(), messy_books.truth(1).rename(columns=NAMES)
    codes = {x: float(k) for k, x in enumerate(known["province"].unique())}
    frame, path = known.assign(province=known["province"].map(codes)), tmp_path / f"a{ending}"
    labels = {x: y for y, x in NAMES.items()}
    match ending:
        case ".xpt":
            writer.write_xport(frame.drop(columns="city").assign(city=codes_of(frame)), str(path))
        case ".por":
            writer.write_por(frame.drop(columns="city").assign(city=codes_of(frame)), str(path))
        case _:
            writer.write_sav(
                frame, str(path), compress=ending == ".zsav", column_labels=labels,
                variable_value_labels={"province": {y: x for x, y in codes.items()}},
            )  # fmt: skip
    roles = {"unit": "city", "time": "year", "outcome": "loans", "cohort": "approved"}
    if ending == ".por":  # which has no small letters
        roles = {part: name.upper() for part, name in roles.items()}
    panel = Panel.from_file(path, **roles)
    assert panel.n_units == 10
    assert int((panel.cohort_codes >= 0).sum()) == 4
    assert np.allclose(np.sort(panel.outcome), np.sort(known["loans"]))
    if "sav" in ending:
        assert set(panel.frame["province"]) == set(known["province"])
        assert panel.labels.name("loans", "zh") == "贷款余额"
        assert new(path).study is not None


def codes_of(frame: pd.DataFrame) -> list[float]:
    return [float(x) for x in pd.factorize(frame["city"])[0]]


def test_codes_that_have_labels_only_in_part_stay_numbers(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0, 9.0], "day": pd.to_datetime(["2015-01-02"] * 3)})
    reader().write_sav(
        frame, str(tmp_path / "a.sav"), variable_value_labels={"x": {9.0: "refused"}}
    )
    read_frame, _ = read(tmp_path / "a.sav")
    assert read_frame["x"].tolist() == [1.0, 2.0, 9.0]
    assert read_frame["day"].dt.year.tolist() == [2015] * 3
    assert read_frame.index[0] == 1


def test_a_broken_file_is_refused_in_words(tmp_path: Path) -> None:
    reader()
    for ending in (".sav", ".sas7bdat", ".xpt"):
        assert ending in SUFFIXES
        path = tmp_path / f"a{ending}"
        path.write_bytes(b"no such thing" * 9)
        with pytest.raises(PanelError, match="cannot be read as"):
            read(path)


def test_the_extra_is_named_where_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyreadstat", None)
    path = tmp_path / "a.sav"
    path.write_bytes(b"$FL2")
    with pytest.raises(PanelError, match=r"pip install 'bayes-nqp\[formats\]'"):
        read(path)


def test_codes_of_missing_cells_are_named(tmp_path: Path) -> None:
    path = tmp_path / "states.dta"
    frame = pd.DataFrame(
        {"state": [1.0, 1.0, 2.0], "y": [0.5, np.nan, np.nan], "x": [1.0, 2.0, 3.0]}
    )
    frame.to_stata(path, write_index=False, version=118)
    dot, coded = bytes.fromhex("000000000000e07f"), bytes.fromhex("000000000002e07f")
    head, found, rest = path.read_bytes().partition(b"<data>")
    path.write_bytes(head + found + rest.replace(dot, coded, 1))  # .b, and one that is just missing
    reading = reading_of(path, None)
    assert [x for x in reading.notes if "y (.b 1)" in x]
    assert reading.frame["y"].isna().sum() == 2
