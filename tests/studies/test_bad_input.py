"""Errors in a study are reported in terms of the study, before any sampling."""

from __future__ import annotations

import tomllib
from functools import reduce
from pathlib import Path

import pandas as pd
import pytest
import tomli_w
from small_study import STUDY, city_rows, write_study

from bayes_nqp._core.exceptions import IdentificationError, NQPError, PanelError, StudyError
from bayes_nqp.studies import titles, validate


def refused(folder: Path, text: str, error: type[NQPError] = StudyError) -> str:
    """Validate a study that must be refused, and return the message."""
    with pytest.raises(error) as caught:
        validate(write_study(folder, text))
    assert type(caught.value) is error
    message = str(caught.value)
    assert "\nTry: " in message
    assert "pydantic" not in message
    return message


def edited(old: str, new: str) -> str:
    assert old in STUDY
    return STUDY.replace(old, new)


UNKNOWN = [
    (
        'title = "城',
        'titel = "x"\ntitle = "城',
        "the top level of study.toml",
        "'titel'",
        "'title'",
    ),
    ("[sampler]", "[smapler]", "the top level of study.toml", "'smapler'", "'sampler'"),
    ('outcome = "ln', 'outcom = "x"\noutcome = "ln', "[data]", "'outcom'", "'outcome'"),
    ("errors =", "errorz =", "[design]", "'errorz'", "'errors'"),
    ("varying =", "varyng =", "'design.effect'", "'varyng'", "'varying'"),
    ("draws =", "drws =", "[sampler]", "'drws'", "'draws'"),
    ("[report]", "[report]\nprobability = 0.9", "[report]", "'probability'", "'prob'"),
    ("[checks]", "[checks]\nrum = []", "[checks]", "'rum'", "'run'"),
    ("[report]", "[priors]\nlevl = 1.0\n[report]", "[priors]", "'levl'", "'level'"),
    (
        "[design]",
        '[[data.stratify]]\ncolumn = "nqp"\nlabel = ["a", "b"]\n[design]',
        "[data.stratify]",
        "'label'",
        "'labels'",
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(("old", "new", "table", "key", "near"), UNKNOWN)
def test_an_unknown_key_is_named_with_its_table_and_the_nearest(
    tmp_path: Path, old: str, new: str, table: str, key: str, near: str
) -> None:
    message = refused(tmp_path, edited(old, new))
    assert f"{table} has the unknown key {key}" in message
    assert f"did you mean {near}?" in message


def test_a_key_in_the_wrong_table_is_sent_to_its_own(tmp_path: Path) -> None:
    message = refused(tmp_path, edited("[checks]", "[checks]\nsheet = 1"))
    assert "'sheet' belongs in [data.read]" in message


WRONG = [
    ('title = "城市与新质生产力"', "title = 3", "'title' is 3", "text in quotes"),
    ('unit = "城市"\n', "", "[data] lacks the key 'unit'", 'add unit = "…"'),
    ('strata = ["地区"]', "strata = 3", "'data.strata' is 3", "a list"),
    ("[report]", '[report]\nprob = "high"', "'report.prob' is 'high'", "a number"),
    ("[report]", "[report]\nprob = 1.5", "'report.prob' is 1.5", "a number below 1"),
    ("[report]", '[report]\nlanguage = "xx"', "'report.language' is 'xx'", "'zh'"),
    ("draws = 100", 'draws = "many"', "'sampler.draws' is 'many'", "an integer"),
    (
        'type = "Importance"',
        'type = "Gibbs"',
        "'sampler.type' is 'Gibbs'",
        '"Importance" or "NUTS"',
    ),
    ('type = "Importance"', 'type = "AR1"', "'sampler.type' is 'AR1'", '"Importance" or "NUTS"'),
    (
        "[report]",
        '[priors]\nlevel = "wide"\n[report]',
        "'priors.level' is 'wide'",
        "without quotes",
    ),
    ("[report]", "[priors]\nlevel = -1.0\n[report]", "'priors.level' is -1.0", "5.0"),
    ('"PartialPooling"', '"Partail"', "'Partail'", "did you mean 'PartialPooling'?"),
    ('errors = "AR1"', 'errors = "AR2"', "'design.errors' is 'AR2'", "'AR1'"),
    (
        'type = "PartialPooling", ',
        "",
        "'design.effect' has no type",
        'type = "PartialPooling"',
    ),
    ("[report]", "[design.priors]\nlevel = 1.0\n[report]", "'design.priors'", "[priors]"),
    (
        '"identification"]',
        '"identifying"]',
        "'checks.run' contains 'identifying'",
        "'identification'",
    ),
    ("[report]", '[report]\nby = ["区"]', "'report.by' contains '区'", ""),
    (
        'file = "cities.csv"',
        "",
        "exactly one of 'dataset', 'file', 'source' and 'simulation'",
        "castle_doctrine",
    ),
    ('file = "cities.csv"', 'dataset = "castle"', "'data.dataset' is 'castle'", "castle_doctrine"),
    ('unit = "城市"', 'unit = "城"', "'data.unit' is '城', which is not a column", "'城市'"),
    ("log(nqp)", "log(npq)", "uses the column 'npq'", "'nqp'"),
    ("log(nqp)", "log(nqp", "is not an expression", "log10"),
    ("log(nqp)", "open(nqp)", "'open(nqp)', which is not allowed", "sqrt"),
    ("log(nqp)", "nqp.values", "'nqp.values', which is not allowed", "sqrt"),
    ("log(nqp)", "log(nqp - 9)", "is undefined in 160 rows", "log1p"),
    (
        "ln_nqp =",
        'nqp = "2 * nqp"\nln_nqp =',
        "'data.derive.nqp' is already a column",
        "another name",
    ),
]


@pytest.mark.parametrize(("old", "new", "what", "hint"), WRONG)
def test_a_wrong_value_is_quoted_with_what_would_be_right(
    tmp_path: Path, old: str, new: str, what: str, hint: str
) -> None:
    message = refused(tmp_path, edited(old, new))
    assert what in message
    assert hint in message.split("\nTry: ")[1]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (edited('unit = "城市"', 'unit = "城市'), 'line 5: unit = "城市'),
        (edited("[data]", "[data\n"), "line 3: [data"),
        (edited('"cities.csv"', r'"C:\data\cities.csv"'), r'line 4: file = "C:\data\cities.csv"'),
        (edited("seed = 7", "seed = 7\nseed = 8"), "seed = 8"),
        (STUDY + "x = [1,", "the last"),
    ],
)
def test_broken_toml_names_the_line(tmp_path: Path, text: str, line: str) -> None:
    message = refused(tmp_path, text)
    assert "study.toml is not valid TOML" in message
    assert line in message


