"""Tables that an engine keeps: the same panel as their rows, and what is wrong with them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from doors import SourceTable, equation_density, model_frame_of

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import PanelError, StudyError

duckdb = pytest.importorskip("duckdb", reason="without the extra 'tables'")
ROLES: dict[str, Any] = {
    "unit": "firm", "time": "year", "outcome": "y", "cohort": "zone_year", "strata": "region",
}  # fmt: skip


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """Firms with gaps, two regions and a covariate; years from 2011 on."""
    panel = nqp.simulation.staggered(units=240, periods=7, cohorts=(4, 6), seed=5).panel
    rng = np.random.default_rng(1)
    df = panel.frame.rename(columns={"unit": "firm", "time": "year", "outcome": "y"})
    df = df.assign(
        year=df["year"] + 2010, zone_year=df["cohort"] + 2010, size=rng.normal(size=len(df))
    )
    return df[rng.random(len(df)) > 0.05].drop(columns="cohort")


@pytest.mark.slow
@pytest.mark.parametrize("covariates", [(), ("size",)])
def test_the_posterior_is_that_of_the_rows(frame: pd.DataFrame, covariates: tuple[str]) -> None:
    rows = nqp.Panel.from_frame(frame, **ROLES, covariates=covariates)
    table = nqp.Panel.from_table(duckdb.from_df(frame), **ROLES, covariates=covariates)
    assert (table.n_units, table.n_rows) == (rows.n_units, rows.n_rows)
    assert len(table.unit_labels) < rows.n_units
    sampler = nqp.Importance(draws=200, seed=1)
    first, second = (
        nqp.att(nqp.fit(nqp.StaggeredDiD(), x, sampler, progress=False), by="region")
        for x in (rows, table)
    )
    np.testing.assert_allclose(second, first, atol=1e-6 * float(first.std()))


def test_an_engine_multiplies_columns_as_rows_do(frame: pd.DataFrame) -> None:
    exposed = frame.assign(dose=np.where(frame["year"] > frame["zone_year"], frame["size"] + 3, 0))
    roles = {**ROLES, "cohort": None, "exposures": "dose", "moderators": "size"}
    rows = nqp.Panel.from_frame(exposed, **roles).summed_up(products=[("dose", "size")])
    table = nqp.Panel.from_table(duckdb.from_df(exposed), **roles, products=[("size", "dose")])
    design = nqp.ContinuousExposure("dose", nqp.PartialPooling(varying=None), moderator="size")
    sampler = nqp.Importance(draws=200, seed=1)
    first, second = (nqp.att(nqp.fit(design, x, sampler, progress=False)) for x in (rows, table))
    np.testing.assert_allclose(second, first, atol=1e-9 * float(first.std()))
    with pytest.raises(PanelError, match="'magnitude' is not a column"):
        nqp.Panel.from_table(duckdb.from_df(exposed), **roles, products=[("magnitude", "dose")])


@pytest.mark.slow
def test_files_are_read_by_their_path(frame: pd.DataFrame, tmp_path: Path) -> None:
    for k, part in enumerate(np.array_split(np.arange(len(frame)), 3)):
        frame.iloc[part].to_parquet(tmp_path / f"{k}.parquet")
    panel = nqp.Panel.from_table(tmp_path / "*.parquet", **ROLES)
    assert panel.n_rows == len(frame)
    assert "classes" in str(panel)
    frame.to_csv(tmp_path / "rows.csv", index=False)
    again = nqp.Panel.from_table(str(tmp_path / "rows.csv"), **ROLES)
    np.testing.assert_allclose(again.outcome, panel.outcome, atol=1e-10)
    with pytest.raises(PanelError, match=r"not a readable table"):
        nqp.Panel.from_table("rows.xyz", **ROLES)
    with pytest.raises(PanelError, match="cannot be read"):
        nqp.Panel.from_table(tmp_path / "none.parquet", **ROLES)


def test_rows_without_a_value_are_left_out_and_said(frame: pd.DataFrame) -> None:
    holes = frame.assign(y=frame["y"].where(np.arange(len(frame)) % 50 != 3))
    table = nqp.Panel.from_table(duckdb.from_df(holes), **ROLES)
    assert table.n_rows == holes["y"].notna().sum()
    assert any("dropped" in str(note) for note in table.notes)


def changed(df: pd.DataFrame, column: str, value: object) -> pd.DataFrame:
    out = df.copy()
    out[column] = out[column].astype(object if isinstance(value, str) else float)
    out.iloc[3, out.columns.get_loc(column)] = value
    return out


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        (lambda x: pd.concat([x, x.iloc[:9]]), {}, "several rows in the same period"),
        (lambda x: changed(x, "zone_year", 2013.0), {}, "several values of 'zone_year'"),
        (lambda x: changed(x, "region", "north"), {}, "several values of 'region'"),
        (lambda x: changed(x, "y", np.inf), {}, "infinite or undefined"),
        (lambda x: x, {"outcome": "regoin"}, "not a column of the table"),
        (lambda x: x, {"outcome": "region"}, "must be numeric"),
        (lambda x: x.assign(year=x["year"] + 0.5), {}, "must be integers"),
        (lambda x: x[x["year"] > 2030], {}, "no rows"),
    ],
)
def test_faults_are_named_by_their_units(
    frame: pd.DataFrame, change: Any, options: dict[str, str], words: str
) -> None:
    with pytest.raises(PanelError, match=words) as caught:
        nqp.Panel.from_table(duckdb.from_df(change(frame)), **{**ROLES, **options})
    if "several" in words or "finite" in words:
        assert "firm = " in str(caught.value)


def test_too_many_classes_are_counted_before_anything_is_multiplied() -> None:
    firm = np.repeat(np.arange(1200), 3)
    rows = pd.DataFrame({
        "firm": firm, "year": np.tile([1, 2, 3], 1200), "y": np.arange(3600) % 7.0,
        "zone_year": np.where(firm % 2, 3.0, np.nan), "region": "a", "town": firm,
    })  # fmt: skip
    with pytest.raises(StudyError, match=r"1,200 units form 1,200 classes"):
        nqp.Panel.from_table(duckdb.from_df(rows), **ROLES, by="town")


def bits(panel: nqp.Panel) -> bytes:
    return panel.outcome.tobytes() + panel.covariates.tobytes() + panel.counts.tobytes()


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2, 8])
def test_bits_are_those_of_any_threads_and_order_of_rows(frame: pd.DataFrame, threads: int) -> None:
    first = nqp.Panel.from_table(duckdb.from_df(frame), **ROLES, covariates="size")
    shuffled = frame.sample(frac=1.0, random_state=threads)
    with duckdb.connect(config={"threads": threads}) as connection:
        again = nqp.Panel.from_table(connection.from_df(shuffled), **ROLES, covariates="size")
    assert bits(first) == bits(again)
    assert first.digest == again.digest


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["polars", "sqlite", "pyspark", "postgres"])
def test_bits_are_those_of_any_engine(frame: pd.DataFrame, engine: str, tmp_path: Path) -> None:
    kept = nqp.Panel.from_table(duckdb.from_df(frame), **ROLES, covariates="size")
    rows = rows_in(engine, frame, tmp_path)
    assert bits(nqp.Panel.from_table(rows, **ROLES, covariates="size")) == bits(kept)


def rows_in(engine: str, frame: pd.DataFrame, folder: Path) -> Any:
    """Put rows into an engine, or skip where it is not installed."""
    why = f"{engine} is not installed"
    if engine == "polars":
        return pytest.importorskip("polars", reason=why).from_pandas(frame).lazy()
    if engine == "pyspark":
        if shutil.which("java") is None:
            pytest.skip("no java for pyspark")
        sql = pytest.importorskip("pyspark.sql", reason=why)
        settings = {"spark.driver.bindAddress": "127.0.0.1", "spark.ui.enabled": "false"}
        builder = sql.SparkSession.builder.master("local[1]").config(map=settings)
        session = builder.getOrCreate()
        whole = frame.astype({"zone_year": "float64"})
        return session.createDataFrame(whole)
    ibis = pytest.importorskip("ibis", reason=why)
    if engine == "postgres":
        address = os.environ.get("BAYES_NQP_POSTGRES", "")
        if not address:
            pytest.skip("no address of a server in BAYES_NQP_POSTGRES")
        base = ibis.connect(address)
    else:
        base = ibis.connect(f"{engine}://{folder / 'rows'}")
    return base.create_table("rows", frame, temp=engine == "postgres")


DESIGNS = {
    "channels": (nqp.Mediation(nqp.StaggeredDiD(), mediators=["m"]), {"mediators": "m"}, {}),
    "moderator": (nqp.StaggeredDiD(moderator="z"), {"moderators": "z"}, {}),
    "baseline": (nqp.StaggeredDiD(baseline=["z"]), {}, {"baseline": "z"}),
    "exposure": (
        nqp.ContinuousExposure("d", nqp.PartialPooling(["region"], varying=None)),
        {"exposures": "d"},
        {},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", DESIGNS)
def test_other_columns_are_those_of_the_rows(frame: pd.DataFrame, name: str) -> None:
    design, roles, more = DESIGNS[name]
    first = frame.groupby("firm")["size"].transform("first")
    treated = (frame["year"] >= frame["zone_year"]).astype(float)
    df = frame.assign(m=frame["size"] + frame["y"] / 2.0 + treated, z=first, d=treated * 2.0)
    given = ROLES if name != "exposure" else {**ROLES, "cohort": None}
    rows = nqp.Panel.from_frame(df, **given, **roles)
    table = nqp.Panel.from_table(duckdb.from_df(df), **given, **roles, **more)
    densities = []
    for panel in (rows, table):
        model_frame = model_frame_of(design, panel)
        for equation in model_frame.equations:
            points = np.random.default_rng(1).normal(-1.0, 0.5, (5, len(equation.problem.space)))
            densities.append(equation_density(equation)(points))
    half = len(densities) // 2
    for ours, theirs in zip(densities[:half], densities[half:], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-8)


def test_shards_are_the_same_bits_and_an_interrupted_call_goes_on(
    frame: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = frame.assign(firm=frame["firm"].str[1:].astype(int) - 20)
    rows.to_parquet(tmp_path / "rows.parquet")
    options = {**ROLES, "covariates": "size"}
    whole = nqp.Panel.from_table(tmp_path / "rows.parquet", **options)
    store, written = tmp_path / "store", []
    laying = SourceTable._lay_out

    def interrupted(table: Any, part: Any, path: Path) -> None:
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(path)
        laying(table, part, path)

    monkeypatch.setattr(SourceTable, "_lay_out", interrupted)
    with pytest.raises(KeyboardInterrupt):
        nqp.Panel.from_table(tmp_path / "rows.parquet", **options, shards=5, store=store)
    assert len(list(store.glob("*.parquet"))) == 2
    kept = {x: x.stat().st_mtime_ns for x in store.glob("*.parquet")}

    def counted(table: Any, part: Any, path: Path) -> None:
        written.append(path)
        assert {x: x.stat().st_mtime_ns for x in kept} == kept
        laying(table, part, path)

    monkeypatch.setattr(SourceTable, "_lay_out", counted)
    sharded = nqp.Panel.from_table(tmp_path / "rows.parquet", **options, shards=5, store=store)
    assert len(written) == 5
    assert not list(store.iterdir())
    assert bits(sharded) == bits(whole)
    with pytest.raises(PanelError, match=r"shards=2 requires integers in 'firm'"):
        nqp.Panel.from_table(duckdb.from_df(frame), **options, shards=2)


def interrupted(monkeypatch: pytest.MonkeyPatch, *args: Any, **options: Any) -> None:
    """Call `from_table` with a store, and interrupt it before its last shard."""
    laying, laid = SourceTable._lay_out, []

    def stopped(table: Any, part: Any, path: Path) -> None:
        if len(laid) == 3:
            raise KeyboardInterrupt
        laid.append(path)
        laying(table, part, path)

    with monkeypatch.context() as patch:
        patch.setattr(SourceTable, "_lay_out", stopped)
        with pytest.raises(KeyboardInterrupt):
            nqp.Panel.from_table(*args, **options)


@pytest.fixture
def numbered(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(firm=frame["firm"].str[1:].astype(int))


def in_duckdb(df: pd.DataFrame, folder: Path) -> Any:
    return duckdb.from_df(df)


def in_polars(df: pd.DataFrame, folder: Path) -> Any:
    return pytest.importorskip("polars").from_pandas(df).lazy()


def in_scan(df: pd.DataFrame, folder: Path) -> Any:
    return pytest.importorskip("polars").scan_parquet(in_file(df, folder))


def in_file(df: pd.DataFrame, folder: Path) -> Any:
    """A file that is always of the same size and time."""
    path = folder / "rows.parquet"
    df.to_parquet(path, compression=None, use_dictionary=False, write_statistics=False)
    os.utime(path, (1e9, 1e9))
    return path


def in_memory(df: pd.DataFrame, folder: Path) -> Any:
    return df


@pytest.mark.parametrize("where", [in_duckdb, in_polars, in_scan, in_file, in_memory])
def test_shards_of_other_rows_are_never_used(
    numbered: pd.DataFrame, where: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = numbered.assign(y=-numbered["y"])
    options = {**ROLES, "shards": 4, "store": tmp_path / "store"}
    interrupted(monkeypatch, where(numbered, tmp_path), **options)
    assert len(list((tmp_path / "store").glob("*.parquet"))) == 3
    panel = nqp.Panel.from_table(where(other, tmp_path), **options)
    assert bits(panel) == bits(nqp.Panel.from_table(duckdb.from_df(other), **ROLES))


@pytest.mark.slow
@pytest.mark.parametrize(
    "damage", [lambda x: x[: len(x) // 2], lambda x: x[:900] + x[1000:1100] + x[1000:]]
)
def test_a_torn_shard_is_made_again(
    numbered: pd.DataFrame, damage: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {**ROLES, "shards": 4, "store": tmp_path / "store"}
    interrupted(monkeypatch, duckdb.from_df(numbered), **options)
    torn = next((tmp_path / "store").glob("*.parquet"))
    torn.write_bytes(damage(torn.read_bytes()))
    panel = nqp.Panel.from_table(duckdb.from_df(numbered), **options)
    assert bits(panel) == bits(nqp.Panel.from_table(duckdb.from_df(numbered), **ROLES))
    assert not list((tmp_path / "store").iterdir())


def test_where_an_engine_cannot_hash_shards_are_made_anew_and_a_note_says_so(
    numbered: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bayes_nqp.data.backends import _table

    options = {**ROLES, "shards": 4, "store": tmp_path / "store"}
    monkeypatch.setattr(_table, "_HASHES", {})
    interrupted(monkeypatch, duckdb.from_df(numbered), **options)
    other = numbered.assign(y=-numbered["y"])
    panel = nqp.Panel.from_table(duckdb.from_df(other), **options)
    assert any("cannot compute hashes of rows" in str(note) for note in panel.notes)
    monkeypatch.undo()
    assert bits(panel) == bits(nqp.Panel.from_table(duckdb.from_df(other), **ROLES))


def test_a_store_that_is_a_file_is_refused_in_words(numbered: pd.DataFrame, tmp_path: Path) -> None:
    (tmp_path / "store").write_text("x")
    with pytest.raises(StudyError, match=r"'store' .*cannot be written"):
        nqp.Panel.from_table(duckdb.from_df(numbered), **ROLES, store=tmp_path / "store")
