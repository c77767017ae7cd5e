"""Whatever stands in an argument, a call ends in a result or in one of our errors, with a hint."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import ArgumentError, NQPError

W, SIM, INDEX = nqp.spatial_weights, nqp.simulation, nqp.index
SIMULATED = SIM.staggered(
    units=12, periods=5, cohorts=(3,), strata={"region": ["east", "west"]}, seed=1
)
ROWS = SIMULATED.panel.frame.assign(
    x=lambda df: np.sin(np.arange(len(df))), m=lambda df: np.cos(np.arange(len(df)) ** 2.0),
    z=lambda df: df.groupby("unit").ngroup() + 0.5, w=1.0,
    longitude=lambda df: df.groupby("unit").ngroup() * 0.3 + 100.0,
    latitude=lambda df: df.groupby("unit").ngroup() % 4 * 0.2 + 30.0,
)  # fmt: skip
ROLES: dict[str, Any] = {
    "unit": "unit", "time": "time", "outcome": "outcome", "cohort": "cohort", "strata": ["region"],
    "covariates": ["x"], "mediators": ["m"], "moderators": ["z"],
}  # fmt: skip
PANEL = nqp.Panel.from_frame(ROWS, **ROLES)
LINKS = W.nearest(PANEL, k=3)
DESIGN = nqp.StaggeredDiD(nqp.CompletePooling())
SYSTEM = nqp.IndexSystem.of(["x", "m"])
RECIPE = nqp.ProductivityIndex(SYSTEM)
Z = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.7], [0.2, 0.1]])
DRAWS = nqp.event_study_draws([0.1, 1.0], [[0.04, 0.02], [0.02, 0.04]], [-2, 0], draws=50)
NAMED = {"longitude": "longitude", "latitude": "latitude", "city": None, "standardised": "row"}
GENERATOR = np.random.default_rng(1)


class One(IntEnum):
    """A whole number by name."""

    ONE = 1


class Bytes:
    """A path of bytes."""

    def __fspath__(self) -> bytes:
        return b"x"


class Broken:
    """Raises wherever it is looked into."""

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError

    def __len__(self) -> int:
        raise RuntimeError


ENDLESS: list[Any] = []
ENDLESS.append(ENDLESS)

VALUES: dict[str, Callable[[], object]] = {
    name: partial(lambda value: value, value)
    for name, value in {
        "nothing": "", "a half of a character": "\ud800", "lines": "a\nb", "nul": "a\0b",
        "long": "x" * 5_000, "Chinese": "东部", "numpy text": np.str_("region"), "zero": 0,
        "minus one": -1, "huge": 10**18, "of more than 64 bits": 10**30, "largest": 1e308,
        "smallest": 5e-324, "int8": np.int8(3), "uint64": np.uint64(2**64 - 1),
        "float16": np.float16(0.5), "longdouble": np.longdouble(1), "numpy truth": np.bool_(True),
        "decimal": Decimal("0.5"), "decimal nan": Decimal("nan"), "fraction": Fraction(1, 2),
        "complex": 1 + 2j, "NA": pd.NA, "NaT": pd.NaT, "nan": float("nan"),
        "a date": dt.date(2015, 1, 1),
        "with a zone": pd.Timestamp("2015", tz="Asia/Shanghai"), "period": pd.Period("2015"),
        "interval": pd.Interval(0, 1), "enum": One.ONE, "truth": True, "None": None, "list": ["x"],
        "empty": [], "none": [None], "mixed": [1, "x"], "within": [[1]], "endless": ENDLESS,
        "nans": [float("nan")], "largests": [1e308, -1e308], "set": {"region"}, "dict": {"x": 1},
        "numbers": {1: 2}, "proxy": MappingProxyType({"x": float("nan")}), "bytes": b"x",
        "array without dims": np.array(3), "array": np.array(["region"]), "matrix": np.ones((2, 2)),
        "cube": np.ones((2, 2, 2)), "imaginary": np.array([1 + 2j]),
        "times": np.array(["2015"], "M8[Y]"),
        "index": pd.Index(["region"]), "levels": pd.MultiIndex.from_tuples([("a", "b")]),
        "categories": pd.Categorical(["x"]), "nullable": pd.Series([pd.NA], dtype="Int64"),
        "arrow": pd.Series(["x"], dtype="string[pyarrow]"),
        "sparse": pd.arrays.SparseArray([1.0]), "frame": pd.DataFrame({"a": [1]}),
        "no dims": xr.DataArray(1.0), "dataset": xr.Dataset(), "function": len, "class": int,
        "module": np, "path": Path("x"), "path of bytes": Bytes(), "broken": Broken(),
        "many": list(range(3_000)), "generator": GENERATOR,
    }.items()
} | {
    "once": lambda: (x for x in ["region"]), "without end": lambda: itertools.repeat("region"),
}  # fmt: skip

CALLS: dict[str, tuple[Callable[..., object], dict[str, Any]]] = {
    "StaggeredDiD": (nqp.StaggeredDiD, {
        "effect": nqp.CompletePooling(), "errors": nqp.AR1(), "time": None, "covariates": None,
        "baseline": (), "anticipation": 0, "controls": "all", "unidentified": "raise",
        "likelihood": nqp.Gaussian(), "priors": nqp.Priors(), "moderator": None, "trends": None,
        "spillovers": None, "shocks": None, "terms": (),
    }),
    "ContinuousExposure": (nqp.ContinuousExposure, {
        "exposure": "dose", "reference": 0.0, "per": "unit", "by_time": False,
    }),
    "Mediation": (nqp.Mediation, {
        "design": DESIGN, "mediators": ("m",), "interaction": False, "lag": 0, "vary_by": None,
    }),
    "Importance": (nqp.Importance, {"draws": 40, "chains": 2, "proposals": 100, "seed": 1}),
    "NUTS": (nqp.NUTS, {"draws": 40, "tune": 50, "target_accept": 0.9, "cores": 1}),
    "Priors": (nqp.Priors, {"level": 5.0, "rho": (2.0, 2.0)}),
    "PartialPooling": (nqp.PartialPooling, {"strata": ["region"], "varying": "unit"}),
    "TimeEffects": (nqp.TimeEffects, {"by": ["region"], "pooled": False}),
    "StudentT": (nqp.StudentT, {"nu": 4.0}),
    "Rings": (nqp.Rings, {"km": (10.0, 20.0), "onto": ("untreated",), "leads": 0, "city": None}),
    "ShareTreated": (nqp.ShareTreated, {"weights": LINKS, "above": (0.0, 0.5), "leads": 0}),
    "ClusterTimeEffects": (nqp.ClusterTimeEffects, {"by": "region", "scale": 0.5}),
    "SpatialLag": (nqp.SpatialLag, {"weights": LINKS, "durbin": False, "error": False}),
    "NormalCorrelation.draw": (nqp.NormalCorrelation().draw, {"number": 3, "rng": GENERATOR}),
    "from_frame": (nqp.Panel.from_frame, {
        "df": ROWS, **ROLES, "treated": None, "weights": "w", "never": None, "freq": 1,
        "labels": {"en": {"x": "X"}},
    }),
    "from_file": (nqp.Panel.from_file, {
        "path": "no.xlsx", **ROLES, "sheet": None, "encoding": None,
    }),
    "where": (PANEL.where, {"mask": np.ones(PANEL.n_rows, bool)}),
    "complete": (PANEL.complete, {"columns": ["x"]}),
    "with_outcome": (PANEL.with_outcome, {"values": "x"}),
    "with_cohorts": (PANEL.with_cohorts, {"cohorts": PANEL.cohort_codes}),
    "with_labels": (PANEL.with_labels, {"labels": {"en": {"x": "X"}}}),
    "stratify": (PANEL.stratify, {
        "column": "z", "cuts": "median", "thresholds": None, "at": None, "labels": ["a", "b"],
        "name": "new", "missing": "error",
    }),
    "to_text": (PANEL.to_text, {"language": "en"}),
    "identification": (nqp.identification, {"design": DESIGN, "panel": PANEL}),
    "event_study_draws": (nqp.event_study_draws, {
        "mean": [0.1, 1.0], "covariance": [[0.04, 0.02], [0.02, 0.04]], "event_time": [-2, 0],
        "draws": 20, "seed": 1,
    }),
    "summary": (nqp.summary, {"draws": DRAWS, "prob": 0.95, "kind": "eti", "names": None}),
    "rank": (nqp.rank, {"draws": DRAWS, "dim": "event_time", "largest_first": True}),
    "probability": (nqp.probability, {"draws": DRAWS, "above": 0.0}),
    "table": (nqp.table, {"values": PANEL, "kind": None, "language": "en", "prob": 0.95,
                          "digits": 3, "title": "t"}),
    "mediate": (nqp.mediate, {
        "data": ROWS, "outcome": "outcome", "treatment": "x", "mediators": ["m"],
        "covariates": ["z"], "strata": ["region"], "interaction": False, "change": (0.0, 1.0),
        "draws": 8, "chains": 2, "seed": 1,
    }),
    "cohorts_from_dates": (nqp.cohorts_from_dates, {
        "dates": ["2015-03-01"], "rule": "approval_year",
    }),
    "prior_predictive": (nqp.prior_predictive, {
        "design": DESIGN, "panel": PANEL, "draws": 2, "seed": 1,
    }),
    "IndexSystem.of": (nqp.IndexSystem.of, {"positive": ["a"], "negative": ["b"], "name": "i"}),
    "IndexSystem.keep": (SYSTEM.keep, {"keys": ["x"]}),
    "IndexSystem.without": (lambda *, keys: SYSTEM.without(keys), {"keys": "x"}),
    "ProductivityIndex": (nqp.ProductivityIndex, {
        "system": SYSTEM, "weights": INDEX.Entropy(), "hierarchy": "flat", "missing": "error",
    }),
    "build": (RECIPE.build, {"frame": ROWS, "unit": "unit", "time": "time"}),
    "weigh": (INDEX.Entropy().weigh, {"z": Z, "rows": np.ones(4), "keys": ["a", "b"]}),
    "contributions": (INDEX.EntropyTopsis().contributions, {"z": Z, "weights": np.full(2, 0.5)}),
    "relation": (INDEX.relation, {"outcome": Z[:, 0], "index": Z[:, 1]}),
    "staggered": (SIM.staggered, {
        "units": 12, "periods": 5, "cohorts": [3], "never": 0.3, "strata": {"g": ["a", "b"]},
        "effect": "flat", "noise": "ar1", "rho": 0.5, "sigma": 1.0, "missing": 0.0, "seed": 1,
    }),
    "nearest": (W.nearest, {"panel": PANEL, "k": 3, "symmetric": False, **NAMED}),
    "band": (W.band, {"panel": PANEL, "km": 100.0, "islands": "keep", **NAMED}),
    "economic": (W.economic, {"panel": PANEL, "column": "x", "periods": None, "city": None}),
    "matrix": (W.matrix, {"frame": pd.DataFrame(np.eye(2)[::-1], list("ab"), list("ab")),
                          "label": "x", "islands": "keep"}),
    "composite": (W.composite, {"shares": {LINKS: 1.0}}),
    "SpatialWeights": (W.SpatialWeights, {
        "ids": ("a", "b"), "matrix": np.eye(2)[::-1], "kind": "x", "standardised": "row",
        "islands": "keep", "label": "", "places": (),
    }),
    "contiguity": (W.contiguity, {"boundaries": "no.geojson", "id": "id", "rook": False}),
    "load": (nqp.load, {"path": "no.nc", "panel": None}),
    "validate": (nqp.studies.validate, {"path": "no.toml"}),
    "find": (nqp.studies.find, {"study": "castle_doctrine"}),
    "titles": (nqp.studies.titles, {"folder": "."}),
    "language_of": (nqp.studies.language_of, {"path": "no.toml"}),
}  # fmt: skip
"""Calls by name, with arguments that are right, or name files that are not there."""


@pytest.mark.sample(10)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("call", CALLS)
def test_any_value_of_any_argument(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    function, right = CALLS[call]
    errors = {}
    for argument, name in itertools.product(right, VALUES):
        try:
            function(**{**right, argument: VALUES[name]()})
        except NQPError as error:
            errors[argument, name] = error
        except Exception as error:
            raise AssertionError((argument, name)) from error
    for (argument, name), error in errors.items():
        text = str(error)
        assert error.hint, (argument, name, text)
        assert argument in text or not isinstance(error, ArgumentError), (name, text)
        assert len(text) < 3_000, (argument, name)
        text.encode()
    assert len(errors) > len(VALUES) // 3


def test_numbers_of_numpy_are_handed_on_as_pythons() -> None:
    sampler = nqp.Importance(draws=np.int64(100), seed=np.uint32(1))  # type: ignore[arg-type]
    assert type(sampler.draws) is int
    assert type(sampler.seed) is int
    assert type(nqp.SpatialLag(LINKS, durbin=np.bool_(True)).durbin) is bool  # type: ignore[arg-type]
    names = nqp.PartialPooling(pd.Series(["region"])).strata  # type: ignore[arg-type]
    assert names == ("region",)
    assert {type(name) for name in names or ()} == {str}


def test_a_generator_is_gone_through_once() -> None:
    names = lambda: (name for name in ["x"])  # noqa: E731
    assert PANEL.complete(names()).n_rows == PANEL.n_rows
    assert nqp.StaggeredDiD(covariates=names()).covariates == ("x",)  # type: ignore[arg-type]
    assert nqp.Panel.from_frame(ROWS, **{**ROLES, "covariates": names()}).roles.covariates == ("x",)


def test_what_is_lacking_by_its_place_is_asked_for_by_its_place() -> None:
    with pytest.raises(ArgumentError, match=r"contrast lacks 'draws'.\nTry: contrast\(draws\)"):
        nqp.contrast(draws=DRAWS, event_time=0, minus=-2)