def test_a_windows_path_is_told_about_slashes(tmp_path: Path) -> None:
    message = refused(tmp_path, edited('"cities.csv"', r'"C:\data\cities.csv"'))
    assert "write / instead of \\" in message


def test_a_study_that_is_not_there_suggests_the_nearest(study: Path) -> None:
    with pytest.raises(StudyError, match=r"does not exist.*\n.*did you mean 'study.toml'"):
        validate(study.with_name("stduy.toml"))


def test_a_study_in_another_encoding(tmp_path: Path) -> None:
    path = write_study(tmp_path)
    path.write_bytes(STUDY.encode("gb18030"))
    with pytest.raises(StudyError, match="not UTF-8 text"):
        validate(path)


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    path = write_study(tmp_path)
    path.write_bytes(STUDY.replace("\n", "\r\n").encode("utf-8-sig"))
    assert validate(path).settings.title == "城市与新质生产力"


def test_data_that_are_not_there(tmp_path: Path) -> None:
    message = refused(tmp_path, edited("cities.csv", "citys.csv"), PanelError)
    assert "did you mean 'cities.csv'" in message


def test_hints_about_the_data_speak_toml(tmp_path: Path) -> None:
    path = write_study(tmp_path)
    df = city_rows()
    df["zone_year"] = df["zone_year"].fillna(0)
    df.to_csv(tmp_path / "cities.csv", index=False, encoding="utf-8-sig")
    with pytest.raises(PanelError, match=r"in \[data\]: never = 0"):
        validate(path)
    again = pd.concat([city_rows(), city_rows().head(1)])
    again.to_csv(tmp_path / "cities.csv", index=False, encoding="utf-8-sig")
    with pytest.raises(PanelError, match="keep one row for each unit and period"):
        validate(path)


def test_what_is_not_identified_is_refused_with_what_to_write(tmp_path: Path) -> None:
    path = write_study(tmp_path)
    df = city_rows()
    df[(df["地区"] == "内陆") | df["zone_year"].notna()].to_csv(
        tmp_path / "cities.csv", index=False, encoding="utf-8-sig"
    )
    with pytest.raises(IdentificationError) as caught:
        validate(path)
    assert "沿海" in caught.value.where
    assert 'time = { type = "TimeEffects" }' in caught.value.hint
    assert 'unidentified = "drop"' in caught.value.hint
    assert "nqp." not in caught.value.hint


def test_a_folder_that_is_not_there_has_no_titles(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="does not exist"):
        titles(tmp_path / "nowhere")


def test_titles_show_what_is_wrong_with_a_broken_study(study: Path) -> None:
    study.with_name("broken.toml").write_text("title = ", encoding="utf-8")
    found = titles(study.parent)
    assert list(found.values())[1] == "城市与新质生产力"
    assert "not valid TOML" in found[study.with_name("broken.toml")]


def test_options_of_a_check_are_known(tmp_path: Path) -> None:
    message = refused(tmp_path, edited("[checks]", "[checks.leave_out]\ngroup = 'x'\n[checks]"))
    assert "'checks.leave_out.group' is not an option of this check" in message
    assert "did you mean 'groups'" in message
    message = refused(tmp_path, edited("[checks]", "[checks]\nleave_out = 3"))
    assert "'checks.leave_out' is 3" in message
    assert "[checks.leave_out]" in message


def test_a_column_that_a_check_names_is_looked_for_before_sampling(tmp_path: Path) -> None:
    table = "[checks.placebo_outcome]\noutcome = 'rainfal'\n[checks]"
    message = refused(tmp_path, edited("[checks]", table))
    assert "'checks.placebo_outcome.outcome' contains 'rainfal'" in message
    message = refused(tmp_path, edited("[checks]", "[checks.leave_out]\ngroups = 3\n[checks]"))
    assert "'checks.leave_out.groups' is 3" in message


@pytest.mark.slow
@pytest.mark.parametrize(
    "way",
    [
        ("title",),
        ("report", "question"),
        ("report", "outcome_unit"),
        ("labels", "en", "nqp"),
        ("labels", "en", "地区", "levels", "沿海"),
    ],
)
def test_a_text_of_a_megabyte_is_refused_with_its_bound(
    tmp_path: Path, way: tuple[str, ...]
) -> None:
    study = tomllib.loads(STUDY)
    *tables, key = way
    reduce(lambda table, name: table.setdefault(name, {}), tables, study)[key] = "x" * 1_000_000
    message = refused(tmp_path, tomli_w.dumps(study))
    assert message.startswith(f"'{'.'.join(way)}' is 'xxx")
    assert "text of at most 1" in message
    assert len(message) < 400
