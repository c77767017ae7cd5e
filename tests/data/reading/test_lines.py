"""Text files whose lines do not fit: what is lost or changed is told, with its line."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from readers import ROLES, refused, roads, study_of, taken
from small_study import city_rows

from bayes_nqp._core.exceptions import PanelError
from bayes_nqp.data.panel import Panel
from bayes_nqp.data.reading import grouped, read
from bayes_nqp.studies import new, validate


def lines_of(df: pd.DataFrame | None = None) -> list[str]:
    return (city_rows() if df is None else df).to_csv(index=False).splitlines()


def put(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_short_rows_are_told(tmp_path: Path) -> None:
    lines = lines_of()
    lines[5] = lines[5].rsplit(",", 1)[0]
    path = put(tmp_path / "a.csv", lines)
    for road in roads(path):
        panel = road()
        assert panel.n_rows == 159
        assert any("1 row shorter than the header of 5 cells" in note for note in panel.notes)
        assert any("row 6 has 4" in note for note in panel.notes)


def test_a_quote_that_swallows_rows_is_refused(tmp_path: Path) -> None:
    lines = lines_of()
    for k, old, fresh in ((5, ",沿海", ',"沿海'), (20, "沿海,", '沿海",')):
        lines[k] = lines[k].replace(old, fresh)
    path = put(tmp_path / "a.csv", lines)
    refused(path, "opens in column '地区' of row 6 and closes 15 lines later")


def test_a_text_of_two_lines_is_a_cell(tmp_path: Path) -> None:
    lines = [
        f"{line},{'备注' if not k else '，'.join('甲乙')}" for k, line in enumerate(lines_of())
    ]
    lines[3] = lines[3].replace("甲，乙", '"甲\n乙"')
    taken(put(tmp_path / "a.csv", lines))


def test_lines_of_another_encoding_are_named(tmp_path: Path) -> None:
    encoded = [
        x.encode("gb18030" if k in (5, 6, 90) else "utf-8") for k, x in enumerate(lines_of())
    ]
    (tmp_path / "a.csv").write_bytes(b"\n".join(encoded))
    refused(tmp_path / "a.csv", "is UTF-8 text except for 3 lines.*line 6, 7, 91")


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_unit_called_na_is_a_unit(tmp_path: Path, suffix: str) -> None:
    names = {"城市03": "NA", "城市04": "None", "城市05": "null"}
    df = city_rows().replace({"城市": names})
    path = tmp_path / f"a{suffix}"
    df.to_csv(path, index=False) if suffix == ".csv" else df.to_excel(path, index=False)
    for road in roads(path):
        assert road().n_units == 20


def test_na_is_a_missing_number_elsewhere(tmp_path: Path) -> None:
    df = city_rows().astype({"nqp": object, "zone_year": object})
    df.loc[[3, 4], "nqp"] = "NA"
    df["zone_year"] = df["zone_year"].where(df["zone_year"].notna(), "NA")
    df.to_csv(tmp_path / "a.csv", index=False)
    for road in roads(tmp_path / "a.csv"):
        panel = road()
        assert panel.n_rows == 158
        assert int((panel.cohort_codes >= 0).sum()) == 10


def test_errors_of_a_spreadsheet_in_text_are_told(tmp_path: Path) -> None:
    df = city_rows().astype({"nqp": object})
    df.loc[[3, 4], "nqp"] = "#N/A"
    df.to_csv(tmp_path / "a.csv", index=False)
    refused(tmp_path / "a.csv", "spreadsheet errors in 2 rows: '#N/A'.*row 5 .*row 6 ")


@pytest.mark.parametrize(
    ("text", "number"),
    [("1,234", "1234"), ("1,234,567.8", "1234567.8"), ("-1,234", "-1234"), ("12", "12")]
    + [(text, None) for text in ("0,532", "1,5", "12,34", "1,2345", "1,234,5", "1234,567")],
)
def test_marks_between_thousands_stand_between_thousands(text: str, number: str | None) -> None:
    assert grouped(text, ",") == number


def test_a_decimal_comma_is_no_mark_between_thousands(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = city_rows().astype({"zone_year": "Int64"})
    rows.to_csv(path, index=False, sep=";", decimal=",")
    for keys in ("", "read.thousands = ','"):
        with pytest.raises(PanelError, match="'0,9229'") as caught:
            validate(study_of(path, keys))
        assert 'decimals = ["nqp"]' in caught.value.hint
    outcomes = [Panel.from_file(path, **ROLES).outcome]
    outcomes.append(validate(study_of(path, 'read.decimals = ["nqp"]')).panel.outcome)
    made = new(path)
    assert made.study is not None
    assert "thousands" not in made.guess.steps
    for outcome in (*outcomes, made.study.panel.outcome):
        assert sorted(outcome) == pytest.approx(sorted(city_rows()["nqp"]))


def test_an_index_of_parquet_is_columns(tmp_path: Path) -> None:
    city_rows().set_index(["城市", "年份"]).to_parquet(tmp_path / "a.parquet")
    taken(tmp_path / "a.parquet")


def test_names_that_are_perhaps_one_unit_are_said(tmp_path: Path) -> None:
    def said(rows: list[tuple[str, int]]) -> list[str]:
        frame = pd.DataFrame(rows, columns=["市", "年份"]).assign(y=range(len(rows)))
        frame.to_csv(tmp_path / "cities.csv", index=False)
        panel = Panel.from_file(tmp_path / "cities.csv", unit="市", time="年份", outcome="y")
        return [str(note) for note in panel.notes if "possibly" in note]

    later = [(name, year) for name in ("沧溟区", "赤水") for year in (2015, 2016)]
    (note,) = said([("沧溟县", 2013), ("沧溟县", 2014), *later])
    assert "same period: 沧溟区 / 沧溟县; if so" in note
    assert not said([("沧溟县", 2014), ("沧溟县", 2015), *later])


def test_a_name_without_its_last_word_is_the_unit_that_has_it(tmp_path: Path) -> None:
    def units(rows: list[tuple[str, int]]) -> list[str]:
        frame = pd.DataFrame(rows, columns=["市", "年份"]).assign(y=range(len(rows)))
        frame.to_csv(tmp_path / "cities.csv", index=False)
        panel = Panel.from_file(tmp_path / "cities.csv", unit="市", time="年份", outcome="y")
        said = [str(note) for note in panel.notes if "Units with two names" in note]
        assert len(said) == ("沧溟" not in panel.unit_labels)
        return list(panel.unit_labels)

    later = [(name, year) for name in ("沧溟市", "赤水市") for year in (2015, 2016)]
    assert units([("沧溟", 2013), ("沧溟", 2014), *later]) == ["沧溟市", "赤水市"]
    assert units([("沧溟", 2014), ("沧溟", 2015), *later]) == ["沧溟", "沧溟市", "赤水市"]


def test_a_comma_is_a_decimal_one_where_semicolons_part_columns(tmp_path: Path) -> None:
    """Three digits behind each comma: 45,221 is no 45 thousand there, unless points are decimal."""
    rows, path = city_rows(), tmp_path / "a.csv"
    rows["nqp"] += 40.0
    rows["zone_year"] = rows["zone_year"].astype("Int64")
    rows.to_csv(path, index=False, sep=";", decimal=",", float_format="%.3f")
    panel = Panel.from_file(path, **ROLES)
    assert any("Decimal commas (nqp): 160 cells" in note for note in panel.notes)
    assert sorted(panel.outcome) == pytest.approx(sorted(rows["nqp"]), abs=1e-3)
    counts = [f"{1000 * x:,.0f}" for x in rows["nqp"]]
    rows.assign(nqp=counts, share=0.25).to_csv(path, index=False, sep=";")
    panel = Panel.from_file(path, **ROLES)
    assert sorted(panel.outcome) == pytest.approx(sorted(1000 * rows["nqp"]), abs=1.0)


def test_letters_of_western_europe_are_read_and_said(tmp_path: Path) -> None:
    towns = ["Köln", "Düsseldorf", "Nîmes", "Orléans", "Málaga", "Malmö"]
    lines = ["Stadt;Jahr;Beschäftigung", *(f"{x};{y};{y / 8:.3f}" for x in towns for y in (1, 2))]
    path = tmp_path / "a.csv"
    path.write_bytes("\n".join(lines).replace(".", ",").encode("cp1252"))
    frame, notes = read(path)
    assert [*frame.columns] == ["Stadt", "Jahr", "Beschäftigung"]
    assert frame["Stadt"].unique().tolist() == towns
    assert any("CP1252" in str(note) for note in notes)


@pytest.mark.parametrize("encoding", ["cp1250", "shift_jis"])
def test_other_letters_are_refused_with_what_to_try(tmp_path: Path, encoding: str) -> None:
    towns = {"cp1250": "Łódź Wrocław Białystok", "shift_jis": "東京カ"}
    path = tmp_path / "a.csv"
    path.write_bytes(
        "\n".join(["town,y", *(f"{x},1" for x in towns[encoding].split())]).encode(encoding)
    )
    with pytest.raises(PanelError, match="CSV UTF-8"):
        read(path)
