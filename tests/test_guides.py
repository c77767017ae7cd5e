"""Guides that tell code: every example of theirs runs, and the Chinese ones run the same."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
GUIDES = ("neighbours", "from_stata_spatial")


def code_of(page: str) -> str:
    text = (DOCS / f"{page}.md").read_text("utf-8")
    return "\n".join(re.findall(r"```python\n(.*?)```", text, flags=re.S))


def shape_of(code: str) -> str:
    """The program, whatever its texts and languages are."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = "…"
        if isinstance(node, ast.Call):
            node.keywords = [word for word in node.keywords if word.arg != "language"]
    return ast.dump(tree)


@pytest.mark.parametrize("page", GUIDES)
def test_examples_run_and_say_what_the_guide_says(page: str) -> None:
    names: dict[str, object] = {}
    exec(compile(code_of(page), page, "exec"), names)
    text = (DOCS / f"{page}.md").read_text("utf-8")
    if page == "neighbours":
        for draws in (names["total"], names["own"], names["others"]):
            number = (
                f".{round(float(draws.mean()) * 1e4):04d} (.{round(float(draws.std()) * 1e4):04d})"
            )
            assert number in text
        assert names["ignoring"].verdict == "fails"
        assert names["reach"].verdict == names["without"].verdict == "could not tell"
        assert names["alike"].verdict == "in doubt"
    else:
        table = names["table"].to_markdown()
        for row in ("Treatment", "W × treatment", "ρ", "σ²", "Received of others"):
            assert f"| {row} |" in table
            assert row.lower() in text.lower()


@pytest.mark.parametrize("page", GUIDES)
def test_chinese_guides_have_the_same_code(page: str) -> None:
    assert shape_of(code_of(f"{page}_zh")) == shape_of(code_of(page))
