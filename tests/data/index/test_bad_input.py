"""What an index refuses, and in which words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import PanelError, StudyError
from bayes_nqp.data.index import Dimension, Indicator

SYSTEM = nqp.IndexSystem.of(["专利", "patents"], "energy")


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    df = pd.DataFrame(
        {"城市": np.repeat(["杭州市", "宁波市", "兰州市"], 3), "年份": [2014, 2015, 2016] * 3}
    )
    for key in SYSTEM.keys:
        df[key] = rng.uniform(size=len(df))
    return df


def build(df: pd.DataFrame, **changes: object) -> nqp.index.Index:
    recipe = nqp.ProductivityIndex(SYSTEM).replace(**changes)
    return recipe.build(df, unit="城市", time="年份")


def test_a_column_that_is_not_there() -> None:
    with pytest.raises(
        PanelError, match="indicator 'patents': column='patents' is not a column"
    ) as told:
        build(frame().rename(columns={"patents": "patent"}))
    assert "did you mean 'patent'?" in str(told.value)
    assert "system.using" in str(told.value)


def test_text_among_the_numbers_names_the_rows() -> None:
    df = frame().astype({"专利": object})
    df.loc[4, "专利"] = "1,234"
    with pytest.raises(PanelError) as told:
        build(df)
    assert "'专利'" in str(told.value)
    assert "row 4 (宁波市, 2015): '1,234'" in str(told.value)


def test_missing_values_name_columns_rows_and_choices() -> None:
    df = frame()
    df.loc[[1, 7], "energy"] = np.nan
    df.loc[1, "patents"] = np.nan
    with pytest.raises(PanelError) as told:
        build(df)
    assert "2 rows (patents 1, energy 2)" in str(told.value)
    assert "row 1 (杭州市, 2015); row 7 (兰州市, 2015)" in str(told.value)
    assert "missing='drop'" in str(told.value)


def test_an_indicator_without_any_value() -> None:
    with pytest.raises(PanelError, match="no row has a value of 'energy'"):
        build(frame().assign(energy=np.nan), missing="extend")


def test_a_constant_names_the_column_its_value_and_the_period() -> None:
    with pytest.raises(PanelError, match=r"constant: 'energy'.\nWhere: energy = 5") as told:
        build(frame().assign(energy=5.0))
    assert "constant='zero'" in str(told.value)
    df = frame()
    df.loc[df["年份"] == 2015, "patents"] = 2.0
    with pytest.raises(PanelError, match="constant in 2015: 'patents'"):
        build(df, normalise=nqp.MinMax(scope="yearly"))


def test_infinite_and_repeated_rows() -> None:
    df = frame()
    df.loc[3, "energy"] = np.inf
    with pytest.raises(PanelError, match=r"(?s)'energy'.*infinite.*row 3"):
        build(df)
    with pytest.raises(PanelError, match=r"are duplicated in 2 rows.\nWhere: row 0 .*row 1 "):
        build(frame().assign(年份=[2014, 2014, 2016] * 1 + [2014, 2015, 2016] * 2))


def test_a_missing_unit() -> None:
    with pytest.raises(PanelError, match="unit='城市' is missing in 1 row"):
        build(frame().assign(城市=[None, *frame()["城市"][1:]]))


def test_directions() -> None:
    with pytest.raises(StudyError, match=r"'energy' has the direction 'minus'.*\n.*negative"):
        Indicator("energy", "minus")


def test_systems_that_repeat_or_are_empty() -> None:
    with pytest.raises(StudyError, match="indicator 'a' occurs twice"):
        nqp.IndexSystem.of(["a", "b"], "a")
    with pytest.raises(StudyError, match="has no indicators"):
        Dimension("labour", ())
    with pytest.raises(StudyError, match=r"did you mean 'patents'\?"):
        SYSTEM.without("patent")
    with pytest.raises(StudyError, match="contains no indicator"):
        SYSTEM.without(*SYSTEM.keys)
    same = SYSTEM.using({"patents": "energy"})
    with pytest.raises(PanelError, match="'energy' is used twice"):
        build(frame(), system=same)


def test_weights() -> None:
    with pytest.raises(StudyError, match="not a class"):
        nqp.ProductivityIndex(SYSTEM, nqp.Entropy)  # type: ignore[arg-type]
    with pytest.raises(StudyError, match="has no weight for 'energy'"):
        build(frame(), weights=nqp.FixedWeights({"专利": 1, "patents": 2}))
    with pytest.raises(StudyError, match="names 'patent'"):
        build(frame(), weights=nqp.FixedWeights({"专利": 1, "patent": 2, "energy": 1}))
    with pytest.raises(StudyError, match="negative: energy"):
        nqp.FixedWeights({"energy": -1})
    with pytest.raises(StudyError, match="'shift' is -1"):
        nqp.Entropy(shift=-1)
    with pytest.raises(StudyError, match="'scope' is 'year'"):
        nqp.EntropyTopsis(scope="year")  # type: ignore[arg-type]
    with pytest.raises(StudyError, match="hierarchy='flat'"):
        nqp.ProductivityIndex(SYSTEM, nqp.FixedWeights({"energy": 1}), hierarchy="nested")
    with pytest.raises(StudyError, match="did you mean 'weights'"):
        nqp.ProductivityIndex(SYSTEM).replace(weight=nqp.Critic())


def test_a_base_that_is_no_period() -> None:
    with pytest.raises(PanelError, match="base='2013' is not a period"):
        build(frame(), normalise=nqp.MinMax(base=2013))
    with pytest.raises(StudyError, match="omit one of them"):
        nqp.MinMax(scope="yearly", base=2014)


def test_a_name_that_is_taken() -> None:
    with pytest.raises(PanelError, match="name='energy' is already a column"):
        build(frame()).frame("energy")


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "system.toml"
    SYSTEM.to_toml(path)
    assert nqp.IndexSystem.from_toml(path) == SYSTEM
    with pytest.raises(StudyError, match="already exists"):
        SYSTEM.to_toml(path)
    path.write_text('[[dimension]]\nkey = "a"\n[[dimension.indicators]]\n', encoding="utf-8")
    with pytest.raises(StudyError, match=r"'indicators'.*\n.*did you mean 'indicator'\?"):
        nqp.IndexSystem.from_toml(path)
    path.write_text("[[dimension", encoding="utf-8")
    with pytest.raises(StudyError, match="not valid TOML"):
        nqp.IndexSystem.from_toml(path)
    with pytest.raises(StudyError, match="is not a file"):
        nqp.IndexSystem.from_toml(tmp_path / "gone.toml")


def test_the_ready_system_is_complete_and_can_be_edited(tmp_path: Path) -> None:
    system = nqp.index.new_quality_productivity()
    assert [d.name_zh for d in system.dimensions] == ["新质劳动者", "新质劳动对象", "新质劳动资料"]
    for one in system.indicators:
        assert all((one.name, one.name_zh, one.unit, one.formula, one.sources)), one
    path = tmp_path / "mine.toml"
    system.keep(["objects", "patents"]).using({"patents": "人均专利"}).to_toml(path)
    mine = nqp.IndexSystem.from_toml(path)
    assert mine.indicators[-1].data == "人均专利"
    assert {d.key for d in mine.dimensions} == {"objects", "means"}


def test_an_index_shows_itself() -> None:
    index = build(frame(), weights=nqp.Entropy(scope="yearly"))
    assert "Entropy(scope='yearly', shift=0.0)" in repr(index)
    assert "energy" in index._repr_html_()
    assert len(index.weights) == 9
    assert index.digest == build(frame(), weights=nqp.Entropy(scope="yearly")).digest
    assert index.digest != build(frame()).digest
