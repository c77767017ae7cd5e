"""Rows that are simulated, merged with the pilot zones, or made into an index."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from doors import tables_of_index

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import NQPError, PanelError, StudyError
from bayes_nqp.studies import run, validate

if TYPE_CHECKING:
    from bayes_nqp.studies import Outcome

SIMULATED = """\
title = "Known truth"

[data]
simulation = "channels"

[data.options]
units = 40
periods = 8
cohorts = [4, 6]
seed = 11

[channels]
mediators = ["digital"]

[sampler]
type = "Importance"
draws = 150
chains = 2
seed = 3

[checks]
run = ["convergence"]
"""
ZONES = """\
title = "Zones"

[data]
file = "cities.csv"
unit = "城市"
time = "年份"
outcome = "nqp"
strata = ["region"]

[data.zones]
prefecture = "城市"

[design]
unidentified = "drop"
"""
INDEX = """\
title = "An index"

[data]
file = "cities.csv"
unit = "城市"
time = "年份"
outcome = "ln_index"

[data.derive]
patents = "专利 / 人口"
ln_index = "log(index + 0.01)"

[data.zones]
prefecture = "城市"
unmatched = "drop"

[index]
name = "index"
positive = { labour = ["school"], means = ["patents"] }
negative = { objects = ["energy"] }
weights = { type = "Entropy", scope = "yearly" }
missing = "drop"
"""
CITIES = ["杭州", "宁波市", "上海市", "苏州", "合肥", "兰州", "阜阳", "大庆", "咸阳市", "新乡"]


def write(folder: Path, text: str, **changes: list[str]) -> Path:
    """Write a study with ten cities from 2012 to 2021 and random indicators."""
    rng = np.random.default_rng(8)
    names = changes.get("cities", CITIES)
    frame = pd.DataFrame(
        [(city, year) for city in names for year in range(2012, 2022)], columns=["城市", "年份"]
    )
    for name in ("nqp", "school", "专利", "人口", "energy"):
        frame[name] = rng.uniform(1, 2, len(frame)).round(4)
    frame["专利"] = frame["专利"].map("{:,.3f}".format)
    frame.to_csv(folder / "cities.csv", index=False, encoding="utf-8-sig")
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(
    folder: Path, text: str, error: type[NQPError] = StudyError, **changes: list[str]
) -> str:
    with pytest.raises(error) as caught:
        validate(write(folder, text, **changes))
    message = str(caught.value)
    assert "\nTry: " in message
    return message


@pytest.fixture(scope="session")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    folder = tmp_path_factory.mktemp("simulated")
    return run(write(folder, SIMULATED), folder / "out", progress=False)


@pytest.mark.slow
def test_a_simulation_brings_its_roles(tmp_path: Path) -> None:
    study = validate(write(tmp_path, SIMULATED))
    simulated = nqp.simulation.channels(units=40, periods=8, cohorts=(4, 6), seed=11)
    assert study.panel.roles.strata == ("region",)
    assert study.mediators == ("digital",)
    frame = simulated.panel.frame
    again = nqp.Panel.from_frame(
        frame, unit="unit", time="time", cohort="cohort", outcome="outcome", strata=["region"],
        mediators=["digital"],
    )  # fmt: skip
    assert study.panel.digest == again.digest


def test_options_of_channels_are_tables(tmp_path: Path) -> None:
    text = SIMULATED.replace(
        "[channels]", "[data.options.mediators.digital]\nslope = 0.9\nlevel = 1.5\n\n[channels]"
    )
    simulated = validate(write(tmp_path, text)).prepared.simulated
    assert simulated is not None
    assert simulated.parameters["mediators"] == {
        "digital": nqp.simulation.Channel(level=1.5, slope=0.9)
    }


WRONG = [
    ('"channels"', '"channls"', "'data.simulation' is 'channls'", "'channels'"),
    ('"channels"', '"Channel"', "'data.simulation' is 'Channel'", "'channels'"),
    ("units =", "unit =", "[data.options] has the unknown key 'unit'", "'units'"),
    ("units = 40", "units = 1", "[data.options]: ", ""),
    ("units = 40", 'units = "many"', "'data.options.units'", ""),
    ('simulation = "channels"', 'dataset = "castle_doctrine"', "[data.options]", "delete"),
    ("[channels]", "[data.options.mediators.x]\nslop = 1\n[channels]", "'slop'", "'slope'"),
    ('simulation = "channels"', 'simulation = "channels"\nread.sheet = 1', "'data.read'", ""),
]


@pytest.mark.parametrize(("old", "new", "what", "hint"), WRONG)
def test_what_is_wrong_with_a_simulation_is_named(
    tmp_path: Path, old: str, new: str, what: str, hint: str
) -> None:
    assert old in SIMULATED
    with pytest.raises(StudyError) as caught:
        validate(write(tmp_path, SIMULATED.replace(old, new, 1)))
    assert what in str(caught.value)
    assert hint in str(caught.value)


@pytest.mark.slow
def test_the_truth_stands_beside_what_was_found(outcome: Outcome) -> None:
    table = pd.read_csv(outcome.folder / "truth.csv", encoding="utf-8-sig")
    simulated = outcome.study.prepared.simulated
    assert simulated is not None
    truth = simulated.truth

    def row(estimand: str, by: str, level: str, path: str) -> pd.Series[float]:
        keys = {"estimand": estimand, "by": by, "level": level, "path": path}
        found = table[np.logical_and.reduce([table[k] == x for k, x in keys.items()])]
        assert len(found) == 1
        return found.iloc[0]

    average = nqp.model_average(outcome.fit)
    whole = row("effect", "overall", "overall", "total")
    assert whole["truth"] == pytest.approx(float(nqp.att(truth).item()), rel=1e-4)
    assert whole["mean"] == pytest.approx(float(nqp.att(average).mean()), rel=1e-4)
    via = nqp.nie(truth, "region", mediators="digital").sel(region="inland")
    inland = row("effect", "region", "inland", "digital")
    assert inland["truth"] == pytest.approx(float(via.item()), rel=1e-4)
    # What goes through channels that the study leaves out is direct to it.
    rest = nqp.total(truth, "region").sel(region="inland") - via
    direct = row("effect", "region", "inland", "direct")
    assert direct["truth"] == pytest.approx(float(rest.item()), rel=1e-4)
    gap = nqp.contrast(nqp.att(truth, "region"), region="coastal", minus="inland")
    contrast = row("contrast", "region", "coastal", "total")
    assert contrast["truth"] == pytest.approx(float(gap.item()), rel=1e-4)
    inside = (table["lower"] <= table["truth"]) & (table["truth"] <= table["upper"])
    assert (table["inside"] == inside).all()
    assert table["truth"].notna().all()
    assert {"total", "direct", "digital"} == set(table["path"])
    assert {"overall", "region", "cohort", "event_time"} == set(table["by"])


@pytest.mark.slow
def test_the_seed_is_written_back(outcome: Outcome, tmp_path: Path) -> None:
    text = (outcome.folder / "study.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["data"]["options"]["seed"] == 11
    assert validate(outcome.folder / "study.toml").panel.digest == outcome.study.panel.digest
    study = validate(write(tmp_path, SIMULATED.replace("seed = 11\n", "")))
    assert study.prepared.simulated is not None
    assert isinstance(study.prepared.simulated.parameters["seed"], int)


@pytest.mark.slow
def test_zones_give_cohorts_and_regions(tmp_path: Path) -> None:
    panel = validate(write(tmp_path, ZONES)).panel
    merged = nqp.datasets.pilot_zones()
    hangzhou = merged.loc[merged["prefecture"] == "杭州市", "approved"].dt.year.item()
    rows = panel.frame[panel.frame["城市"] == "杭州"]
    assert set(rows["cohort"]) == {hangzhou}
    assert panel.roles.cohort == "cohort"
    assert set(panel.levels["region"]) == {"coastal", "inland"}


def test_a_city_that_is_none_is_refused_unless_told(tmp_path: Path) -> None:
    cities = [*CITIES, "杭洲"]
    message = refused(tmp_path, ZONES, PanelError, cities=cities)
    assert "would count as never treated" in message
    assert "'杭洲' (10 rows, near" in message
    assert "杭州" in message.split("near", maxsplit=1)[1]
    for word, units in (("drop", 10), ("keep", 11)):
        text = ZONES.replace('"城市"\n\n[des', f'"城市"\nunmatched = "{word}"\n\n[des')
        text = text.replace('strata = ["region"]\n', "")
        study = validate(write(tmp_path, text, cities=cities))
        assert study.panel.n_units == units
        assert any("10 rows without a recognized prefecture" in note for note in study.panel.notes)
        assert study.prepared.unmatched is not None
        assert study.prepared.unmatched["value"].tolist() == ["杭洲"]


def test_unknown_keys_of_zones(tmp_path: Path) -> None:
    message = refused(tmp_path, ZONES.replace("prefecture =", "prefectur ="))
    assert "[data.zones] has the unknown key 'prefectur'" in message
    message = refused(tmp_path, ZONES.replace('re = "城市"', 're = "城"'), PanelError)
    assert "'城'" in message


@pytest.mark.slow
def test_an_index_is_made_between_derived_columns(tmp_path: Path) -> None:
    study = validate(write(tmp_path, INDEX))
    index = study.prepared.index
    assert index is not None
    frame = study.panel.frame
    np.testing.assert_allclose(frame["ln_index"], np.log(frame["index"] + 0.01))
    np.testing.assert_allclose(frame["patents"], frame["专利"] / frame["人口"])
    recipe = nqp.ProductivityIndex(
        nqp.IndexSystem.of(
            {"labour": ["school"], "means": ["patents"]}, {"objects": ["energy"]}, name="index"
        ),
        nqp.Entropy(scope="yearly"), missing="drop",
    )  # fmt: skip
    assert index.recipe == recipe


@pytest.mark.slow
def test_tables_of_an_index_add_up(tmp_path: Path) -> None:
    index = validate(write(tmp_path, INDEX)).prepared.index
    assert index is not None
    tables = tables_of_index(index)
    rows = tables["contributions.csv"]
    np.testing.assert_allclose(rows[["school", "patents", "energy"]].sum(axis=1), rows["index"])
    weights = tables["weights.csv"].groupby("period")["weight"].sum()
    np.testing.assert_allclose(weights, 1.0)


@pytest.mark.slow
def test_the_index_is_the_outcome_if_no_other_is_named(tmp_path: Path) -> None:
    text = INDEX.replace('outcome = "ln_index"\n', "").replace(
        'ln_index = "log(index + 0.01)"\n', ""
    )
    assert validate(write(tmp_path, text)).panel.roles.outcome == "index"


WRONG_INDEX = [
    ('positive =', 'positve =', "[index] has the unknown key 'positve'", "'positive'"),
    ('"Entropy"', '"Entropi"', "'index.weights' is 'Entropi'", "'Entropy'"),
    ('scope = "y', 'scop = "y', "'index.weights' has the unknown key 'scop'", "'scope'"),
    ('scope = "yearly"', 'scope = "daily"', "'index.weights.scope' is 'daily'", "yearly"),
    ('missing = "drop"', 'missing = "fill"', "'index.missing' is 'fill'", "'drop'"),
    ('"school"', '"scool"', "'scool'", "'school'"),
    ('name = "index"', 'name = "index"\nsystem = "x"', "in exactly one way", "positive"),
    ('patents = "专', 'index = "专', "'data.derive.index' is already", "another name"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "what", "hint"), WRONG_INDEX)
def test_what_is_wrong_with_an_index_is_named(
    tmp_path: Path, old: str, new: str, what: str, hint: str
) -> None:
    assert old in INDEX
    with pytest.raises(NQPError) as caught:
        validate(write(tmp_path, INDEX.replace(old, new, 1)))
    assert what in str(caught.value)
    assert hint in str(caught.value)


def test_a_system_may_be_ready_or_a_file(tmp_path: Path) -> None:
    lines = INDEX.splitlines()
    text = "\n".join(x for x in lines if not x.startswith(("positive", "negative")))
    system = nqp.IndexSystem.of(["school", "patents"], "energy")
    system.to_toml(tmp_path / "system.toml")
    study = validate(write(tmp_path, text.replace("[index]", '[index]\nsystem = "system.toml"')))
    assert study.prepared.index is not None
    assert study.prepared.index.recipe.system == system
    ready = nqp.index.new_quality_productivity()
    keep = list(ready.keys[:2])
    chosen = f'[index]\nsystem = "new_quality_productivity"\nkeep = {keep!r}\n'
    chosen += f'columns = {{ {keep[0]} = "school", {keep[1]} = "energy" }}'
    study = validate(write(tmp_path, text.replace("[index]", chosen)))
    assert study.prepared.index is not None
    assert study.prepared.index.recipe.system.keys == tuple(keep)
    message = refused(tmp_path, text.replace("[index]", '[index]\nsystem = "new_quality"'))
    assert "did you mean 'new_quality_productivity'" in message


UNCERTAIN = """\
title = "Exposure, an uncertain index, and a channel"

