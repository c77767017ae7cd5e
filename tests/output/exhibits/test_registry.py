"""Every exhibit has an answer: its calls are of the library, and its names have a translation."""

from __future__ import annotations

import importlib.util
import inspect
import re
import sys
from pathlib import Path
from typing import Any

import pytest

import bayes_nqp as nqp
from bayes_nqp._core.i18n import Translator
from bayes_nqp.checks import CHECKS
from bayes_nqp.checks.shared import ROBUSTNESS_ROWS
from bayes_nqp.output.exhibits import EXHIBITS, THEMES, Exhibit, calls_of
from bayes_nqp.output.exhibits._registry import Call
from bayes_nqp.output.tables import KINDS


def public(name: str) -> Any:
    """Return a public function or class by its dotted name; None if there is none."""
    found: Any = nqp
    for part in name.split(".")[1:]:
        found = getattr(found, part, None)
    return found


def unresolved(call: Call) -> set[str]:
    """Name the parts of a call that the library does not have."""
    function = public(call.function)
    if function is None:
        return {call.function}
    known = set(inspect.signature(function).parameters)
    word = next(iter(call.texts), "")
    if call.function == "nqp.table" and word not in {"", *KINDS}:
        return {f'nqp.table(kind="{word}")'}
    if call.function == "nqp.check":
        if word not in CHECKS:
            return {f'nqp.check(name="{word}")'}
        known |= set(CHECKS[word].options)
    return {f"{call.function}({name}=)" for name in call.keywords if name not in known}


def test_every_call_is_of_the_library() -> None:
    missing = {x for each in EXHIBITS.values() for c in calls_of(each.code) for x in unresolved(c)}
    assert missing == set()


def test_calls_are_read_from_code() -> None:
    code = 'x = nqp.fit(nqp.StaggeredDiD(baseline=["a"]), panel)\nnqp.table(x, "steps", by="b")'
    found = {call.function: call for call in calls_of(code)}
    assert set(found) == {"nqp.fit", "nqp.StaggeredDiD", "nqp.table"}
    assert found["nqp.table"] == Call("nqp.table", "x", ("steps",), ("by",))
    assert unresolved(Call("nqp.table", "x", ("stairs",), ())) == {'nqp.table(kind="stairs")'}
    assert unresolved(Call("nqp.fit", "x", (), ("no_design",))) == {"nqp.fit(no_design=)"}


def test_every_exhibit_has_an_answer() -> None:
    assert len(EXHIBITS) >= 52
    for each in EXHIBITS.values():
        compile(each.code, each.name, "exec")
        assert each.theme in THEMES, each.name
        assert bool(list(calls_of(each.code))) != bool(each.because), each.name
        assert not each.check or each.check in CHECKS, each.name
        assert re.search(r"diff_diff|pyfixest", each.code) if each.because else True
    titles = [str(each.title) for each in EXHIBITS.values()]
    assert len(set(titles)) == len(titles)


def test_names_and_reasons_are_in_chinese() -> None:
    chinese = Translator("zh")
    for each in EXHIBITS.values():
        for text in filter(None, (each.title, each.because, THEMES[each.theme])):
            assert re.search("[\u4e00-\u9fff]", chinese.name(text)), text


def test_changes_are_rows_of_the_check() -> None:
    rows = {str(row.title) for row in ROBUSTNESS_ROWS.values()}
    changes = {change for each in EXHIBITS.values() for change in each.change}
    assert changes <= rows
    own = {
        "anticipation",
        "leaving out a cohort",
        "matching",
        "other policies",
        "Conley standard errors",
    }
    assert rows - changes == own  # exhibits with other calls
    assert all(each.check == "referee" for each in EXHIBITS.values() if each.change)


TOY = '''
"""A toy exhibit, in a file."""

from bayes_nqp._core.i18n import Message
from bayes_nqp.output.exhibits import exhibit

exhibit(
    "toy",
    Message("Number of draws"),
    "toys",
    "nqp.summary(nqp.att(fit))",
    place=5,
    number=lambda fit: Message("{} draws", fit.effects.sizes["draw"]),
)
'''


@pytest.fixture
def toy(tmp_path: Path) -> Any:
    """Import one new file that registers an exhibit of another package."""
    path = tmp_path / "toy_exhibits.py"
    path.write_text(TOY, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("toy_exhibits", path)
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    yield EXHIBITS["toy"]
    del EXHIBITS["toy"]
    sys.modules.pop("toy_exhibits", None)


@pytest.mark.slow
def test_a_toy_exhibit_is_one_file(toy: Exhibit) -> None:
    assert toy.home == "toy_exhibits"
    assert unresolved(next(calls_of(toy.code))) == set()
    panel = nqp.simulation.staggered(units=16, periods=6, cohorts=(4,), seed=1).panel
    design = nqp.StaggeredDiD(nqp.CompletePooling())
    fit = nqp.fit(design, panel, nqp.Importance(draws=100, chains=2, seed=1), progress=False)
    row = nqp.referee(fit).to_frame().set_index("label").loc["Number of draws"]
    assert (row["section"], row["Status"]) == ("toys", "done")
    assert row["Result or reason"] == "100 draws"
    from tools import referee_page

    assert "Number of draws" not in referee_page.page("en")
