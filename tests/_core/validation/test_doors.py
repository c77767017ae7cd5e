"""Every public call refuses wrong kinds and unknown keywords, in words, with a way out."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from doors import FOREIGN

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import ArgumentError, NQPError, StudyError
from bayes_nqp._core.validation import ATTRIBUTES
from bayes_nqp.numerics.diagnostics import ConvergenceDiagnostics

ROOMS = ("datasets", "index", "plots", "simulation", "spatial_weights", "studies")
HELD_TO_NOTHING = {"index.Scheme"}
"""A protocol that users' own schemes follow."""

PANEL = nqp.simulation.staggered(units=20, periods=6, cohorts=(3,), seed=1).panel
DESIGN = nqp.StaggeredDiD()
WEIGHTS = nqp.spatial_weights.matrix(pd.DataFrame([[0, 1], [1, 0]]))
DRAWS = nqp.event_study_draws([0.1, 1.0], [[0.04, 0.02], [0.02, 0.04]], [-2, 0], draws=50)


def public() -> Iterator[tuple[str, Any]]:
    """All that users call, by name."""
    seen = set()
    for prefix, room in [("", nqp), *((f"{name}.", getattr(nqp, name)) for name in ROOMS)]:
        for name in sorted(room.__all__):
            item = getattr(room, name)
            if not callable(item) or inspect.ismodule(item) or id(item) in seen:
                continue
            seen.add(id(item))
            if prefix + name not in HELD_TO_NOTHING:
                yield prefix + name, item


def calls() -> Iterator[tuple[str, Any, inspect.Signature]]:
    """Functions, constructors and public methods behind a door."""
    for label, item in public():
        if not inspect.isclass(item):
            yield label, item, inspect.signature(item)
            continue
        for name, method in vars(item).items():
            inner = method.__func__ if isinstance(method, classmethod | staticmethod) else method
            if inspect.isfunction(inner) and (name == "__init__" or not name.startswith("_")):
                yield f"{label}.{name}", inner, _of_cluster(inspect.signature(inner))


def _of_cluster(signature: inspect.Signature) -> inspect.Signature:
    """The signature of a method, whose owner is called self, also in a room above its class."""
    owner, *others = signature.parameters.values()
    bare = owner.replace(name="self", annotation=owner.empty)
    return signature.replace(parameters=[bare, *others])


list(ATTRIBUTES)  # hung on their classes, as for whoever used one
CALLS = [(label, item, signature) for label, item, signature in calls() if signature.parameters]


def test_every_public_call_is_behind_the_door() -> None:
    without = [label for label, item, _ in calls() if not hasattr(item, "__door__")]
    assert without == []


class Stranger:
    """Nothing that any argument takes."""


STRANGERS: dict[str, Any] = {
    "a stranger": Stranger(),
    "bytes": b"x",
    "a class": nqp.AR1,
    "nan": float("nan"),
    "infinity": float("inf"),
    "of more than 64 bits": 10**30,
    "a panel": PANEL,
    "a design": DESIGN,
    "a frame": PANEL.frame,
    "draws": DRAWS,
    "a list of None": [None],
    "a number": 1.5,
    "text": "text",
    "a truth value": True,
    "None": None,
}


@pytest.mark.slow
@pytest.mark.parametrize("stranger", STRANGERS)
def test_no_kind_but_its_own_passes_an_argument(stranger: str) -> None:
    value, refused = STRANGERS[stranger], 0
    for label, item, signature in CALLS:
        if item.__door__ in ("Panel.from_frame", "Panel.from_file"):
            continue
        parameters = list(signature.parameters.values())
        for p in parameters:
            if not isinstance(p.annotation, str) or p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL):
                continue
            if kind_of(item, p).takes(value):
                continue
            with pytest.raises(NQPError) as caught:
                _call(item, parameters, p, value)
            assert f"'{p.name}' is " in str(caught.value), (label, p.name, str(caught.value))
            assert caught.value.hint, (label, p.name)
            refused += 1
    assert refused > (100 if stranger in ("text", "None", "a number", "draws") else 250)


def _call(
    item: Any, parameters: list[inspect.Parameter], wrong: inspect.Parameter, value: object
) -> None:
    """Call with one argument of the wrong kind, and others of the right one."""
    places, names = [], {}
    for p in parameters:
        if p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL) or (
            p is not wrong and p.default is not p.empty
        ):
            continue
        given = value if p is wrong else sample(item, p)
        if p.kind is p.POSITIONAL_ONLY or p.name in ("self", "cls"):
            places.append(given)
        else:
            names[p.name] = given
    item(*places, **names)


