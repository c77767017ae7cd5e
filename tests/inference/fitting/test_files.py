"""A fit on disk is the fit, or there is no file."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from random_panels import random_frame

from bayes_nqp import (
    IID,
    Importance,
    Panel,
    PartialPooling,
    StaggeredDiD,
    TimeEffects,
    fit,
    group_time_effects,
    load,
)
from bayes_nqp._core.exceptions import PanelError, StudyError
from bayes_nqp._core.testing import assert_equal

FEW = Importance(seed=3, draws=60, chains=2)


def chinese_panel(stratum: str = "沿海_内陆") -> Panel:
    """Return a panel whose columns, strata and levels are Chinese, with a slash in a level."""
    df = random_frame(6, missing=0.1)
    df[stratum] = df["region"].map({"a": "沿海", "b": "内陆/西部", "c": "东北"})
    df["城市"] = "城市" + df["unit"]
    df["zone"] = df["cohort"].fillna(0)
    df["市场化"] = df["market"]
    return Panel.from_frame(
        df, unit="城市", time="time", cohort="zone", outcome="y", never=0,
        strata=[stratum, "市场化"], covariates=["x"],
    )  # fmt: skip


@pytest.fixture(scope="module")
def panel():
    return chinese_panel()


@pytest.fixture(scope="module")
def fitted(panel):
    design = StaggeredDiD(PartialPooling(), time=TimeEffects(), unidentified="drop")
    return fit(design, panel, FEW, progress=False)


@pytest.mark.slow
def test_what_is_read_is_what_was_written(fitted, tmp_path):
    path = fitted.save(tmp_path / "里" / "fit.nc")
    back = load(path)
    assert_equal(fitted, back)
    assert back.digest == fitted.digest
    assert repr(back) == repr(fitted)
    assert "outcome__strata_沿海_内陆" in back.posterior
    # Again, now from what was read.
    assert_equal(load(back.save(tmp_path / "again.nc")), fitted)


@pytest.mark.slow
def test_space_in_the_name_of_a_stratum(tmp_path):
    design = StaggeredDiD(unidentified="drop", time=TimeEffects())
    found = fit(design, chinese_panel("沿海 内陆"), FEW, progress=False)
    assert_equal(load(found.save(tmp_path / "fit.nc")), found)


@pytest.mark.slow
def test_slash_in_the_name_of_a_stratum(tmp_path):
    design = StaggeredDiD(unidentified="drop", time=TimeEffects())
    found = fit(design, chinese_panel("沿海/内陆"), FEW, progress=False)
    back = load(found.save(tmp_path / "fit.nc"))
    assert_equal(back, found)
    assert "outcome__strata_沿海/内陆" in back.posterior
    assert "沿海/内陆" in group_time_effects(back).coords


@pytest.mark.slow
def test_every_design_goes_to_disk(tmp_path):
    from design_table import DESIGNS

    for name in ("never, leads, partial", "partial, cities, iid", "partial, units, weights",
                 "separate, none, iid", "baseline"):  # fmt: skip
        case = DESIGNS[name]
        found = fit(case.design, case.make(2, missing=0.1), FEW, progress=False)
        assert_equal(load(found.save(tmp_path / "fit.nc")), found)


@pytest.mark.slow
def test_dates_and_text_cohorts(tmp_path):
    df = random_frame(6)
    df["day"] = pd.PeriodIndex.from_ordinals(180 + df["time"], freq="Q").to_timestamp()
    start = dict(zip(df["time"], df["day"], strict=True))
    df["start"] = df["cohort"].map(start)
    panel = Panel.from_frame(
        df, unit="unit", time="day", cohort="start", outcome="y", strata="region"
    )
    design = StaggeredDiD(errors=IID(), unidentified="drop")
    found = fit(design, panel, FEW, progress=False)
    assert found.effects["cohort"].dtype.kind == "U"
    assert_equal(load(found.save(tmp_path / "fit.nc")), found)


@pytest.mark.slow
def test_without_rows(fitted, panel, tmp_path):
    path = fitted.save(tmp_path / "fit.nc", rows=False)
    assert fitted.save(tmp_path / "all.nc").stat().st_size > path.stat().st_size
    back = load(path)
    assert back.panel is None
    assert_equal(back.groups, fitted.groups)
    with pytest.raises(StudyError, match="saved without its observations"):
        _ = back.model_frame
    with xr.open_datatree(path, engine="h5netcdf") as tree:
        assert "panel" not in tree.children
    assert_equal(load(path, panel=panel), fitted)


@pytest.mark.slow
def test_another_panel_is_refused(fitted, panel, tmp_path):
    path = fitted.save(tmp_path / "fit.nc", rows=False)
    other = panel.with_outcome(panel.outcome + np.eye(panel.n_rows)[0])
    with pytest.raises(PanelError, match="digest differs"):
        load(path, panel=other)


@pytest.mark.slow
def test_no_file_and_no_fit(fitted, tmp_path):
    with pytest.raises(StudyError, match="is not a file"):
        load(tmp_path / "nothing.nc")
    text = tmp_path / "text.nc"
    text.write_text("not a fit")
    with pytest.raises(StudyError, match="does not contain a"):
        load(text)
    foreign = tmp_path / "foreign.nc"
    xr.Dataset({"a": ("b", [1.0])}).to_netcdf(foreign, engine="h5netcdf")
    with pytest.raises(StudyError, match="does not contain a"):
        load(foreign)


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.97])
def test_truncated(fitted, tmp_path, share):
    path = fitted.save(tmp_path / "fit.nc")
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(StudyError, match="a complete fit"):
        load(path)


def test_later_format(fitted, tmp_path):
    path = fitted.save(tmp_path / "fit.nc")
    import h5py

    with h5py.File(path, "r+") as file:
        file.attrs["format"] = 99
    with pytest.raises(StudyError, match="format 99"):
        load(path)


FULL_DISK = """
import resource, sys
from bayes_nqp import load
found = load(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, resource.RLIM_INFINITY))
for path in sys.argv[1:]:
    try:
        found.save(path)
    except ValueError as error:
        print(type(error).__name__, error.what)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")
def test_a_failing_write_leaves_what_was_there(fitted, tmp_path):
    """In a process of its own, in which no file can grow: as on a full disk."""
    path = fitted.save(tmp_path / "fit.nc")
    before = path.read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path), str(tmp_path / "new.nc")],
        capture_output=True, text=True, timeout=120, check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert len(said) == 2
    assert all(
        line.startswith("StudyError") and "exceed the maximal file size" in line for line in said
    )
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["fit.nc"]


@pytest.mark.slow
def test_notes_and_dropped_rows_travel(tmp_path):
    df = random_frame(6)
    df.loc[[3, 9], "y"] = np.nan
    panel = Panel.from_frame(
        df, unit="unit", time="time", cohort="cohort", outcome="y", strata=["region"]
    )
    design = StaggeredDiD(unidentified="drop")
    found = fit(design, panel, FEW, progress=False)
    back = load(found.save(tmp_path / "fit.nc"))
    assert back.panel.dropped == panel.dropped
    assert back.panel.notes == panel.notes
    assert back.notes == found.notes
