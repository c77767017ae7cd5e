"""The table [space]: weights by name in designs and checks, and messages for errors."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import NQPError, StudyError
from bayes_nqp.studies import validate

STUDY = """\
title = "Zones and their neighbours"

[data]
file = "cities.csv"
unit = "城市"
time = "年份"
cohort = "zone_year"
outcome = "nqp"

[space]
places = "城市"

[space.weights.geo]
kind = "nearest"
k = 3

[space.weights.links]
kind = "matrix"
file = "links.csv"
label = "trade"

[space.weights.both]
kind = "composite"
shares = { geo = 0.5, links = 0.5 }

[design]
effect = "CompletePooling"
time = { type = "TimeEffects" }
spillovers = { type = "SpatialLag", weights = "geo", durbin = true }

[sampler]
type = "Importance"
draws = 100
chains = 2
seed = 7

[report]
by = []

[checks]
run = ["convergence", "moran"]
weights = "links"

[figures]
draw = []
"""


def write_study(folder: Path, text: str = STUDY) -> Path:
    """Twenty cities of Zhejiang, Jiangsu and Fujian, and a table of links along a circle."""
    places = nqp.datasets.prefectures()
    names = places.loc[places["province"].isin(["浙江省", "江苏省"]), "prefecture"].tolist()[:20]
    panel = nqp.simulation.staggered(units=20, periods=8, cohorts=(4, 6), seed=1).panel
    frame = panel.frame.rename(
        columns={"unit": "城市", "time": "年份", "cohort": "zone_year", "outcome": "nqp"}
    )
    frame["城市"] = frame["城市"].map(dict(zip(panel.unit_labels, names, strict=True)))
    frame.to_csv(folder / "cities.csv", index=False, encoding="utf-8-sig")
    links = pd.DataFrame(0.0, names, names)
    for k, name in enumerate(names):
        links.loc[name, [names[k - 1], names[(k + 1) % 20]]] = 1.0
    links.to_csv(folder / "links.csv", encoding="utf-8-sig")
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return path


def edited(old: str, new: str) -> str:
    assert old in STUDY
    return STUDY.replace(old, new)


def test_weights_stand_in_designs_and_checks_by_their_names(tmp_path: Path) -> None:
    study = validate(write_study(tmp_path))
    assert list(study.weights) == ["geo", "links", "both"]
    near = nqp.spatial_weights.nearest(study.panel, k=3)
    assert study.design.spillovers.weights == near
    assert study.design.spillovers.durbin is True
    assert study.weights["links"].name == "trade"
    assert study.check_options["moran"]["weights"] == study.weights["links"]
    several = '[checks.spatial_weights]\nweights = ["links", "both"]\n\n[figures]'
    text = (tmp_path / "study.toml").read_text(encoding="utf-8").replace("[figures]", several)
    text = text.replace('"moran"]', '"moran", "spatial_weights"]')
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    options = validate(tmp_path / "study.toml").check_options
    assert options["spatial_weights"]["weights"] == [study.weights["links"], study.weights["both"]]
    assert study.panel.frame.loc[study.panel.frame["城市"] == "杭州市", "latitude"].iloc[
        0
    ] == pytest.approx(30.27, abs=0.1)


@pytest.mark.slow
def test_weights_of_cities_serve_units_in_them(tmp_path: Path) -> None:
    own = edited('label = "trade"', 'label = "trade"\ncity = "城市"').replace(
        "k = 3", 'k = 3\ncity = "城市"'
    )
    (tmp_path / "own").mkdir()
    plain, other = validate(write_study(tmp_path)), validate(write_study(tmp_path / "own", own))
    assert plain.weights["geo"] == other.weights["geo"]
    ours, theirs = (x.weights["links"].matrix.toarray() for x in (plain, other))
    assert ours == pytest.approx(theirs)


LAGGED = (
    edited("[space]\n", '[data.derive]\nx = "nqp ** 2"\n\n[space]\n')
    .replace(
        '[design]\neffect = "CompletePooling"',
        '[space.lags]\nnear_x = { column = "x", weights = "links" }\n\n'
        '[design]\neffect = "CompletePooling"\ncovariates = ["near_x"]',
    )
    .replace('outcome = "nqp"', 'outcome = "nqp"\ncovariates = ["near_x"]')
)


def test_columns_of_linked_units_are_covariates(tmp_path: Path) -> None:
    study = validate(write_study(tmp_path, LAGGED))
    frame = study.panel.frame
    assert study.panel.roles.covariates == ("near_x",)
    names = sorted(set(frame["城市"]), key=list(study.weights["links"].ids).index)
    table = frame.pivot(index="城市", columns="年份", values="x").loc[names]
    expected = pd.DataFrame(study.weights["links"].matrix @ table, names, table.columns)
    assert frame["near_x"].to_numpy() == pytest.approx(
        [expected.loc[city, year] for city, year in zip(frame["城市"], frame["年份"], strict=True)]
    )
    for old, new, problem in (
        ('weights = "links" }', 'weights = "lnks" }', "'space.lags.near_x.weights' is 'lnks'"),
        ('column = "x"', 'column = "xx"', "'space.lags.near_x.column' is 'xx'"),
        ("near_x = { ", "x = { ", "[space] adds the column 'x', but the data"),
    ):
        text = LAGGED.replace(old, new)
        if new == "x = { ":
            text = text.replace('"near_x"', '"x"')
        with pytest.raises(NQPError) as caught:
            validate(write_study(tmp_path, text))
        assert problem in str(caught.value)


@pytest.mark.slow
def test_an_index_and_its_indicators_are_called_by_the_words_of_the_system() -> None:
    study = nqp.studies.validate(Path(__file__).parents[2] / "models" / "province_spillover.toml")
    labels = study.panel.labels
    assert labels.name("nqp", "en") == "new quality productivity"
    assert labels.name("schooling", "zh") == "人均受教育年限"
    assert labels.name("cbec", "en") == "cross-border e-commerce"


NEAR_EXPOSURE = """
title = "W × exposure as a covariate"

