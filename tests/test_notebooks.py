"""Every notebook runs from top to bottom in a fresh kernel, in silence, and shows no path."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import pytest

from bayes_nqp.checks import CHECKS

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SHORTER = {
    "02_pilot_zones": {'    "control_group",\n    "error_model",\n': ""},
    "03_comparing_groups": {"for seed in (4, 5):": "for seed in (4,):"},
    "04_channels": {'    "mediator_pretrends",\n    "timing",\n': ""},
    "07_calibrating": {"replications=30": "replications=5"},
}
"""What repeats itself is run fewer times here; kept outputs are of all."""
PATHS = re.compile(r"(?<![\w.<:/])/(?:home|tmp|work|usr|var|root|Users|private|mnt|opt)/|[A-Z]:\\")


def _tools() -> ModuleType:
    spec = importlib.util.spec_from_file_location("notebooks", ROOT / "tools" / "notebooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tools() -> ModuleType:
    return _tools()


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs_in_silence(path: Path, tools: ModuleType) -> None:
    made = tools.execute(path, shorter=SHORTER.get(path.stem))
    assert tools.stderr(made) == []
    assert [text for text in tools.texts(made) if PATHS.search(text)] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_is_kept_with_its_outputs(path: Path, tools: ModuleType) -> None:
    kept = nbformat.read(path, as_version=4)
    cells = [cell for cell in kept.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert any("image/png" in output.get("data", {}) for cell in cells for output in cell.outputs)
    assert not [output for cell in cells for output in cell.outputs if "ename" in output]
    assert tools.stderr(kept) == []
    assert [text for text in tools.texts(kept) if PATHS.search(text)] == []
    assert not [text for text in tools.texts(kept) if re.search(r"(?:src|href)=.https?:", text)]
    assert path.stat().st_size < tools.LIMIT


SAID = re.compile(r"`(\w+)` (?:is |asks for )?(failed|passed|caution|inconclusive)")
"""What prose says of a check, as verdicts call it."""


def _verdicts(kept: Any) -> dict[str, str]:
    """Verdicts by check, of the tables and results that a notebook shows."""
    names = {check.question: name for name, check in CHECKS.items()}
    found: dict[str, str] = {}
    for cell in kept.cells:
        for output in cell.get("outputs", []):
            text = str(output.get("data", {}).get("text/plain", ""))
            found |= dict(re.findall(r"<CheckResult (\w+): ([\w ]+)>", text))
            rows = re.findall(r"^\| ([^|]+\?) \| ([\w ]+) \|", text, flags=re.M)
            found |= {names[q]: verdict for q, verdict in rows if q in names}
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_prose_says_the_verdicts_that_outputs_show(path: Path) -> None:
    kept = nbformat.read(path, as_version=4)
    shown = _verdicts(kept)
    prose = "\n".join(cell.source for cell in kept.cells if cell.cell_type == "markdown")
    for name, said in SAID.findall(prose):
        assert shown.get(name) == said, name


def test_verdicts_are_read_and_wrong_prose_is_told() -> None:
    path = next(x for x in NOTEBOOKS if x.stem.startswith("01"))
    shown = _verdicts(nbformat.read(path, as_version=4))
    assert shown["pretrends"] == "inconclusive"
    assert shown["model_fit"] == "passed"
    assert SAID.findall("so `model_fit` failed, and `pretrends` asks for caution") == [
        ("model_fit", "failed"),
        ("pretrends", "caution"),
    ]


def test_paths_are_recognised() -> None:
    assert PATHS.search("saved to /tmp/abc/fit.nc")
    assert PATHS.search(r"saved to C:\Users\me")
    assert not PATHS.search("<td>a/b</td></tr> n/tmp/x results/home/x")


def test_all_are_in_the_documentation() -> None:
    home = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    assert [path.stem for path in NOTEBOOKS] == re.findall(r"^notebooks/(\S+)$", home, flags=re.M)
    assert len(NOTEBOOKS) == 8
