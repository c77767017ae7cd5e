"""[space] boundaries: maps of a study and of its report with the user's borders."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import NQPError
from bayes_nqp.studies import validate

geopandas = pytest.importorskip("geopandas")
box = pytest.importorskip("shapely").box

STUDY = """\
title = "六个城市"

[data]
file = "cities.csv"
unit = "city"
time = "year"
cohort = "zone"
outcome = "y"

[space]
boundaries = "cities.geojson"
id = "code"

[space.weights.near]
kind = "nearest"
k = 2

[space.weights.border]
kind = "contiguity"

[design]
effect = { type = "PartialPooling", varying = "unit" }
spillovers = { type = "ShareTreated", weights = "border", above = [0.0] }

[sampler]
draws = 100
chains = 2
seed = 1

[report]
language = "zh"
formats = ["html"]

[checks]
run = ["identification"]

[figures]
draw = ["zone_map", "effect_map"]
"""
CODES = [330100, 330200, 330300, 330400, 330500, 330600]


def write_study(folder: Path, text: str = STUDY, codes: list[int] = CODES) -> Path:
    """Six cities, two rows of three squares; the first has a zone from 2013 on."""
    rng = np.random.default_rng(1)
    rows = [
        {"city": code, "year": year, "zone": 2013 if code == CODES[0] else np.nan,
         "y": rng.normal() + 2.0 * (code == CODES[0] and year >= 2013)}
        for code in CODES for year in range(2010, 2020)
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv(folder / "cities.csv", index=False)
    squares = [box(110 + k % 3, 30 + k // 3, 111 + k % 3, 31 + k // 3) for k in range(6)]
    land = geopandas.GeoDataFrame(
        {"code": [*map(str, codes), "500000"], "twice": ["a"] * 7}, crs=4326,
        geometry=[*squares, box(113, 30, 114, 32)],
    )  # fmt: skip
    land.to_crs(3857).to_file(folder / "cities.geojson")
    land.set_geometry(land.representative_point()).to_file(folder / "points.geojson")
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder / "study.toml"


def test_maps_are_drawn_with_the_borders_of_a_study(tmp_path: Path) -> None:
    outcome = nqp.studies.run(write_study(tmp_path), tmp_path / "out", progress=False)
    figures = outcome.folder / "figures"
    drawn = {path.stem for path in figures.glob("*.svg")}
    assert drawn == {"zone_map", "effect_map_received"}
    for stem in drawn:
        text = (figures / f"{stem}.svg").read_text(encoding="utf-8")
        assert "示意图" not in text
        assert "113°E" in text
    page = (outcome.folder / "report" / "report.html").read_text(encoding="utf-8")
    assert "示意图" not in page
    places = outcome.study.panel.frame.groupby("city")[["longitude", "latitude"]].first()
    assert places.loc[330300].tolist() == pytest.approx([112.5, 30.5], abs=0.01)
    assert outcome.study.weights["border"].matrix[0].toarray().nonzero()[0].size == 3
    record = json.loads((outcome.folder / "provenance.json").read_text(encoding="utf-8"))
    assert record["files_read"]["space.boundaries"]["file"] == "cities.geojson"
    assert 'boundaries = "../cities.geojson"' in (outcome.folder / "study.toml").read_text("utf-8")
    again = validate(outcome.folder / "study.toml")
    assert again.panel.digest == outcome.study.panel.digest


@pytest.mark.slow
def test_without_them_a_map_is_schematic(tmp_path: Path) -> None:
    text = STUDY.replace('boundaries = "cities.geojson"\nid = "code"', "")
    text = text.replace('"contiguity"', '"contiguity"\nfile = "cities.geojson"\nid = "code"')
    path = write_study(tmp_path, text)
    frame = pd.read_csv(tmp_path / "cities.csv")
    number = frame["city"].map({code: k for k, code in enumerate(CODES)})
    frame.assign(longitude=110.5 + number % 3, latitude=30.5 + number // 3).to_csv(
        tmp_path / "cities.csv", index=False
    )
    out = nqp.studies.run(path, tmp_path / "out", progress=False).folder
    assert "示意图" in (out / "figures" / "zone_map.svg").read_text(encoding="utf-8")


@pytest.mark.slow
def test_coordinates_of_the_data_stay(tmp_path: Path) -> None:
    path = write_study(tmp_path, STUDY.replace('id = "code"', 'id = "code"\nlongitude = "east"'))
    frame = pd.read_csv(tmp_path / "cities.csv")
    frame.assign(east=100.0 + frame["city"] / 1e5).to_csv(tmp_path / "cities.csv", index=False)
    panel = validate(path).panel
    assert panel.frame["east"].iloc[0] == pytest.approx(103.301)
    assert panel.frame["longitude"].iloc[0] == pytest.approx(110.5, abs=0.01)


def test_coordinates_of_the_data_go_before_those_of_borders(tmp_path: Path) -> None:
    path = write_study(tmp_path)
    frame = pd.read_csv(tmp_path / "cities.csv")
    frame["经度"], frame["纬度"] = 100.0 + frame["city"] / 1e5, 30.0
    frame.to_csv(tmp_path / "cities.csv", index=False)
    study = validate(path)
    assert not {"longitude", "latitude"} & {*study.panel.frame.columns}
    assert study.weights["near"] == nqp.spatial_weights.nearest(study.panel, k=2)


BAD = [
    ("cities.geojson", "citys.geojson", "'citys.geojson' does not exist", "'cities.g"),
    ("cities.geojson", "cities.csv", "contains no polygons", ".geojson"),
    ("cities.geojson", "points.geojson", "some units have no polygon", "add their polygons"),
    ("cities.geojson", "study.toml", "contains no polygons", ".geojson"),
    ('"code"', '"cod"', "[space]: id='cod' is not a column of the boundaries", "'code'"),
    ('"code"', '"twice"', "id='twice' does not identify each polygon uniquely", "dissolve"),
    ('id = "code"\n', "", "[space] lacks the key 'id'", 'id = "…"'),
    ('boundaries = "cities.geojson"\n', "", "[space] lacks the key 'boundaries'", "cities.geojson"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "problem", "hint"), BAD)
def test_what_is_wrong_is_named_before_the_data(
    old: str, new: str, problem: str, hint: str, tmp_path: Path
) -> None:
    assert old in STUDY
    path = write_study(tmp_path, STUDY.replace(old, new))
    with pytest.raises(NQPError) as caught:
        validate(path)
    assert problem in caught.value.what
    assert hint in caught.value.hint


def test_a_unit_without_borders_is_named(tmp_path: Path) -> None:
    with pytest.raises(NQPError) as caught:
        validate(write_study(tmp_path, codes=[*CODES[:5], 330611]))
    assert "[space]: 1 of 6 units are not in the boundaries" in caught.value.what
    assert caught.value.where == "330600"
    assert "did you mean '330611'?" in caught.value.hint
