"""A seal is no proof: a file that was changed and sealed anew says what its draws do not."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import h5py
import linked_cities
import numpy as np
import pytest
import spilled
from design_table import DESIGNS
from forged_files import resealed
from mediated import channels_fit

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.testing import assert_equal
from bayes_nqp.model.codec import encode

type Edit = Callable[[h5py.File], None]

ENOUGH = nqp.Importance(seed=3, draws=250, chains=2)
FEW = nqp.Importance(seed=3, draws=40, chains=2)


@cache
def fit_of(kind: str) -> nqp.Fit:
    """Fit a design of each kind."""
    if kind == "channels":
        return channels_fit()
    if kind == "lag":
        return nqp.fit(linked_cities.design_of(), linked_cities.PANEL, ENOUGH, progress=False)
    if kind == "rings":
        rings = nqp.Rings(list(spilled.EDGES))
        near = nqp.StaggeredDiD(nqp.PartialPooling(), spillovers=rings, unidentified="drop")
        return nqp.fit(near, spilled.spilled().panel, ENOUGH, progress=False)
    if kind == "failed":
        case = DESIGNS["partial, units, AR(1)"]
        return nqp.fit(case.design, case.make(2), FEW, progress=False)
    case = DESIGNS[kind]
    return nqp.fit(case.design, case.make(2), ENOUGH, progress=False)


PLAIN, LEADS, TRENDS, DOSE = (
    "partial, units, AR(1)", "never, leads", "trends, none, iid", "exposure, partial, units, AR(1)",
)  # fmt: skip
KINDS = (
    PLAIN,
    "failed",
    LEADS,
    TRENDS,
    DOSE,
    "partial, cities, weights",
    "channels",
    "lag",
    "rings",
)


@cache
def content(kind: str, rows: bool = True) -> bytes:
    """The bytes of such a fit's file."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return fit_of(kind).save(Path(folder) / "fit.nc", rows=rows).read_bytes()


def put(group: str, name: str, change: Callable[[np.ndarray], object]) -> Edit:
    """Change the values of a variable."""

    def edit(file: h5py.File) -> None:
        data = file[group][name]
        data[...] = change(data[()])

    return edit


def said(**values: object) -> Edit:
    """Change what the head says as JSON."""

    def edit(file: h5py.File) -> None:
        for name, value in values.items():
            before = json.loads(file.attrs[name])
            file.attrs[name] = json.dumps(
                before | value if isinstance(value, dict) else value, ensure_ascii=False
            )

    return edit


def design(**changes: object) -> Edit:
    """State another design in the head."""
    return lambda file: file.attrs.update(
        design=json.dumps(encode(fit_of(PLAIN).variant(**changes)), ensure_ascii=False)
    )


def attr(group: str, name: str, value: object) -> Edit:
    return lambda file: file[group].attrs.update({name: value})


def both(*edits: Edit) -> Edit:
    def edit(file: h5py.File) -> None:
        for one in edits:
            one(file)

    return edit


def first(value: float) -> Callable[[np.ndarray], np.ndarray]:
    """Put a value where the first number is."""

    def change(values: np.ndarray) -> np.ndarray:
        out = values.copy()
        out.flat[0] = value
        return out

    return change


def text(value: str) -> Callable[[np.ndarray], np.ndarray]:
    return lambda values: np.full(np.shape(values), value, dtype=object)


def swapped(values: np.ndarray) -> np.ndarray:
    out = values.copy()
    other = next(k for k in range(len(out)) if out[k] != out[0])
    out[0], out[other] = out[other], out[0]
    return out


