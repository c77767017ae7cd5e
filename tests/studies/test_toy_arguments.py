"""The annotation of an argument defines its valid values, in studies and in calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import jsonschema
import pytest
from annotated_types import Ge
from doors import HOLDS, Finding, asks

import bayes_nqp as nqp
from bayes_nqp._core import plugins as registry
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import Column, Positive
from bayes_nqp._core.validation import door
from bayes_nqp.checks import CHECKS

SEEN: list[Any] = []
STUDY = """
title = "a toy"
sampler = { type = "Importance", draws = 100, chains = 2, seed = 1 }

[data]
simulation = "staggered"
options = { units = 24, periods = 6, cohorts = [3], seed = 1, strata = { region = ["a", "b"] } }

[figures]
draw = []

[checks]
run = ["toy_by"]

[checks.toy_by]
region = "region"
kernel = { type = "Tent", width = 2.0 }
least = 4
"""


class Kernel:
    """Values of a class that is not part of the library."""


@pytest.fixture(autouse=True)
def toys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("_KINDS", "_FAMILIES"):
        monkeypatch.setattr(registry, name, dict(getattr(registry, name)))
    registry.register("kernel")(Tent)
    SEEN.clear()
    asks("Is the toy told what it asks for?", suits=lambda _: False)(toy_by)
    yield
    del CHECKS["toy_by"]


@door
@dataclass(frozen=True, slots=True)
class Tent(Kernel):
    """Falls to zero on a line.

    Parameters
    ----------
    width : float, default 1
        Where it is zero.
    """

    width: Positive = 1.0


def toy_by(
    fit: nqp.Fit,
    *,
    region: Column | None = None,
    kernel: Kernel | None = None,
    least: Annotated[int, Ge(3)] = 5,
) -> Finding:
    """Return the arguments.

    Parameters
    ----------
    region : str, optional
        A column.
    kernel : Kernel, optional
        A value.
    least : int, default 5
        A number.
    """
    SEEN.append((region, kernel, least))
    return Finding(HOLDS, Message(""), Message("It is."))


def write(folder: Path, old: str = "", new: str = "") -> Path:
    assert old in STUDY
    path = folder / "toy.toml"
    path.write_text(STUDY.replace(old, new), encoding="utf-8")
    return path


@pytest.mark.slow
def test_the_schema_has_it() -> None:
    schema = nqp.studies.json_schema()
    options = schema["definitions"]["Checks"]["properties"]["toy_by"]["properties"]
    assert options["least"] == {"type": "integer", "minimum": 3, "description": "A number."}
    assert {"$ref": "#/definitions/Tent"} in options["kernel"]["anyOf"]
    width = schema["definitions"]["Tent"]["properties"]["width"]
    assert (width["exclusiveMinimum"], width["default"]) == (0, 1.0)
    jsonschema.Draft7Validator.check_schema(schema)


@pytest.mark.slow
def test_a_run_hands_it_on(tmp_path: Path) -> None:
    nqp.studies.run(write(tmp_path), tmp_path / "out", progress=False)
    assert SEEN == [("region", Tent(2.0), 4)]


@pytest.mark.parametrize(
    ("old", "new", "words", "hint"),
    [
        (
            'region = "region"',
            'region = "regoin"',
            "contains 'regoin', which is not a column",
            "'region'",
        ),
        ('region = "region"', "region = 3", "'checks.toy_by.region' is 3", "text in quotes"),
        ("least = 4", "least = 2", "'checks.toy_by.least' is 2", "a whole number from 3 up"),
        ("width = 2.0", "width = -1.0", "'width' is -1.0", "a number above 0"),
        ("width = 2.0", "widht = 2.0", "unknown key 'widht'", "'width'"),
        ('"Tent", width', '"Tant", width', "has the type 'Tant'", "'Tent'"),
        ('{ type = "Tent", width = 2.0 }', '"tent"', "'checks.toy_by.kernel' is 'tent'", "'Tent'"),
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_sampled(
    old: str, new: str, words: str, hint: str, tmp_path: Path
) -> None:
    with pytest.raises(StudyError) as caught:
        nqp.studies.validate(write(tmp_path, old, new))
    assert words in str(caught.value)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"least": 2}, "'least' is 2.\nTry: a whole number from 3 up"),
        ({"kernel": 5}, "'kernel' is 5"),
        ({"region": 5}, "'region' is 5.\nTry: the name of a column or None"),
    ],
)
def test_a_call_is_held_to_it(options: dict[str, Any], words: str) -> None:
    panel = nqp.simulation.staggered(units=24, periods=6, cohorts=(3,), seed=1).panel
    fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    with pytest.raises(StudyError) as caught:
        nqp.check(fit, "toy_by", progress=False, **options)
    assert words in str(caught.value)
    assert SEEN == []
