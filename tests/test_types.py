"""Programs as the docs write them pass ``mypy --strict``: README, pages, docstrings.

``data/user_program.txt`` has calls as users write them besides, with lists for several.
"""

from __future__ import annotations

import ast
import doctest
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CONTEXT = {
    "nqp": "import bayes_nqp as nqp",
    "np": "import numpy as np",
    "pd": "import pandas as pd",
    "df": "df: pd.DataFrame",
    "panel": "panel: nqp.Panel",
    "design": "design: nqp.StaggeredDiD",
    "fit": "fit: nqp.Fit",
    "other": "other: nqp.Fit",
    "base": "base: nqp.Fit",
    "first": "first: nqp.Fit",
    "second": "second: nqp.Fit",
    "frame": "frame: pd.DataFrame",
    "adjacent": "adjacent: nqp.spatial_weights.SpatialWeights",
    "near": "near: nqp.spatial_weights.SpatialWeights",
    "of_cities": "of_cities: nqp.spatial_weights.SpatialWeights",
    "regression": "regression: object",
}
"""What pages speak of without making it: a page of reference begins with a fit at hand."""

EXCERPT = "<!-- excerpt -->"
"""Above code that is a part of a file, and no program."""


def pages() -> Iterator[tuple[str, list[str]]]:
    """Give the code of every page, on the lines where it stands there."""
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        lines, code, indent = path.read_text(encoding="utf-8").splitlines(), [], None
        for before, line in pairwise(["", *lines]):
            fence = re.match(r"( *)```(\w*)", line)
            if fence:
                whole = fence[2] == "python" and before != EXCERPT
                indent = fence[1] if whole and indent is None else None
            code.append("" if fence or indent is None else line.removeprefix(indent))
        if any(code):
            yield path.stem.lower(), code


def docstrings() -> Iterator[tuple[str, list[str]]]:
    """Give the examples of every docstring, on the lines where they stand."""
    parser = doctest.DocTestParser()
    for path in sorted((ROOT / "src").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if ">>> " in text else ():
            if not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
                continue
            if not (node.body and isinstance(node.body[0], ast.Expr) and ast.get_docstring(node)):
                continue
            found: list[str] = []
            for example in parser.get_examples(ast.get_docstring(node, clean=False) or ""):
                found += [""] * (node.body[0].lineno - 1 + example.lineno - len(found))
                found += example.source.splitlines()
            if found:
                module = "_".join(path.relative_to(ROOT / "src").with_suffix("").parts)
                yield f"{module}_{getattr(node, 'name', '')}", found


def completed(code: list[str]) -> str:
    """State on the first line what a page takes for granted."""
    tree = ast.walk(ast.parse(textwrap.dedent("\n".join(code))))
    names: dict[str, set[str]] = {"Load": set(), "Store": set()}
    for node in tree:
        if isinstance(node, ast.Name):
            names.setdefault(type(node.ctx).__name__, set()).add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names["Store"] |= {(a.asname or a.name).partition(".")[0] for a in node.names}
    missing = names["Load"] - names["Store"]
    if missing & set(CONTEXT):
        missing |= {"nqp", "pd"} - names["Store"]
    granted = "; ".join(line for name, line in CONTEXT.items() if name in missing)
    return "\n".join([f"{granted}; {code[0]}".strip("; "), *code[1:]])


PINS = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.slow
def test_programs_of_the_docs_are_typed(tmp_path: Path) -> None:
    for name in ("mypy", "pandas-stubs", "xarray"):
        if f"{name}=={version(name)}" not in PINS:
            pytest.skip(f"types of {name} are those of constraints.txt")
    written = 0
    for source in (pages, docstrings):
        for name, code in source():
            (tmp_path / f"{re.sub(r'\W', '_', name)}.py").write_text(completed(code), "utf-8")
            written += 1
    program = (ROOT / "tests" / "data" / "user_program.txt").read_text(encoding="utf-8")
    (tmp_path / "user_program.py").write_text(program, encoding="utf-8")
    assert written > 100
    mypy = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml", tmp_path],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert mypy.returncode == 0, mypy.stdout.replace(f"{tmp_path}/", "")
