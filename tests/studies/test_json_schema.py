"""The schema for editors agrees with the reader of studies."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from small_study import STUDY

from bayes_nqp._core.plugins import registered
from bayes_nqp.checks import CHECKS
from bayes_nqp.studies import json_schema

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    found = json_schema()
    jsonschema.Draft7Validator.check_schema(found)
    return found


def errors(schema: dict[str, Any], text: str) -> list[str]:
    found = jsonschema.Draft7Validator(schema).iter_errors(tomllib.loads(text))
    return [error.message for error in found]


@pytest.mark.slow
def test_the_file_in_the_docs_is_up_to_date() -> None:
    kept = (ROOT / "docs" / "study.schema.json").read_text(encoding="utf-8")
    # Other tests register error structures of their own in this process.
    command = [sys.executable, "-m", "bayes_nqp", "schema"]
    now = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True)
    assert kept == now.stdout, "bayes-nqp schema > docs/study.schema.json"


@pytest.mark.slow
def test_shipped_studies_follow_it(schema: dict[str, Any]) -> None:
    for path in (ROOT / "models").glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        assert errors(schema, text) == [], path.name
        named = [line for line in text.splitlines() if line.startswith("#:schema ")]
        assert all((path.parent / line.removeprefix("#:schema ")).is_file() for line in named)


GOOD = [
    ("[sampler]", "[priors]\nlevel = 3.0\nrho = [3, 2]\n[sampler]"),
    ("[sampler]", '[channels]\nmediators = "a"\nlag = 1\n[sampler]'),
    ("[checks]", "[checks.placebo_space]\nrepetitions = 50\n[checks]"),
    ("[checks]",
    '[checks.mediation_sensitivity]\nprior = { type = "NormalCorrelation", sd = 0.1 }\n[checks]'),
    ('file = "cities.csv"', 'simulation = "channels"\noptions = { units = 40 }'),
    ("[sampler]", '[index]\npositive = ["a"]\nweights = { type = "Entropy", scope = "yearly" }\n'
     "[sampler]"),
    ("[sampler]", '[data.zones]\nprefecture = "城市"\n[sampler]'),
]  # fmt: skip
BAD = [
    ("outcome =", "outcom ="),
    ("errors =", "errorz ="),
    ('errors = "AR1"', 'errors = "AR2"'),
    ("varying =", "varyng ="),
    ("errors =", 'terms = [{ type = "Nothing" }]\nerrors ='),
    ('type = "Importance"', 'type = "Gibbs"'),
    ("draws = 100", 'draws = "many"'),
    ('"identification"]', '"supporting"]'),
    ("[report]", "[report]\nprob = 2.0"),
    ("[checks]", "[checks.placebo_space]\nrepetition = 50\n[checks]"),
    ("[sampler]", "[priors]\nlevl = 3.0\n[sampler]"),
    ('file = "cities.csv"', 'simulation = "channels"\noptions = { unit = 40 }'),
    ('file = "cities.csv"', 'file = "cities.csv"\nsimulation = "channels"'),
]


@pytest.mark.slow
@pytest.mark.parametrize(("old", "new"), GOOD)
def test_what_is_right_passes(schema: dict[str, Any], old: str, new: str) -> None:
    assert old in STUDY
    assert errors(schema, STUDY) == []
    assert errors(schema, STUDY.replace(old, new, 1)) == []


@pytest.mark.slow
@pytest.mark.parametrize(("old", "new"), BAD)
def test_what_is_wrong_is_marked(schema: dict[str, Any], old: str, new: str) -> None:
    assert old in STUDY
    assert errors(schema, STUDY.replace(old, new, 1))


def test_every_check_and_value_is_described(schema: dict[str, Any]) -> None:
    checks = schema["definitions"]["Checks"]["properties"]
    assert {*CHECKS, "run", "weights"} == set(checks)
    assert all(checks[name]["description"] for name in CHECKS)
    text = json.dumps(schema)
    for name in registered():
        if name not in (
            "Priors",
            "IndexSystem",
            "Dimension",
            "Indicator",
            "ProductivityIndex",
            "SpatialWeights",
            "Spillover",
        ):
            assert f'"{name}"' in text, name


@pytest.mark.slow
def test_every_key_has_help(schema: dict[str, Any]) -> None:
    bare = [
        f"{name}.{key}"
        for name, table in _tables(schema)
        for key, item in table.get("properties", {}).items()
        if key != "type" and "description" not in item
    ]
    assert bare == []


def _tables(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "", schema
    for name in ("Channels", "Data", "IndexKeys", "Report", "Stratify", "Zones"):
        yield name, schema["definitions"][name]