def plus(shift: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda values: values + shift


def drop(group: str, name: str) -> Edit:
    def edit(file: h5py.File) -> None:
        del file[group][name]

    return edit


def everywhere(shift: float) -> Edit:
    """Move effects in every place where they stand: only the rows can tell."""

    def edit(file: h5py.File) -> None:
        for group, name in (("effects", "effect"), ("posterior", "outcome__cell_mean")):
            file[group][name][...] = file[group][name][()] + shift
        del file["coefficients"]

    return edit


PASSED = {"failures": [], "importance_ess": 1500.0, "khat": 0.1}

FORGERIES: dict[str, tuple[str, Edit]] = {
    # The gate
    "passed in the head": ("failed", said(gate={"failures": []})),
    "passed beside effects": ("failed", put("effects", "gate", text("passed"))),
    "passed in both": (
        "failed", both(said(gate={"failures": []}), put("effects", "gate", text("passed"))),
    ),
    "failed in both": (
        PLAIN,
        both(
            said(gate={"failures": ["k-hat 2.00 (limit 0.70)"]}),
            put("effects", "gate", text("failed: k-hat 2.00 (limit 0.70)")),
        ),
    ),
    "k-hat in the head": (PLAIN, said(gate={"khat": 0.01})),
    "k-hat of the weights": (PLAIN, put("sample_stats", "khat", lambda _: 2.0)),
    "k-hat beside effects": (PLAIN, put("effects", "khat", lambda _: 0.01)),
    "effective weights": (PLAIN, said(gate={"importance_ess": 1e5})),
    "effective weights beside effects": (PLAIN, put("effects", "importance_ess", lambda _: 9e4)),
    "effective draws": (PLAIN, said(gate={"ess_bulk": 4000.0})),
    "R-hat": (PLAIN, said(gate={"rhat": 1.0})),
    "divergences": (PLAIN, said(gate={"divergences": 3})),
    "refused": (PLAIN, said(gate={"refused": 0.4})),
    "a gate of no number": (PLAIN, said(gate={"khat": float("nan")})),
    "the same draw again and again": (
        PLAIN,
        both(*(
            put("posterior", f"outcome__{name}", lambda x: np.broadcast_to(x[:, :1], x.shape))
            for name in ("sigma", "rho", "scale_cell", "scale_deviation")
        )),
    ),
    # Effects and coefficients
    "one effect is NaN": (PLAIN, put("effects", "effect", first(np.nan))),
    "all effects are NaN": (PLAIN, put("effects", "effect", lambda x: x * np.nan)),
    "an effect is endless": (LEADS, put("effects", "effect", first(np.inf))),
    "one effect in one draw": (PLAIN, put("effects", "effect", first(1.0))),
    "effects shifted": (TRENDS, put("effects", "effect", plus(0.1))),
    "effects shifted, of an exposure": (DOSE, put("effects", "effect", plus(0.1))),
    "effects of no sign": (LEADS, put("effects", "effect", lambda x: -x)),
    "effects shifted everywhere": (LEADS, everywhere(3.0)),
    "effects wider everywhere": (
        LEADS,
        both(
            put("effects", "effect", lambda x: x.mean((0, 1)) + 3 * (x - x.mean((0, 1)))),
            put("posterior", "outcome__cell_mean", lambda x: (
                x.mean((0, 1)) + 3 * (x - x.mean((0, 1)))
            )),
            drop("/", "coefficients"),
        ),
    ),
    "leads shifted": (LEADS, put("leads", "effect", plus(2.0))),
    "deviations": (PLAIN, put("effects", "deviation", lambda x: 2 * x)),
    "deviations dropped": (PLAIN, drop("effects", "deviation")),
    "means of cells": (PLAIN, put("posterior", "outcome__cell_mean", plus(0.5))),
    "means of cells, of a lag": ("lag", put("posterior", "outcome__cell_mean", plus(0.5))),
    "coefficients": (PLAIN, put("coefficients", "outcome__slots", lambda x: 2 * x)),
    "a coefficient is NaN": (PLAIN, put("coefficients", "outcome__slots", first(np.nan))),
    "names of coefficients": (PLAIN, put("coefficients", "slot", swapped)),
    "a level": (PLAIN, put("posterior", "outcome__level", plus(8.0))),
    "sigma is negative": (PLAIN, put("posterior", "outcome__sigma", lambda x: -x)),
    "sigma is NaN": (PLAIN, put("posterior", "outcome__sigma", first(np.nan))),
    "sigma is twice as large": (PLAIN, put("posterior", "outcome__sigma", lambda x: 2 * x)),
    "rho beyond one": (PLAIN, put("posterior", "outcome__rho", plus(1.5))),
    "sigma is a third": (TRENDS, put("posterior", "outcome__sigma", lambda x: x / 3)),
    "a parameter is gone": (PLAIN, drop("posterior", "outcome__rho")),
    "the scale": (PLAIN, said(facts={"scale": 0.01})),
    # Counts and labels
    "rows negative": (PLAIN, put("effects", "rows", lambda x: -x)),
    "rows zero": (PLAIN, put("effects", "rows", lambda x: 0 * x)),
    "rows by one": (TRENDS, put("effects", "rows", plus(1))),
    "rows huge": (DOSE, put("effects", "rows", lambda x: x + 10**12)),
    "units": (PLAIN, put("effects", "units", lambda x: x * 2)),
    "weights negative": ("partial, cities, weights", put("effects", "weight", lambda x: -x)),
    "weights": ("partial, cities, weights", put("effects", "weight", lambda x: x * 2)),
    "a weight is NaN": (PLAIN, put("effects", "weight", first(np.nan))),
    "outcomes of cells": (PLAIN, put("effects", "observed", plus(1.0))),
    "strata swapped": (PLAIN, put("effects", "region", swapped)),
    "a stratum renamed": (PLAIN, put("effects", "region", text("moon"))),
    "cohorts moved": (PLAIN, put("effects", "cohort", plus(1))),
    "cohorts swapped": (LEADS, put("effects", "cohort", swapped)),
    "times moved": (PLAIN, put("effects", "time", plus(1))),
    "event times": (PLAIN, put("effects", "event_time", plus(1))),
    "cells identified": (PLAIN, put("effects", "identified", lambda x: ~x.astype(bool))),
    "roles": (PLAIN, put("effects", "role", text("neighbour"))),
    "members swapped": (PLAIN, put("effects", "member", swapped)),
    "rows of members": (PLAIN, put("effects", "membership_rows", plus(1))),
    "cells of members": (PLAIN, put("effects", "membership_cell", lambda x: x - x.max())),
    "draws numbered anew": (PLAIN, put("effects", "draw", plus(5))),
    "the outcome": (PLAIN, said(facts={"outcome": "wages"})),
    "the outcome of effects": (PLAIN, attr("effects", "outcome", "wages")),
    "what varies": (PLAIN, attr("effects", "varying", "city")),
    "factors": (PLAIN, attr("effects", "factors", "region")),
    "the unit of a dose": (DOSE, attr("effects", "per", "10 more of d")),
    "a target": (PLAIN, attr("effects", "target", "population")),
    # The design and the sampler
    "another kind of design": (PLAIN, said(design=json.loads(json.dumps(encode(
        DESIGNS[DOSE].design
    ))))),
    "other errors": (PLAIN, design(errors=nqp.IID())),
    "another pooling": (PLAIN, design(effect=nqp.CompletePooling())),
    "other strata": (PLAIN, design(effect=nqp.PartialPooling(["region"]))),
    "nothing varies": (PLAIN, design(effect=nqp.PartialPooling(varying=None))),
    "only the never treated": (PLAIN, design(controls="never")),
    "a trend": (PLAIN, design(trends=nqp.DifferentialTrends())),
    "more draws": (PLAIN, said(sampler={"draws": 4000})),
    "more chains": (PLAIN, said(sampler={"chains": 8})),
    # Channels and links
    "an effect through a mediator": ("channels", put("effects", "effect", first(3.0))),
    "the slope of a mediator": ("channels", put("posterior", "outcome__b", plus(0.5))),
    "effects on a mediator": ("channels", put("posterior", "digital__cell_effect", plus(0.5))),
    "paths swapped": ("channels", put("effects", "path", lambda x: x[::-1])),
    "the names of mediators": ("channels", put("posterior", "mediator", swapped)),
    "a mediator's sigma": ("channels", put("posterior", "digital__sigma", lambda x: 2 * x)),
    "received": ("lag", put("effects", "effect", lambda x: x * 1.5)),
    "no spillovers": ("lag", said(design=json.loads(json.dumps(encode(
        linked_cities.design_of().variant({"spillovers": None})
    ))))),
}  # fmt: skip

ROWS = {
    "its rows alone", "leads shifted", "coefficients", "names of coefficients", "a level",
    "a parameter is gone", "sigma is negative", "sigma is twice as large", "rho beyond one",
    "sigma is a third", "the scale", "rows by one", "units", "weights", "outcomes of cells",
    "strata swapped", "a stratum renamed", "cohorts swapped", "cells identified", "roles",
    "members swapped", "factors", "the unit of a dose", "a target", "other errors", "other strata",
    "another pooling", "a trend", "effects shifted everywhere", "effects wider everywhere",
    "means of cells, of a lag", "a mediator's sigma", "no spillovers", "rows huge",
    "deviations dropped", "received", "times moved", "cohorts moved", "event times",
    "names of mediators",
}  # fmt: skip
"""What only the panel's rows can tell."""


def forged(kind: str, edit: Edit, folder: Path, *, rows: bool = True) -> Path:
    path = folder / "fit.nc"
    path.write_bytes(content(kind, rows))
    return resealed(path, edit)


@pytest.mark.sample(10)
@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_refused(name: str, tmp_path: Path) -> None:
    kind, edit = FORGERIES[name]
    with pytest.raises(StudyError, match=r"damaged|not contain a complete fit") as refused:
        nqp.load(forged(kind, edit, tmp_path))
    assert "Error:" not in str(refused.value).replace("StudyError:", "")


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(FORGERIES) - ROWS))
def test_a_forgery_without_rows_is_refused(name: str, tmp_path: Path) -> None:
    kind, edit = FORGERIES[name]
    path = forged(kind, edit, tmp_path, rows=False)
    with pytest.raises(StudyError, match=r"changed or damaged|not contain a complete fit"):
        nqp.load(path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_an_honest_file_is_read(kind: str, tmp_path: Path) -> None:
    assert_equal(nqp.load(forged(kind, lambda _: None, tmp_path)).groups, fit_of(kind).groups)
    without = nqp.load(forged(kind, lambda _: None, tmp_path, rows=False))
    assert str(without.gate) == str(fit_of(kind).gate)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", sorted(DESIGNS)[::4])
def test_every_design_is_read(name: str, seed: int, tmp_path: Path) -> None:
    case = DESIGNS[name]
    found = nqp.fit(case.design, case.make(seed, missing=0.1), ENOUGH, progress=False)
    assert_equal(nqp.load(found.save(tmp_path / "fit.nc")), found)


@pytest.mark.slow
def test_rows_that_come_later_are_asked_too(tmp_path: Path) -> None:
    path = forged(PLAIN, FORGERIES["rows by one"][1], tmp_path, rows=False)
    resealed(path, put("effects", "membership_rows", plus(1)))
    with pytest.raises(StudyError, match="rows"):
        nqp.load(path, panel=fit_of(PLAIN).panel)
