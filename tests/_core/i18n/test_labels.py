"""Words for variables, levels and units, from a panel to its last table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import PanelError, StudyError
from bayes_nqp._core.labels import Labels

CITIES = {
    "330100": "杭州", "330200": "宁波", "310100": "上海", "410100": "郑州", "510100": "成都",
    "210200": "大连", "370200": "青岛", "210100": "沈阳",
}  # fmt: skip
WORDS = {
    "zh": {
        "nqp": "新质生产力",
        "digital": {"label": "数字化转型"},
        "region": {"label": "地区", "levels": {"1": "沿海", "2": "内陆"}},
        "city": {"label": "城市", "levels": CITIES},
    },
    "en": {"region": {"levels": {"1": "coast"}}, "city": {"levels": {"330100": "Hangzhou"}}},
}


def rows() -> pd.DataFrame:
    generator = np.random.default_rng(4)
    found = []
    for k, code in enumerate(CITIES):
        first = (2015, 2016, 2016, 2017)[k] if k < 4 else None
        for year in range(2012, 2020):
            on = first is not None and year >= first
            digital = generator.normal() + 0.5 * on
            nqp = generator.normal() + on + 0.3 * digital
            found.append((int(code), year, first, 1 + k % 2, digital, nqp))
    return pd.DataFrame(found, columns=["city", "year", "zone_year", "region", "digital", "nqp"])


ROLES = {
    "unit": "city", "time": "year", "cohort": "zone_year", "outcome": "nqp", "strata": ["region"],
    "mediators": ["digital"],
}  # fmt: skip


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    panel = nqp.Panel.from_frame(rows(), **ROLES, labels=WORDS)
    design = nqp.StaggeredDiD(effect=nqp.PartialPooling(["region"], varying="unit"))
    sampler = nqp.Importance(draws=200, chains=2, seed=1)
    return nqp.fit(nqp.Mediation(design, mediators=["digital"]), panel, sampler, progress=False)


def texts(figure: object) -> set[str]:
    from matplotlib.text import Text

    return {text.get_text() for text in figure.findobj(Text)}  # type: ignore[attr-defined]


@pytest.mark.slow
def test_a_league_names_places_in_its_language_and_codes_where_there_is_no_word(
    fit: nqp.Fit,
) -> None:
    assert {"杭州", "宁波"} <= texts(nqp.plots.caterpillar(fit, language="zh"))
    assert "330100" not in texts(nqp.plots.caterpillar(fit, language="zh"))
    assert {"Hangzhou", "330200"} <= texts(nqp.plots.caterpillar(fit))


@pytest.mark.slow
def test_figures_name_levels_variables_and_channels(fit: nqp.Fit) -> None:
    groups = {"地区", "沿海", "内陆", "沿海 − 内陆", "对新质生产力的效应"}
    assert groups <= texts(nqp.plots.forest(fit, by="region", language="zh"))
    assert {"沿海", "内陆"} <= texts(nqp.plots.event_study(fit, by="region", language="zh"))
    assert {"数字化转型", "新质生产力"} <= texts(nqp.plots.paths(fit, language="zh"))
    assert {"数字化转型"} <= texts(nqp.plots.channels(fit, language="zh"))
    assert {"杭州"} <= texts(nqp.plots.adoption(fit.panel, language="zh"))


@pytest.mark.slow
def test_tables_name_them_too_and_their_numbers_are_the_same(fit: nqp.Fit) -> None:
    named = nqp.table(fit, "effects", language="zh")
    labels = [row.label for row in named.rows]
    assert labels == ["总体", "地区", "沿海", "内陆", "组间差异", "沿海 − 内陆"]
    assert "新质生产力" in named.title
    plain = nqp.table(fit, "effects")
    assert [row.label for row in plain.rows][2:4] == ["coast", "2"]
    assert [[c.values for c in row.cells] for row in named.rows] == [
        [c.values for c in row.cells] for row in plain.rows
    ]
    assert "城市" in nqp.table(fit.panel, language="zh").note


@pytest.mark.slow
def test_checks_name_units(fit: nqp.Fit) -> None:
    result = nqp.check(fit, "influence")
    said = result.figure_in("zh") + result.said("zh")
    assert any(city in said for city in CITIES.values())
    assert not any(code in said for code in CITIES)


@pytest.mark.slow
def test_arguments_and_draws_keep_the_names_of_the_data(fit: nqp.Fit) -> None:
    draws = nqp.att(fit, by="region")
    assert draws["region"].to_numpy().tolist() == ["1", "2"]
    assert nqp.contrast(draws, region="1", minus="2").sizes["draw"] == 200


@pytest.mark.slow
def test_labels_are_saved_with_the_fit_and_change_no_digest(fit: nqp.Fit, tmp_path: Path) -> None:
    path = fit.save(tmp_path / "fit.nc")
    again = nqp.load(path)
    assert again.labels == fit.labels == fit.panel.labels == again.panel.labels
    bare = nqp.load(fit.save(tmp_path / "bare.nc", rows=False))
    assert "杭州" in texts(nqp.plots.caterpillar(bare, language="zh"))
    assert nqp.Panel.from_frame(rows(), **ROLES).digest == fit.panel.digest


@pytest.mark.slow
def test_fewer_rows_keep_their_labels(fit: nqp.Fit) -> None:
    fewer = fit.panel.where(fit.panel.frame["year"] > 2012)
    assert fewer.labels == fit.panel.labels


@pytest.mark.parametrize(
    ("labels", "what"),
    [
        ({"xx": {"nqp": "x"}}, "'xx' is not an available language"),
        ({"zh": {"nqq": "x"}}, "'nqq' is not a column"),
        ({"zh": "nqp"}, "labels.zh is 'nqp'"),
        ({"zh": {"region": {"1": "x"}}}, "labels.zh.region.1"),
    ],
)
def test_labels_of_nothing_are_refused(labels: dict[str, object], what: str) -> None:
    with pytest.raises(PanelError, match=what):
        nqp.Panel.from_frame(rows(), **ROLES, labels=labels)


def test_levels_of_one_label_stay_apart() -> None:
    labels = Labels.of({"zh": {"city": {"levels": {"220200": "吉林", "220000": "吉林"}}}})
    assert labels.name("220200", "zh", "city") == "吉林 (220200)"


def test_a_level_of_two_columns_is_named_where_its_column_is_known() -> None:
    words = {"region": {"levels": {"low": "西部"}}, "market": {"levels": {"low": "低"}}}
    labels = Labels.of({"zh": words})
    assert labels.name("low", "zh") == "low"
    assert labels.name("low", "zh", "market") == "低"
    assert labels.name("market: low", "zh") == "market: 低"


def test_names_that_stand_together_are_all_columns_or_all_levels() -> None:
    """A level that is called like its own column, as resource of resource."""
    levels = {"resource": "资源型城市", "other": "非资源型城市"}
    words = {"resource": {"label": "资源型", "levels": levels}, "region": "地区"}
    labels = Labels.of({"zh": words})
    assert labels.name("resource", "zh") == "资源型"
    assert labels.name("other − resource", "zh") == "非资源型城市 − 资源型城市"
    assert labels.name("coastal × resource", "zh") == "coastal × 资源型城市"
    assert labels.name("region × resource", "zh") == "地区 × 资源型"
    assert labels.name("resource: resource", "zh") == "资源型: 资源型城市"


def test_a_short_number_is_no_level_where_no_column_is_known() -> None:
    labels = Labels.of({"zh": {"region": {"levels": {"2": "内陆"}}}})
    assert (labels.name("2", "zh"), labels.name("2", "zh", "region")) == ("2", "内陆")


def test_a_dta_file_brings_its_labels(tmp_path: Path) -> None:
    path = tmp_path / "cities.dta"
    names = {"nqp": "新质生产力指数", "digital": "Digital transformation"}
    rows().to_stata(path, write_index=False, variable_labels=names, version=118)
    panel = nqp.Panel.from_file(path, **ROLES, labels={"zh": {"nqp": "新质生产力"}})
    assert panel.labels.name("digital", "en") == "Digital transformation"
    assert panel.labels.name("nqp", "zh") == "新质生产力"
    assert nqp.Panel.from_file(path, **ROLES).labels.name("nqp", "zh") == "新质生产力指数"


def test_codes_of_a_dta_file_whose_labels_repeat_are_named(tmp_path: Path) -> None:
    path, frame = tmp_path / "cities.dta", rows()
    frame.to_stata(
        path, write_index=False, value_labels={"region": {1: "东部", 2: "东部"}}, version=118
    )
    panel = nqp.Panel.from_file(path, **ROLES)
    assert panel.levels["region"].tolist() == ["1", "2"]
    assert panel.labels.name("2", "zh", "region") == "东部 (2)"


def study(folder: Path, labels: str) -> Path:
    rows().to_csv(folder / "cities.csv", index=False)
    path = folder / "study.toml"
    path.write_text(
        'title = "x"\n[data]\nfile = "cities.csv"\nunit = "city"\ntime = "year"\n'
        'cohort = "zone_year"\noutcome = "nqp"\nstrata = ["region"]\n'
        f'[[data.stratify]]\ncolumn = "digital"\n{labels}',
        encoding="utf-8",
    )
    return path


def test_a_study_says_its_labels_a_table_for_each_language(tmp_path: Path) -> None:
    path = study(
        tmp_path,
        '[labels.zh]\nnqp = "新质生产力"\ndigital_group = "数字化"\n'
        '[labels.zh.city.levels]\n330100 = "杭州"\n[labels.en]\nnqp = "productivity"\n',
    )
    labels = nqp.studies.validate(path).panel.labels
    assert labels.name("330100", "zh") == "杭州"
    assert labels.name("digital_group", "zh") == "数字化"
    assert labels.name("nqp", "en") == "productivity"


@pytest.mark.parametrize(
    ("labels", "what"),
    [
        ('[labels.zh]\nnqq = "x"\n', "'labels.zh' contains 'nqq', .*\n.*'nqp'"),
        ('[labels.zz]\nnqp = "x"\n', "'labels' contains 'zz', .*\n.*'zh'"),
        ("[labels.zh]\nnqp = 3\n", "'labels.zh.nqp' is 3.\n.*text in quotes or a table"),
        ('[labels.zh.region]\nlevel = "x"\n', r"\[labels.zh.region\] has .*\n.*'levels'"),
        ('[labels.zh.region]\nLabel = "x"\n', r"\[labels.zh.region\] has .*\n.*'label'"),
        ("[labels.zh.region]\nlabel = 1\n", "'labels.zh.region.label' is 1"),
        ("[labels.zh.region.levels]\n1 = 1\n", "'labels.zh.region.levels.1' is 1"),
        ('[labels.zh.region.levels]\n9 = "x"\n', "'labels.zh.region.levels' contains '9'"),
        ('[labels.zh.city.levels]\n330101 = "x"\n', "contains '330101', .*\n.*'330100'"),
    ],
)
def test_a_study_with_labels_of_nothing_is_refused_with_what_is_near(
    tmp_path: Path, labels: str, what: str
) -> None:
    with pytest.raises(StudyError, match=what):
        nqp.studies.validate(study(tmp_path, labels))
