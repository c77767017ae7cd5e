"""Whatever columns and levels are called: what is loaded is what was saved, name by name."""

from __future__ import annotations

import re
import sys
import unicodedata
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr
from doors import (
    from_earlier_file,
    from_file,
    into_file,
    into_tree,
    read_groups,
    write_fit,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st
from random_panels import random_frame

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.testing import assert_equal

FEW = nqp.Importance(seed=3, draws=60, chains=2)
NAMES = [
    "a\nb", "a\tb", "a b", "a%20b", "a%2520b", "a/b", "a%2Fb", "a%2fb", "%", "%%", "a%",
    "\\n", "'\"`", "\u00a0a\u00a0", " a", "a ", "\u3000", "é", "e\u0301", "\u212b", "\u00c5",
    "\u1100\u1161", "가", "😀👩‍👩‍👧", "א\u200fב", "城" * 300, ".", "..", "-",
    "_nc4_non_coord_a", "phony_dim_0",
    "chain ", "\ue000", "\u0378", "\U000e0fff", "coordinates", "_FillValue", "a\x1fb", "\x00",
    "\ud800",
]  # fmt: skip
LOST = re.compile("[\0\ud800-\udfff]")
"""What no text in a file can hold; as a name it can be escaped."""
CATEGORIES = sorted({unicodedata.category(chr(code)) for code in range(sys.maxunicode + 1)})
ANY = st.one_of(
    st.sampled_from(NAMES),
    st.text(min_size=1, max_size=12),
    st.sampled_from(CATEGORIES).flatmap(
        lambda category: st.text(st.characters(categories=[category]), min_size=1, max_size=4)
    ),
    st.text("%/ 2F05\n_ab", min_size=1, max_size=8),
)


def odd_panel() -> nqp.Panel:
    """A panel with odd names in every role; no report can carry others."""
    df = random_frame(6).rename(
        columns={"unit": "城 市", "time": "t\tt", "cohort": "co%2Fhort", "y": "y/%\n"}
    )
    rng = np.random.default_rng(1)
    df["mar%20ket"] = df["market"]
    df["区\n域"] = df["region"].map({"a": "沿海 %20", "b": "内陆/西部", "c": "e\u0301\u00a0"})
    df["区 域"] = df["market"]
    for name in ("\u00a0x\t", "_nc4_non_coord_z", "数字/化%", "融 资"):
        df[name] = rng.normal(size=len(df))
    return nqp.Panel.from_frame(
        df, unit="城 市", time="t\tt", cohort="co%2Fhort", outcome="y/%\n",
        strata=["区\n域", "mar%20ket", "区 域"], covariates=["\u00a0x\t", "_nc4_non_coord_z"],
        mediators=["数字/化%", "融 资"],
        labels={"zh": {"区\n域": {"label": "区域", "levels": {"内陆/西部": "内陆"}}}},
    )  # fmt: skip


def designs() -> dict[str, nqp.Mediation]:
    alone = nqp.StaggeredDiD(
        nqp.PartialPooling(varying="unit"), time=nqp.TimeEffects(), unidentified="drop"
    )
    return {
        "channels": nqp.Mediation(alone, mediators=["数字/化%", "融 资"]),
        "jointly": nqp.Mediation(
            replace(alone, effect=nqp.CompletePooling(varying="unit")),
            mediators=["数字/化%"],
            vary_by="unit",
        ),
    }


@pytest.mark.parametrize("name", designs())
def test_odd_names_in_every_role(tmp_path: Path, name: str) -> None:
    found = nqp.fit(designs()[name], odd_panel(), FEW, progress=False)
    back = nqp.load(found.save(tmp_path / "fit.nc"))
    assert_equal(back, found)
    assert back.digest == found.digest
    assert {"区\n域", "mar%20ket", "区 域"} <= set(nqp.group_time_effects(back).coords)
    assert_equal(nqp.att(back, by="区\n域"), nqp.att(found, by="区\n域"))


def groups_called(names: list[str], levels: list[str]) -> dict[str, xr.Dataset]:
    """Groups with names in every place that a stratum's, a mediator's or a slope's can take."""
    draws = np.arange(6.0).reshape(2, 3)
    effects = xr.Dataset(
        {"effect": (("chain", "draw"), draws), "role": ("cell", levels)},
        {**dict.fromkeys(names, ("cell", levels)), "gate": levels[0]},
        {"factors": levels[-1]},
    )
    posterior = xr.Dataset(
        {f"{name}__b": (("chain", "draw", name), draws[..., None]) for name in names},
        {**{name: [LOST.sub("", name)] for name in names}, "label": ("labels", levels)},
    )
    return {"effects": effects, "posterior": posterior}


@settings(max_examples=4)
@given(
    st.lists(ANY, min_size=8, max_size=14, unique=True),
    st.lists(ANY.map(lambda text: LOST.sub("", text)), min_size=1, max_size=9),
)
@example(NAMES, [LOST.sub("", name) for name in NAMES])
def test_any_name_is_read_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], levels: list[str]
) -> None:
    groups = groups_called(names, levels)
    path = tmp_path_factory.getbasetemp() / "names.nc"
    write_fit(path, groups, None, {}, {}, {"notes": levels[-1]})
    with path.open("rb") as file:
        found, head = read_groups(file)
    assert head["notes"] == levels[-1]
    assert_equal(found, groups)
    assert all(set(names) <= set(group.variables) for group in found.values())


def test_names_of_earlier_files_are_read_as_they_were() -> None:
    """In them a blank stands as %20 and a slash as %2F, and a percent sign as itself."""
    data = xr.Dataset({"a%20b": 1, "c%2Fd": 2, "e%25": 3, "%": 4, "f%0A": 5})
    assert list(from_earlier_file(data)) == ["a b", "c/d", "e%25", "%", "f%0A"]


def test_an_earlier_file_is_read(tmp_path: Path) -> None:
    """Format 2 writes blanks and slashes as format 3 does, and has no other escapes."""
    names = ["沿海 内陆", "沿海/内陆", "a_b"]
    groups, path = groups_called(names, ["x"]), tmp_path / "fit.nc"
    write_fit(path, groups, None, {}, {}, {})
    with h5py.File(path, "r+") as file:
        file.attrs["format"] = 2
        for name in ("沿海%20内陆", "沿海%2F内陆", "a_b"):
            assert name in file["effects"]
    with path.open("rb") as file:
        found, _ = read_groups(file)
    assert_equal(found, groups)


@given(st.lists(ANY, min_size=2, max_size=6, unique=True))
def test_no_two_names_become_one(names: list[str]) -> None:
    data = xr.Dataset({name: ((), number) for number, name in enumerate(names)})
    tree, file = into_tree(data), into_file(data)
    assert_equal(from_file(file), data)
    assert_equal(from_file(tree), data)
    assert not any("/" in str(name) for name in tree)
    assert all(re.fullmatch("[\\w%]+", str(name)) for name in file)


@pytest.mark.parametrize("level", ["a\0", "a\0b", "\ud800"])
def test_what_no_file_holds_is_refused_before_anything_is_written(
    tmp_path: Path, level: str
) -> None:
    path = tmp_path / "fit.nc"
    path.write_text("before")
    with pytest.raises(StudyError, match=r"fit\.nc' cannot be written.*\n(Where: .*\n)?Try: .*"):
        write_fit(path, groups_called(["a"], [level]), None, {}, {}, {})
    assert path.read_text() == "before"
