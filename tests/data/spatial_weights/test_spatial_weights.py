"""Weights are what brute force gives, go by labels, and survive files."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from spatial_places import frame_of, kilometres, panel_of, scattered

import bayes_nqp as nqp
from bayes_nqp import spatial_weights as sw
from bayes_nqp._core.exceptions import NQPError, PanelError, StudyError
from bayes_nqp.model.codec import decode, encode

LINE = np.array([[100.0, 30.0], [101.0, 30.0], [102.0, 30.0], [110.0, 30.0]])
"""Neighbours 96 km apart, and one place far away."""


def row_standardised(links: np.ndarray) -> np.ndarray:
    total = links.sum(axis=1, keepdims=True)
    return links / np.where(total > 0, total, 1.0)


@pytest.mark.parametrize("symmetric", [True, False])
def test_nearest_are_those_of_great_circles(symmetric: bool) -> None:
    degrees = scattered()
    links = np.zeros((60, 60))
    links[np.arange(60)[:, None], np.argsort(kilometres(degrees), axis=1)[:, :5]] = 1.0
    if symmetric:
        links = np.maximum(links, links.T)
    w = sw.nearest(panel_of(degrees), k=5, symmetric=symmetric)
    assert w.matrix.toarray() == pytest.approx(row_standardised(links))
    flat = np.linalg.norm(degrees[:, None] - degrees, axis=2) + np.diag(np.full(60, np.inf))
    assert (np.sort(np.argsort(flat, axis=1)[:, :5]) != np.sort(
        np.argsort(kilometres(degrees), axis=1)[:, :5])).any()  # fmt: skip


def test_bands_and_inverse_distances_are_brute_force() -> None:
    degrees = scattered()
    km, panel = kilometres(degrees), panel_of(degrees)
    assert sw.band(panel, km=900).matrix.toarray() == pytest.approx(
        row_standardised((km <= 900) * 1.0)
    )
    for cut, power in ((None, 1.0), (1500, 2.0)):
        expected = np.where(km <= (cut or np.inf), km**-power, 0.0)
        np.fill_diagonal(expected, 0.0)
        ours = sw.inverse_distance(panel, cut, power=power).matrix.toarray()
        assert ours == pytest.approx(row_standardised(expected))
    raw = sw.inverse_distance(panel, 1500, standardised="none").matrix
    assert raw.data.min() == pytest.approx(1 / km[km <= 1500].max())


def test_a_distance_counts_as_reached() -> None:
    km = kilometres(LINE)[0, 1]
    assert sw.band(panel_of(LINE), km=float(km)).matrix[0, 1] == 1.0


def test_islands_go_by_the_rule() -> None:
    panel = panel_of(LINE)
    keep = sw.band(panel, km=150)
    assert keep.isolated == ("p003",)
    assert "1 island" in repr(keep)
    linked = sw.band(panel, km=150, islands="nearest")
    assert linked.isolated == ()
    assert linked.matrix[3].toarray().ravel().tolist() == [0.0, 0.0, 1.0, 0.0]
    with pytest.raises(PanelError, match=r"1 of 4 units have no neighbour(?s:.)*p003"):
        sw.band(panel, km=150, islands="error")


def test_economic_weights_are_of_periods_before_the_first_adoption() -> None:
    gdp = np.tile([1.0, 3.0, 50.0, 90.0], 4) + np.repeat([0.0, 1.0, 4.0, 9.0], 4)
    panel = panel_of(LINE, gdp=gdp)
    mean = np.array([2.0, 3.0, 6.0, 11.0])
    gap = np.abs(mean[:, None] - mean)
    expected = np.divide(1.0, gap, out=np.zeros((4, 4)), where=gap > 0)
    w = sw.economic(panel, "gdp")
    assert w.matrix.toarray() == pytest.approx(row_standardised(expected))
    assert sw.economic(panel, "gdp", periods=[2010, 2011]) == w
    with pytest.raises(StudyError, match=r"must all be before the first adoption, in 2012"):
        sw.economic(panel, "gdp", periods=[2011, 2012])
    with pytest.raises(StudyError, match="did you mean '2011'"):
        sw.economic(panel, "gdp", periods=["2O11"])
    early = panel.with_cohorts(np.array([0, -1, -1, -1]))
    with pytest.raises(PanelError, match="no period is before the first adoption"):
        sw.economic(early, "gdp")


def test_composite_and_nested_weights() -> None:
    panel = panel_of(LINE, gdp=np.repeat([0.0, 1.0, 4.0, 9.0], 4))
    near, alike = sw.nearest(panel, k=1), sw.economic(panel, "gdp")
    both = sw.composite({near: 1.0, alike: 3.0})
    assert both.matrix.toarray() == pytest.approx(
        0.25 * near.matrix.toarray() + 0.75 * alike.matrix.toarray()
    )
    inside = sw.nested(near, alike).matrix.toarray()
    assert inside == pytest.approx(row_standardised(near.matrix.toarray() * alike.matrix.toarray()))
    with pytest.raises(StudyError, match="a positive number for each weights"):
        sw.composite({near: 0.0})


def square(names: str = "abc") -> pd.DataFrame:
    values = [[0.0, 1.0, 2.0], [1.0, 0.0, 0.0], [2.0, 0.0, 0.0]]
    return pd.DataFrame(values, index=list(names), columns=list(names))


def test_a_matrix_goes_by_its_names_not_by_position() -> None:
    w = sw.matrix(square().loc[["c", "a", "b"], ["b", "c", "a"]], standardised="none")
    assert w.ids == ("c", "a", "b")
    assert w.aligned(["a", "b", "c"]).matrix.toarray() == pytest.approx(square().to_numpy())
    whole = sw.matrix(square().set_axis([1.0, 2.0, 3.0]).set_axis([1, 2, 3], axis=1))
    assert whole.ids == ("1", "2", "3")


def test_weights_of_more_units_serve_a_panel() -> None:
    w = sw.matrix(square())
    part = w.aligned(["c", "a"])
    assert part.matrix.toarray().tolist() == [[0.0, 1.0], [1.0, 0.0]]
    assert w.aligned(w.ids) is w
    with pytest.raises(PanelError, match=r"1 of 2 units are not in the weights"):
        w.aligned(["a", "x"])
    cities = sw.matrix(square().set_axis(["Hangzhou", "Ningbo", "Wuxi"]).set_axis(
        ["Hangzhou", "Ningbo", "Wuxi"], axis=1))  # fmt: skip
    with pytest.raises(PanelError, match="did you mean 'Hangzhou'"):
        cities.aligned(["Hangzhow"])


def changed(row: int, column: int, value: float) -> pd.DataFrame:
    frame = square()
    frame.iloc[row, column] = value
    return frame


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (square().iloc[:2], "2 by 3; it must be square"),
        (square().rename(index={"a": "x"}), "rows and columns of 'frame' refer to different units"),
        (changed(0, 1, -1.0), r"weights are negative(?s:.)*a"),
        (changed(0, 1, np.nan), r"weights are missing or infinite(?s:.)*a"),
        (changed(1, 1, 1.0), r"units are linked to themselves(?s:.)*b"),
        (square("aac"), "duplicate units"),
    ],
)
def test_a_bad_matrix_is_refused(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        sw.matrix(frame)


@pytest.mark.parametrize(
    ("degrees", "message"),
    [
        (np.vstack([LINE[:3], [np.nan, 30.0]]), r"1 of 4 units have no coordinates(?s:.)*p003"),
        (np.vstack([LINE[:3], [0.0, 0.0]]), "1 of 4 units have no coordinates"),
        (LINE[:, ::-1], "longitude and latitude are interchanged.*110.0"),
        (LINE * 100_000, r"not in degrees; they appear to be projected(?s:.)*to_crs\(4326\)"),
    ],
)
def test_bad_coordinates_are_refused(degrees: np.ndarray, message: str) -> None:
    for make in (sw.nearest, lambda panel, k: sw.band(panel, 100.0)):
        with pytest.raises(PanelError, match=message):
            make(panel_of(degrees), k=2)


def test_columns_of_coordinates_are_known_by_other_names() -> None:
    frame = frame_of(scattered())
    plain = sw.nearest(panel_of(scattered()), k=3)
    for names in (("经度（度）", "纬度（度）"), ("Lon", "LAT"), ("lng", "latitude")):
        renamed = frame.rename(columns=dict(zip(("longitude", "latitude"), names, strict=True)))
        panel = nqp.Panel.from_frame(
            renamed, unit="unit", time="time", cohort="cohort", outcome="y"
        )
        assert (sw.nearest(panel, k=3).matrix != plain.matrix).nnz == 0
    with pytest.raises(PanelError, match="longitude='easting' is not a column"):
        sw.nearest(panel_of(scattered()), k=3, longitude="easting")


def test_other_bad_arguments_are_refused() -> None:
    panel = panel_of(LINE)
    for call, message in (
        (lambda: sw.nearest(panel, k=4), "'k' is 4"),
        (lambda: sw.band(panel, km=-1.0), "'km' is -1.0"),
        (lambda: sw.inverse_distance(panel, power=0.0), "'power' is 0.0"),
        (lambda: sw.nearest(panel, latitude="lat"), "did you mean 'latitude'"),
        (lambda: sw.economic(panel, "gpd"), "column='gpd' is not a column of the panel"),
        (lambda: sw.band(panel, km=10.0, islands="drop"), "'islands' is 'drop'"),
        (lambda: sw.inverse_distance(panel_of(LINE[[0, 0, 1]])), "2 units have the same"),
        (
            lambda: sw.matrix(changed(0, 1, 0.0).replace(1.0, 0.0), islands="nearest"),
            "requires coordinates",
        ),
    ):
        with pytest.raises(NQPError, match=message):
            call()
    moving = frame_of(LINE).assign(
        longitude=lambda df: df["longitude"] + 0.1 * (df["time"] == 2010)
    )
    with pytest.raises(PanelError, match="coordinates vary within units"):
        sw.nearest(
            nqp.Panel.from_frame(moving, unit="unit", time="time", cohort="cohort", outcome="y"),
            k=1,
        )


def test_units_at_one_place_are_neighbours() -> None:
    w = sw.nearest(panel_of(LINE[[0, 0, 0, 1, 3]]), k=2, symmetric=False)
    assert (np.diff(w.matrix.indptr) == 2).all()
    assert w.matrix.diagonal().tolist() == [0.0] * 5


def test_describe() -> None:
    facts = sw.band(panel_of(LINE), km=150).describe()
    assert facts["links"] == 4
    assert facts["islands"] == 1
    assert facts["components"] == 2
    assert facts["symmetric_links"]
    assert not facts["symmetric_weights"]
    # Of a path of three, rows summing to one: -1, 0, 1.
    assert facts["lambda_min"] == pytest.approx(-1.0)
    assert facts["lambda_max"] == pytest.approx(1.0)
    assert facts["km_max"] == pytest.approx(kilometres(LINE)[0, 1])


def test_they_are_values() -> None:
    panel = panel_of(scattered())
    w = sw.band(panel, km=900)
    assert w == sw.band(panel, km=900)
    assert hash(w) == hash(sw.band(panel, km=900))
    assert w != sw.band(panel, km=901)
    again = decode(encode(w))
    assert again == w
    assert again.places == w.places


def test_libpysal_gives_the_same_links() -> None:
    graph = pytest.importorskip("libpysal.graph").Graph
    geopandas = pytest.importorskip("geopandas")
    boxes = pytest.importorskip("shapely").box
    squares = geopandas.GeoDataFrame(
        {"code": [3.0, 1.0, 2.0, 9.0]}, crs=4326,
        geometry=[boxes(x, y, x + 1, y + 1) for x, y in ((0, 0), (1, 0), (1, 1), (9, 9))],
    )  # fmt: skip
    for rook in (False, True):
        w = sw.contiguity(squares, id="code", rook=rook)
        assert w.ids == ("3", "1", "2", "9")
        expected = graph.build_contiguity(squares, rook=rook).transform("r").sparse.toarray()
        assert w.matrix.toarray() == pytest.approx(expected)
        assert w.isolated == ("9",)
        back = w.to_graph().sparse.toarray()
        assert back == pytest.approx(w.matrix.toarray()[np.ix_(*[np.argsort(w.ids)] * 2)]) or (
            back == pytest.approx(w.matrix.toarray())
        )
    assert sw.contiguity(squares, id="code", islands="nearest").matrix[3, 2] == 1.0


def test_boundaries_come_from_a_file(tmp_path: Path) -> None:
    geopandas = pytest.importorskip("geopandas")
    boxes = pytest.importorskip("shapely").box
    squares = geopandas.GeoDataFrame(
        {"city": ["a", "b", "b"]}, geometry=[boxes(x, 0, x + 1, 1) for x in (0, 1, 2)], crs=4326
    )
    squares.to_file(tmp_path / "twice.geojson")
    with pytest.raises(PanelError, match=r"does not identify each polygon uniquely(?s:.)*dissolve"):
        sw.contiguity(tmp_path / "twice.geojson", id="city")
    squares.dissolve("city").reset_index().to_file(tmp_path / "cities.geojson")
    assert sw.contiguity(str(tmp_path / "cities.geojson"), id="city").matrix.nnz == 2
    with pytest.raises(PanelError, match="did you mean 'city'"):
        sw.contiguity(tmp_path / "cities.geojson", id="ctiy")
    with pytest.raises(PanelError, match="does not exist"):
        sw.contiguity(tmp_path / "none.geojson", id="city")


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "bayes_nqp.data.spatial_weights._rules.find_spec",
        lambda name: None if name == "geopandas" else find(name),
    )
    with pytest.raises(
        StudyError, match=r"requires the package geopandas(?s:.)*bayes-nqp\[space\]"
    ):
        sw.contiguity("cities.geojson", id="code")


def test_links_are_drawn() -> None:
    figure = nqp.plots.spatial_links(sw.band(panel_of(scattered()), km=900), language="zh")
    text = " ".join(t.get_text() for t in figure.findobj(lambda a: hasattr(a, "get_text")))
    assert "60 个单位" in text
    with pytest.raises(StudyError, match="have no coordinates to plot"):
        nqp.plots.spatial_links(sw.matrix(square()))


def test_what_weights_are_called_in_chinese() -> None:
    from bayes_nqp._core.i18n import Translator

    panel, say = panel_of(LINE), Translator("zh").name
    near, far = sw.nearest(panel, k=2), sw.inverse_distance(panel, km=500)
    assert say(near.name) == "最近 2 个"
    assert say(sw.composite({near: 1.0, far: 1.0}).name) == "0.5 最近 2 个 + 0.5 500 公里内的反距离"
    assert say(sw.nested(far, near).name) == "500 公里内的反距离 × 最近 2 个"
    assert str(near.name) == near.label == "2 nearest"
    assert say(sw.matrix(square(), label="trade").name) == "trade"