[data]
simulation = "provinces"
unit = "province"
time = "year"
strata = ["region"]
covariates = ["ln_gdp", "near_cbec"]

[data.options]
seed = 2033
mediators = ["upgrading"]
spatial = 0.0
spillover = 0.15
neighbours = 4

[space.weights.near]
kind = "nearest"
k = 4

[space.lags]
near_cbec = { column = "cbec", weights = "near" }

[index]
system = "new_quality_productivity"

[design]
type = "ContinuousExposure"
exposure = "cbec"

[sampler]
seed = 2033

[checks]
run = []

[figures]
draw = []
"""


def test_the_slope_of_neighbours_exposure_has_a_truth(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(NEAR_EXPOSURE, encoding="utf-8")
    outcome = nqp.studies.run(path, tmp_path / "results", progress=False)
    assert not outcome.omissions, "all of it can be written, and read again"
    truth, simulated = outcome.tables["truth.csv"], outcome.study.prepared.simulated
    slope = truth[truth["estimand"] == "slope"].iloc[0]
    assert (slope["level"], slope["path"]) == ("near_cbec", "received")
    assert abs(slope["mean"] - slope["truth"]) < 3 * slope["sd"]
    # The effect is of the own exposure alone: what is received stands in the slope.
    overall = truth[(truth["estimand"] == "effect") & (truth["by"] == "overall")].iloc[0]
    assert abs(overall["mean"] - overall["truth"]) < 3 * overall["sd"]
    own = nqp.att(simulated.truth) - nqp.att(simulated.truth, path="received")
    assert overall["truth"] == pytest.approx(own.item())


@pytest.mark.slow
def test_a_run_remembers_them_and_runs_again(tmp_path: Path) -> None:
    first = nqp.studies.run(write_study(tmp_path), tmp_path / "results", progress=False)
    text = (tmp_path / "results" / "study.toml").read_text(encoding="utf-8")
    assert 'file = "../links.csv"' in text
    assert 'weights = "geo"' in text
    assert "indptr" not in text
    again = nqp.studies.run(tmp_path / "results" / "study.toml", tmp_path / "2", progress=False)
    assert again.fit.design == first.fit.design
    assert again.fit.posterior.equals(first.fit.posterior)
    # Effects are products of matrices, whose rounding depends on where these lie in memory.
    both = [nqp.att(outcome.fit).to_numpy() for outcome in (first, again)]
    assert both[0] == pytest.approx(both[1], rel=1e-9, abs=1e-12)
    assert nqp.load(tmp_path / "results" / "posterior.nc").design == first.fit.design


LAG = '{ type = "SpatialLag", weights = "geo", durbin = true }'
LATER = 'longitude = "near"\nlags = { near = { column = "nqp", weights = "geo" } }'
YEARS = 'longitude = "年份"\nlatitude = "年份"'
TEXT_LAG = '[space.lags.near]\ncolumn = "城市"\nweights = "geo"\n\n[space.weights.links]'
TYPO_LAG = TEXT_LAG.replace("column", "columns")
REFUSED = [
    ('kind = "nearest"', 'kind = "neareast"', "'neareast', which is not a kind", "'nearest'"),
    ('kind = "nearest"\n', "", "[space.weights.geo] lacks the key 'kind'", "nearest"),
    ("k = 3", "kk = 3", "[space.weights.geo] has the unknown key 'kk'", "'k'"),
    ("k = 3", 'k = "3"', "'space.weights.geo.k' is '3'", "an integer"),
    ("k = 3", 'k = 3\ncity = "town"', "city='town' is not a column", "city"),
    ("k = 3", "k = 30", "[space.weights.geo]: 'k' is 30", "from 1 to 19"),
    ('file = "links.csv"\n', "", "[space.weights.links] lacks the key 'file'", "file ="),
    ("links.csv", "links2.csv", "links2.csv", "links.csv"),
    ("links = 0.5", "lniks = 0.5", "uses 'lniks', but no weights", "'links'"),
    ("shares = { geo = 0.5, links = 0.5 }", "shares = 3", "shares' is 3", "{ near = 0.5"),
    ('weights = "geo"', 'weights = "goe"', "'design.spillovers.weights' is 'goe'", "'geo'"),
    ('weights = "geo", d', "d", "SpatialLag lacks 'weights'", "weights"),
    ('weights = "links"', 'weights = "linsk"', "'checks.weights' is 'linsk'", "'links'"),
    ('weights = "geo"', "weights = 3", "'design.spillovers.weights' is 3", "geo, links"),
    ('places = "城市"', 'places = "城"', "'space.places' is '城'", "'城市'"),
    ('places = "城市"', 'place = "城市"', "[space] has the unknown key 'place'", "'places'"),
    ('places = "城市"', 'places = "nqp"', "'space.places': ", "are not prefectures"),
    ('places = "城市"', "", "longitude='longitude' is not a column", "longitude"),
    ('places = "城市"', 'longitude = "lon"', "'space.longitude' is 'lon', which is no", ""),
    ('places = "城市"', 'longitude = "城市"', "'城市' must be numeric, but contains text", "row 2"),
    ('places = "城市"', 'longitude = "near"', "'space.longitude' is 'near', which is no", ""),
    ('places = "城市"', LATER, "'space.longitude' is 'near', a column that is created only", ""),
    ('places = "城市"', YEARS, "[space]: coordinates vary within units", "one pair of coordinates"),
    ("k = 3\n", 'k = 3\nlatitude = "城市"\n', "'城市' must be num", ""),
    ("[space.weights.links]", TEXT_LAG, "[space.lags.near]: column='城市' must be num", ""),
    (
        "[space.weights.links]",
        TYPO_LAG,
        "[space.lags.near] has the unknown key 'columns'",
        "'column'",
    ),
    (LAG, '{ type = "Rings", km = [300, 100] }', "'km' is", "rise"),
    (LAG, '{ type = "Ringz", km = [300] }', "'design.spillovers' has the type 'Ringz'", "Rings"),
    (LAG, '{ type = "Rings", km = "100" }', "'design.spillovers.km' is '100'", "[1, 2]"),
]


@pytest.mark.sample(6)
@pytest.mark.parametrize(("old", "new", "problem", "hint"), REFUSED)
def test_what_is_wrong_is_named(
    tmp_path: Path, old: str, new: str, problem: str, hint: str
) -> None:
    with pytest.raises(NQPError) as caught:
        validate(write_study(tmp_path, edited(old, new)))
    assert problem in str(caught.value)
    assert hint in str(caught.value)


SIMULATED = """\
title = "Simulated"

