"""The tools that move and rename change what is meant, and nothing else."""

from __future__ import annotations

import textwrap
import tomllib
from pathlib import Path

import pytest
from tools.rename import TABLE, Layout, Text
from tools.rename_names import Names
from tools.same import compared, mapped

TRACKED = [
    "src/bayes_nqp/__init__.py",
    "src/bayes_nqp/seal.py",
    "src/bayes_nqp/effects.py",
    "src/bayes_nqp/vocabulary.py",
    "src/bayes_nqp/plots/__init__.py",
    "src/bayes_nqp/plots/_fonts.py",
    "src/bayes_nqp/plots/_decay.py",
    "src/bayes_nqp/designs/__init__.py",
    "src/bayes_nqp/designs/noise/__init__.py",
    "src/bayes_nqp/designs/noise/_new.py",
    "tests/plots/test_fonts.py",
    "tests/arguments/test_doors.py",
]


@pytest.fixture(scope="module")
def layout() -> Layout:
    made = Layout(tomllib.loads(TABLE.read_text(encoding="utf-8")), TRACKED)
    vars(made).update(public={"plots", "errors"}, bound=set(), homes={})
    return made


def moved(layout: Layout, text: str, old: str = "src/bayes_nqp/cli/_app.py") -> str:
    return Text(layout, old, layout.moves.get(old, old))(text)


def test_a_file_that_no_table_names_follows_its_folder(layout: Layout) -> None:
    assert layout.files["designs/noise/_new.py"] == "model/errors/_new.py"
    assert layout.files["plots/_decay.py"] == "space/plots/_decay.py"
    assert layout.files["seal.py"] == "_core/checksum.py"
    assert layout.tests["tests/plots/test_fonts.py"] == "tests/output/plots/test_fonts.py"
    assert layout.tests["tests/arguments/test_doors.py"] == "tests/_core/validation/test_doors.py"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("from bayes_nqp.designs.noise import A, B", "from bayes_nqp.model.errors import A, B"),
        ("from bayes_nqp import vocabulary as v", "from bayes_nqp._core import vocabulary as v"),
        ("from bayes_nqp import seal", "from bayes_nqp._core import checksum as seal"),
        ("from bayes_nqp.effects import x", "from bayes_nqp.effects.effects import x"),
        ("from bayes_nqp import Panel", "from bayes_nqp import Panel"),
        ("'bayes_nqp.plots._fonts.find'", "'bayes_nqp.output.plots._fonts.find'"),
        ('PACKAGE / "plots" / "_fonts.py"', 'PACKAGE / "output" / "plots" / "_fonts.py"'),
        ("src/bayes_nqp/plots/*.py", "src/bayes_nqp/output/plots/*.py"),
        ("plots/_x.py", "output/plots/_x.py"),
        ("tests/plots/test_fonts.py::test_x", "tests/output/plots/test_fonts.py::test_x"),
        ("two plots/panels, a designs/x", "two plots/panels, a designs/x"),
    ],
)  # fmt: skip
def test_imports_names_and_paths_are_brought_to_the_new_places(
    layout: Layout, old: str, new: str
) -> None:
    assert moved(layout, old) == new


def test_pages_keep_public_modules_and_groups(layout: Layout) -> None:
    text = '`bayes_nqp.plots.forest`, [project.entry-points."bayes_nqp.plots"], bayes_nqp.seal'
    new = text.replace("bayes_nqp.seal", "bayes_nqp._core.checksum")
    assert moved(layout, text, "docs/x.md") == new


def test_ways_up_from_a_file_lead_where_they_led(layout: Layout) -> None:
    text = "a = Path(__file__).parents[1]\nb = Path(__file__).parent / 'fonts'\n"
    said = moved(layout, text, "src/bayes_nqp/plots/_fonts.py")
    assert said == text.replace("parents[1]", "parents[2]")


DOOR = "from bayes_nqp.model._dip import Dip, best\n\n__all__ = ['Dip', 'best']\n"
DEFINED = "class Dip:\n    best = 1\n\n\ndef best(x):\n    return x\n"


@pytest.fixture
def names(tmp_path: Path) -> Names:
    files = {
        "__init__.py": "",
        "__init__.pyi": "from .model import Dip as Dip\nfrom .model import best as best\n",
        "model/__init__.py": DOOR,
        "model/_dip.py": DEFINED,
    }  # fmt: skip
    for name, text in files.items():
        path = tmp_path / "bayes_nqp" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    rows: list[dict[str, object]] = [
        {"old": "Dip", "new": "AshenfelterDip", "module": "model._dip", "kind": "value"},
        {"old": "best", "new": "prob_best", "module": "model._dip"},
        {"old": "in doubt", "new": "caution", "literal": True, "kind": "verdict"},
    ]
    return Names(rows, tmp_path / "bayes_nqp")


def test_a_name_is_renamed_where_it_is_bound_to_its_definition(names: Names) -> None:
    text = textwrap.dedent("""\
        import bayes_nqp as nqp
        from bayes_nqp.model import best

        def one(panel):
            return best(panel) + nqp.best(panel) + panel.best

        def two(items):
            best = max(items)
            return [best for _ in items]

        class Three:
            def best(self):
                return best(self)
        """)
    said = names.python(text, "tests.test_x")
    for place in ("import ", "return ", "nqp."):
        text = text.replace(f"{place}best", f"{place}prob_best")
    assert said == text


def test_definitions_and_exports_are_renamed(names: Names) -> None:
    own = names.python(DEFINED, "bayes_nqp.model._dip")
    assert own == "class AshenfelterDip:\n    best = 1\n\n\ndef prob_best(x):\n    return x\n"
    said = names.python(DOOR, "bayes_nqp.model")
    assert said == DOOR.replace("best", "prob_best").replace("Dip", "AshenfelterDip")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Of a Dip the best is `nqp.best(fit)`.", "Of a Dip the best is `nqp.prob_best(fit)`."),
        ('{ type = "Dip" }, Dip(2)', '{ type = "AshenfelterDip" }, AshenfelterDip(2)'),
        ('verdict == "in doubt", not in doubt', 'verdict == "caution", not in doubt'),
    ],
)  # fmt: skip
def test_texts_are_renamed_where_they_mean_a_name(names: Names, old: str, new: str) -> None:
    assert names.text(old, "docs/x.md") == new


def test_functions_are_compared_without_names_texts_and_places() -> None:
    one = 'def f(x):\n    """Old."""\n    return best(x, "one")\n\ndef g():\n    return 1\n'
    two = 'def f(x):\n    return prob_best(x, "two")\n\ndef g():\n    return 2\n'
    old, new = "src/bayes_nqp/a.py", "src/bayes_nqp/_core/a.py"
    found = compared({old: one}, {new: two}, {old: new}, {"best": "prob_best"})
    assert found == (1, [f"{new}: g"], [], [])


def test_names_that_the_table_takes_for_the_same_are_one() -> None:
    internal = {"owner": ["cluster", "unit_effect"], "member": "unit_effect", "plan": "model_frame"}
    names = mapped({"name": [{"old": "best", "new": "prob_best"}], "internal": internal})
    every = [names.get(x, x) for x in ("owner", "cluster", "unit_effect", "member")]
    assert len(set(every)) == 1
    assert names["plan"] == "model_frame"
    assert names["best"] == "prob_best"