SAMPLES = [
    "x", "passed", 1, 1.0, 2, True, None, ["x"], [1.0], [], (1, 2), (1.0, 2.0), {"x": 1.0},
    {"x": "x"}, len, PANEL, DESIGN, WEIGHTS, {WEIGHTS: 1.0}, Path("x"),
    PANEL.frame, DRAWS, DRAWS.to_dataset(name="x"),
    xr.DataTree(), object.__new__(ConvergenceDiagnostics), object.__new__(nqp.index.Index),
    np.random.default_rng(1),
    *(
        object.__new__(item)
        for _, item in public() if inspect.isclass(item)
    ),
]  # fmt: skip


def kind_of(item: Any, parameter: inspect.Parameter) -> Any:
    """What a call takes there."""
    return item.__kinds__()[parameter.name]


def sample(item: Any, parameter: inspect.Parameter) -> object:
    """A value of the right kind."""
    if not isinstance(parameter.annotation, str):
        return None
    kind = kind_of(item, parameter)
    ours = (x for x in kind.classes if x.__module__.startswith("bayes_nqp."))
    made = (object.__new__(x) for x in ours if not inspect.isabstract(x))
    return next((value for value in (*SAMPLES, *made) if kind.takes(value)), None)


def test_names_in_signatures_are_known() -> None:
    """Names that are let through are those of parts that no user makes."""
    through = set()
    for _, item, signature in CALLS:
        for p in signature.parameters.values():
            if isinstance(p.annotation, str) and kind_of(item, p).words == "anything":
                through.add(p.annotation)
    assert through <= {
        "object", "Any", "Roles", "Strings", "Index", "Array", "Array | None", "Grid",
        "ConvergenceDiagnostics",
        "Evidence", "Labels", "Verdict", "Kind", "Scope", "WeightProblem", "Settings", "Prepared",
        "Guess", "Recipe", "Relation", "tuple[Any, ...]", "xr.Dataset | None",
        "EquationSpec", "Facts", "Timing", "Nearness",
    }  # fmt: skip


# Keywords


@pytest.mark.slow
@pytest.mark.parametrize("keyword", sorted(FOREIGN))
def test_keywords_of_other_packages_are_told_ours(keyword: str) -> None:
    calls_ = {
        "fit": lambda: nqp.fit(DESIGN, PANEL, **{keyword: "x"}),
        "Panel.from_frame": lambda: nqp.Panel.from_frame(PANEL.frame, **{keyword: "x"}),
        "StaggeredDiD": lambda: nqp.StaggeredDiD(**{keyword: "x"}),  # type: ignore[arg-type]
        "att": lambda: nqp.att(DRAWS, **{keyword: "x"}),
    }
    for label, call in calls_.items():
        averaged = label == "att" and keyword in ("unit", "cohort")  # by one of these, of ours
        if averaged or keyword in inspect.signature(_of(label)).parameters:
            continue
        with pytest.raises(ArgumentError) as caught:
            call()
        assert f"{label} has no argument {keyword!r}" in str(caught.value)
        ours = [n for n in FOREIGN[keyword].ours if n in inspect.signature(_of(label)).parameters]
        assert caught.value.hint == (f"{ours[0]}=… here" if ours else FOREIGN[keyword].elsewhere)
        assert isinstance(caught.value, TypeError)


def _of(label: str) -> Any:
    item: Any = nqp
    for part in label.split("."):
        item = getattr(item, part)
    return item