[data]
simulation = "staggered"

[data.options]
units = 80
periods = 8
cohorts = [4, 6]
never = 0.6
strata = { region = ["a"] }
sigma = 0.5
seed = 3

[data.options.spillover]
exposure = { type = "ShareTreated", weights = "near", above = [0.0, 0.5] }
untreated = [0.8, 0.4]
treated = [0.3, 0.1]

[space.weights.near]
kind = "nearest"
k = 3

[design]
effect = { type = "CompletePooling", varying = "none" }
time = { type = "TimeEffects" }
spillovers = { type = "ShareTreated", weights = "near" }

[beside."SDM"]
spillovers = { type = "SpatialLag", weights = "near" }

[beside."ignored"]
spillovers = "none"

[sampler]
type = "Importance"
draws = 100
seed = 7

[checks]
run = []

[figures]
draw = []
"""


def test_simulated_spillovers_stand_beside_what_is_found(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(SIMULATED, encoding="utf-8")
    outcome = nqp.studies.run(path, tmp_path / "results", progress=False)
    truth = outcome.tables["truth.csv"].set_index(["estimand", "by", "level", "path"])["truth"]
    truth = truth.sort_index()
    assert truth["received, untreated", "ring", "50–100 %", "received"] == pytest.approx(0.8)
    assert truth["received, treated", "ring", "0–50 %", "received"] == pytest.approx(0.1)
    overall = truth["effect", "overall", "overall"]
    assert overall["total"] == pytest.approx(overall["direct"] + overall["received"])
    assert set(outcome.tables["received.csv"]["onto"]) == {"untreated", "treated"}
    beside = outcome.tables["spatial.csv"].set_index("row")
    assert list(beside.columns) == ["(1) Main model", "(2) SDM", "(3) ignored", "gate"]
    assert list(beside.loc["Spatial model"])[:2] == ["exposure", "SDM"]
    simulated = outcome.study.prepared.simulated
    assert simulated.parameters["spillover"].exposure == outcome.fit.design.spillovers
    again = nqp.studies.run(tmp_path / "results" / "study.toml", tmp_path / "2", progress=False)
    assert again.study.panel.digest == outcome.study.panel.digest


CHANNELS = """
title = "Channels, and weights beside"