[data]
file = "cities.csv"
unit = "城市"
time = "年份"
strata = "side"

[index]
name = "made"
positive = ["school", "人口"]
draws = 2

[design]
type = "ContinuousExposure"
exposure = "nqp"
effect = { type = "PartialPooling", varying = "none" }

[channels]
mediators = "energy"

[sampler]
type = "Importance"
draws = 100
chains = 2
seed = 3

[checks]
run = ["identification"]
"""


def exposed(folder: Path, text: str = UNCERTAIN) -> Path:
    path = write(folder, text)
    frame = pd.read_csv(folder / "cities.csv")
    frame["side"] = np.where(frame["城市"].isin(CITIES[:5]), "east", "west")
    frame.to_csv(folder / "cities.csv", index=False)
    return path


def test_an_uncertain_index_and_a_continuous_exposure(tmp_path: Path) -> None:
    done = run(exposed(tmp_path), tmp_path / "out", progress=False)
    study = done.study
    assert study.panel.roles.exposures == ("nqp",)
    assert study.by == ("side", "time")
    assert done.fit.record["index_draws"] == 2
    assert "event_study.csv" not in done.tables
    figures = {p.stem for p in (tmp_path / "out" / "figures").iterdir()}
    assert {"decomposition", "channels", "paths_side", "forest"} <= figures
    assert not {"adoption", "event_study"} & figures
    shares = pd.read_csv(tmp_path / "out" / "index_variance.csv", encoding="utf-8-sig")
    expected = nqp.index_variance(nqp.att(done.fit))["share"].item()
    assert shares["share"][0] == pytest.approx(expected, rel=1e-4)
    again = validate(tmp_path / "out" / "study.toml")
    assert again.sampler == study.sampler
    assert again.design == study.design
    assert again.panel.digest == study.panel.digest
    assert again.settings.index is not None
    assert again.settings.index.seed == done.fit.record["index_seed"]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("draws = 2", "draws = 1", "'index.draws' is 1"),
        ("draws = 2", 'draws = 2\nweights = "EqualWeights"', "EqualWeights() does not depend"),
        ('exposure = "nqp"', 'exposure = "npq"', "'data.exposures' is 'npq'"),
        ("[sampler]", '[report]\nby = ["cohort"]\n[sampler]', "no adoption cohorts"),
    ],
)
def test_what_does_not_suit_an_exposure_is_refused(
    tmp_path: Path, old: str, new: str, what: str
) -> None:
    with pytest.raises(StudyError, match=what):
        validate(exposed(tmp_path, UNCERTAIN.replace(old, new, 1)))
