"""Types of arguments come from objects that are imported: no source file is read for them."""

from __future__ import annotations

import importlib
import py_compile
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import ArgumentError
from bayes_nqp._core.types import annotations_of

FACE = """
from policy_toy._rules import Rule
from policy_toy._calls import count, weigh

__all__ = ["Rule", "count", "weigh"]
"""
RULES = """
from __future__ import annotations

from dataclasses import dataclass

from bayes_nqp._core.types import Positive
from bayes_nqp._core.validation import door


@door
@dataclass(frozen=True)
class Rule:
    width: Positive = 1.0
"""
CALLS = """
from __future__ import annotations

from typing import TYPE_CHECKING

from bayes_nqp._core.types import Natural
from bayes_nqp._core.validation import door

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from bayes_nqp import Panel
    from elsewhere import Hidden
    from policy_toy import Rule


@door
def count(panel: Panel, rule: Rule | None = None, *, least: Natural = 1) -> Panel:
    return panel


@door
def weigh(values: npt.ArrayLike, names: pd.Series[str] | None = None, hidden: Hidden = 1) -> float:
    return 1.0
"""


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A package of compiled files only, as some installations ship it."""
    folder = tmp_path / "policy_toy"
    folder.mkdir()
    for name, text in (("__init__", FACE), ("_rules", RULES), ("_calls", CALLS)):
        source = folder / f"{name}.py"
        source.write_text(text, encoding="utf-8")
        py_compile.compile(str(source), cfile=str(folder / f"{name}.pyc"), doraise=True)
        source.unlink()
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("policy_toy")
    for name in [name for name in sys.modules if name.partition(".")[0] == "policy_toy"]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def panel() -> nqp.Panel:
    return nqp.simulation.staggered(units=8, periods=4, cohorts=(2,), seed=1).panel


def test_types_without_source_files_are_those_that_are_stated(toy: Any) -> None:
    taken = annotations_of(toy.count)
    assert taken["panel"] is nqp.Panel
    assert taken["rule"] == toy.Rule | None
    assert annotations_of(toy.weigh)["hidden"] is Any


def test_calls_without_source_files_are_checked(toy: Any, panel: nqp.Panel) -> None:
    assert toy.count(panel, toy.Rule(2.0), least=0) is panel
    assert toy.weigh(np.ones(3), None, "x") == 1.0
    for wrong, words in (
        (lambda: toy.count(3), "'panel' is 3"),
        (lambda: toy.count(panel, "x"), "'rule' is 'x'"),
        (lambda: toy.count(panel, least=-1), "'least' is -1"),
        (lambda: toy.Rule(0.0), "'width' is 0.0"),
        (lambda: toy.weigh("x"), "'values' is 'x'"),
        (lambda: toy.weigh([1.0], 3), "'names' is 3"),
    ):
        with pytest.raises(ArgumentError) as caught:
            wrong()
        assert words in str(caught.value)


def test_no_file_is_read_for_types(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_text", None)
    assert annotations_of(nqp.att)
    assert annotations_of(nqp.index.Index)["recipe"] is not Any
