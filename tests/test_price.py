"""Toys go into a copy of the tree, each as one file, and work from a panel to a report."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tools import price

TOYS = price.toys()


@pytest.mark.sample(4)
@pytest.mark.parametrize("name", TOYS)
def test_a_capability_is_one_file(name: str, tmp_path: Path) -> None:
    """The check is the worked example of CONTRIBUTING.md, as it stands there."""
    for folder in ("src", "tools", "docs"):
        ignored = shutil.ignore_patterns("__pycache__", "_build", "figures")
        shutil.copytree(price.ROOT / folder, tmp_path / folder, ignore=ignored)
    shutil.copy(price.ROOT / "Makefile", tmp_path)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    price.place(TOYS[name], tmp_path)
    changed = {str(p.relative_to(tmp_path)) for p, text in before.items() if p.read_bytes() != text}
    assert all(price.GENERATED.search(file) for file in changed), changed


def test_what_is_wrong_with_a_toy_is_seen(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("\nupdate:\n\ttrue\n\n", encoding="utf-8")
    toy = price.Toy("", "toy.py", "raise SystemExit(1)")
    with pytest.raises(price.subprocess.CalledProcessError):
        price.place(toy, tmp_path)