[data]
simulation = "provinces"
unit = "province"
time = "year"
strata = ["region"]

[data.options]
years = [2013, 2020]
coordinates = true
mediators = ["upgrading"]
seed = 3

[space.weights.near]
kind = "nearest"
k = 4

[index]
system = "new_quality_productivity"

[design]
type = "ContinuousExposure"
exposure = "cbec"
effect = { type = "CompletePooling", varying = "none" }

[beside."SDM"]
spillovers = { type = "SpatialLag", weights = "near" }

[beside."ignored"]

[channels]

[sampler]
type = "Importance"
draws = 100
seed = 7

[checks]
run = []

[figures]
draw = []

[report]
formats = ["md"]
outcome = "productivity"
"""


def test_designs_beside_channels_are_those_of_the_outcome(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(CHANNELS, encoding="utf-8")
    outcome = nqp.studies.run(path, tmp_path / "results", progress=False)
    table = outcome.tables["spatial.csv"]
    assert list(table.columns) == ["row", "(1) SDM", "(2) ignored", "gate"]
    assert outcome.study.mediators == ("upgrading",)
    report = "".join(x.read_text("utf-8") for x in (tmp_path / "results" / "report").glob("*.md"))
    assert "W × cbec" in report
    assert "Main model" in report
    assert "Spatial models: productivity" in report
    again = nqp.studies.validate(tmp_path / "results" / "study.toml")
    assert again.beside == outcome.study.beside
    with pytest.raises(NQPError, match="takes no fit with channels"):
        nqp.table({"all": outcome.fit}, "spatial")


def test_where_there_are_no_weights_a_table_of_them_is_suggested(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(
        CHANNELS.replace('[space.weights.near]\nkind = "nearest"\nk = 4\n', ""), "utf-8"
    )
    with pytest.raises(StudyError, match="contains no table") as caught:
        nqp.studies.validate(path)
    assert '[space.weights.near] kind = "nearest"' in caught.value.hint


LAG = """
title = "A lag of an exposure"