def test_every_hint_names_what_exists() -> None:
    every = {name for _, _, signature in CALLS for name in signature.parameters}
    for keyword, foreign in FOREIGN.items():
        assert set(foreign.ours) <= every, keyword
        assert foreign.elsewhere or foreign.ours


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nqp.fit(PANEL, DESIGN), "the design comes first: nqp.fit(design, panel)"),
        (lambda: nqp.identification(PANEL, DESIGN),
        "the design comes first: nqp.identification(design, panel)"),
        (lambda: nqp.fit(DESIGN, PANEL.frame), "nqp.Panel.from_frame(df, unit="),
        (lambda: nqp.fit(DESIGN, "cities.xlsx"), "nqp.Panel.from_file(path"),
        (lambda: nqp.fit(nqp.StaggeredDiD, PANEL), "nqp.StaggeredDiD() with brackets"),
        (lambda: nqp.StaggeredDiD(errors=nqp.AR1), "nqp.AR1() with brackets"),
        (lambda: nqp.StaggeredDiD(effect="partial"),
        "nqp.CompletePooling() or nqp.NoPooling() or nqp.PartialPooling()"),
        (lambda: nqp.fit(DESIGN, nqp.datasets.castle_doctrine), "call the function, castle_doct"),
        (lambda: nqp.fit(DESIGN, nqp.simulation.staggered(seed=1)), "simulated.panel"),
        (lambda: nqp.contrast(object.__new__(nqp.Fit), minus="x"), "nqp.att(fit)"),
        (lambda: nqp.att(DRAWS), "these are draws already"),
        (lambda: nqp.att(PANEL), "nqp.fit(design, panel)"),
        (lambda: nqp.att("fit.nc"), "nqp.load(path)"),
        (lambda: nqp.plots.event_study(DESIGN), "nqp.fit(design, panel)"),
        (lambda: nqp.plots.check(object.__new__(nqp.Fit)), "nqp.check(fit, 'pretrends')"),
        (lambda: nqp.report(DRAWS, "out"), "the fit that these draws are of"),
        (lambda: nqp.Importance(draws="1000"), "1000 without quotes"),
        (lambda: nqp.Importance(draws=1e3), "a whole number"),
        (lambda: nqp.Importance(draws=True), "not a truth value"),
        (lambda: nqp.Importance(seed=-1), "a whole number from 0 up"),
        (lambda: nqp.Priors(level=float("nan")), "nan is no number"),
        (lambda: nqp.Panel(PANEL.frame, unit="unit"), "nqp.Panel.from_frame"),
        (lambda: nqp.Fit(DESIGN, PANEL), "nqp.fit(design, panel)"),
        (lambda: nqp.AR1(0.5), "leave the others out"),
        (lambda: nqp.fit(DESIGN), "panel=…"),
        (lambda: nqp.fit(DESIGN, PANEL, None, 1.0), "name the others, such as scale=…"),
        (lambda: nqp.fit(DESIGN, PANEL, panel=PANEL), "panel=… once"),
        (lambda: nqp.StaggeredDiD(anticipaton=1), "did you mean 'anticipation'?"),
    ],
)  # fmt: skip
def test_hints_are_right(call: Any, words: str) -> None:
    with pytest.raises(StudyError) as caught:
        call()
    assert words in caught.value.hint


# What the door leaves alone


def test_signatures_docstrings_and_names_stay() -> None:
    assert list(inspect.signature(nqp.att).parameters)[:2] == ["fit_or_effects", "by"]
    assert "Average the effect on the treated" in (nqp.att.__doc__ or "")
    assert nqp.att.__name__ == "att"
    assert nqp.att.__module__ == "bayes_nqp.effects.estimands._att"
    assert next(iter(inspect.signature(nqp.StaggeredDiD).parameters)) == "effect"


@pytest.mark.parametrize(
    "call",
    [
        lambda: nqp.Importance(draws=np.int64(100), seed=np.uint32(1)),
        lambda: nqp.Priors(level=np.float32(2.0), drift=1),
        lambda: nqp.StaggeredDiD(covariates=pd.Index(["a", "b"])),  # type: ignore[arg-type]
        lambda: nqp.StaggeredDiD(covariates="a"),  # type: ignore[arg-type]
        lambda: nqp.StaggeredDiD(baseline=["a"]),  # type: ignore[arg-type]
        lambda: nqp.PartialPooling({"region": 1}.keys()),  # type: ignore[arg-type]
        lambda: nqp.PartialPooling(name for name in ["region"]),  # type: ignore[arg-type]
        lambda: nqp.TimeEffects(np.array(["region"])),  # type: ignore[arg-type]
        lambda: nqp.ContinuousExposure("d", per=np.float64(2)),
        lambda: nqp.FixedWeights((("a", 1.0), ("b", 2))),
        lambda: nqp.StaggeredDiD(nqp.NoPooling(), nqp.IID(), nqp.TimeEffects(["region"])),
        lambda: nqp.StaggeredDiD(errors=nqp.AR1PlusNoise(), likelihood=nqp.StudentT(5)),
        lambda: nqp.ContinuousExposure("d", nqp.CompletePooling(), nqp.AR1(), baseline=("x",)),
        lambda: nqp.Mediation(nqp.ContinuousExposure("d"), "x"),  # type: ignore[arg-type]
        lambda: nqp.simulation.staggered(noise="ar1+white", units=20, seed=1),
        lambda: nqp.UniformCorrelation(-0.3, np.float64(0.3)),
        lambda: nqp.simulation.staggered(cohorts=np.array([5, 6]), units=20, seed=1),  # type: ignore[arg-type]
    ],
)
def test_what_means_the_same_is_taken(call: Any) -> None:
    call()


def test_importing_costs_nothing() -> None:
    source = Path(nqp.__file__).parents[1]
    code = (
        "import sys, bayes_nqp, bayes_nqp._core.validation; "
        "print([m for m in ('numpy', 'pandas', 'xarray', 'pydantic') if m in sys.modules])"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={"PYTHONPATH": str(source), "PATH": ""},
    )  # fmt: skip
    assert out.stdout.strip() == "[]"