[data]
simulation = "provinces"
unit = "province"
time = "year"
strata = ["region"]

[data.options]
years = [2013, 2020]
mediators = ["upgrading"]
lag = 0.3
spillover = 0.6
seed = 3

[space.weights.near]
kind = "nearest"
k = 4

[index]
system = "new_quality_productivity"

[design]
type = "ContinuousExposure"
exposure = "cbec"
effect = { type = "CompletePooling", varying = "none" }
spillovers = { type = "SpatialLag", weights = "near" }

[sampler]
type = "Importance"
draws = 100
seed = 7

[checks]
run = []

[figures]
draw = []
"""


def test_what_exposed_rows_receive_is_neither_of_treated_nor_of_untreated_ones(
    tmp_path: Path,
) -> None:
    path = tmp_path / "study.toml"
    path.write_text(LAG, encoding="utf-8")
    tables = nqp.studies.run(path, tmp_path / "results", progress=False).tables
    assert set(tables["received.csv"]["onto"]) == {"exposed"}
    truth = tables["truth.csv"].set_index(["estimand", "by", "path"])
    assert "received, exposed" in truth.index
    mean = truth.loc[("received, exposed", "overall", "received"), "mean"]
    assert tables["received.csv"]["mean"][0] == pytest.approx(float(mean))


@pytest.mark.slow
def test_what_a_design_beside_cannot_be_is_said_of_its_table(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    moderated = CHANNELS.replace('"cbec"\n', '"cbec"\nmoderator = "digital_finance"\n')
    moderated = moderated.replace('"SpatialLag", weights', '"SpatialLag", lag = false, weights')
    path.write_text(moderated, encoding="utf-8")
    with pytest.raises(NQPError, match=r"\[beside.SDM\]: .* cannot be combined with lag=False"):
        nqp.studies.validate(path)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("untreated = [0.8, 0.4]", "untreated = [0.8]", "'untreated' has 1 numbers"),
        ("untreated = [0.8, 0.4]", "untreatd = [0.8]", "unknown key 'untreatd'"),
        (
            '"SpatialLag", weights = "near"',
            '"SpatialLag", weights = "far"',
            "'beside.SDM.spillovers",
        ),
        ('spillovers = "none"', 'spillover = "none"', "[beside.ignored]: "),
        ('weights = "near", above', 'weights = "naer", above', "is 'naer', but [space.weights]"),
        (
            'exposure = { type = "ShareTreated", weights = "near", above = [0.0, 0.5] }',
            "exposure = 3",
            "'data.options.spillover.exposure' is 3",
        ),
    ],
)
def test_what_is_wrong_with_simulated_spillovers_is_named(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    assert old in SIMULATED
    path = tmp_path / "study.toml"
    path.write_text(SIMULATED.replace(old, new), encoding="utf-8")
    with pytest.raises(NQPError) as caught:
        validate(path)
    assert problem in str(caught.value)
