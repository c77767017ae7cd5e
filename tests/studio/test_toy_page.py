"""A page of the studio is one file: a test registers one in addition to the others."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import bayes_nqp

pytest.importorskip("shiny", reason="without the extra 'studio'")
PACKAGE = Path(bayes_nqp.__file__).parent
TOY = '''
"""How many rows there are."""

from typing import Any

from shiny import ui

from bayes_nqp._core.i18n import Message
from bayes_nqp.studio._registry import Body, page
from bayes_nqp.studio._view import View


@page(Message("Rows, counted"), place=15)
def rows(view: View) -> Body:
    """Say how many rows the panel has."""

    def body() -> Any:
        study = view.heard().study
        return ui.p("none" if study is None else f"{study.panel.n_rows} rows", id="toy")

    return body
'''


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The package with one more file."""
    source = tmp_path / "src"
    shutil.copytree(PACKAGE, source / "bayes_nqp", ignore=shutil.ignore_patterns("__pycache__"))
    (source / "bayes_nqp" / "studio" / "pages" / "_rows.py").write_text(TOY, encoding="utf-8")
    return source


@pytest.mark.slow
def test_a_page_is_one_file(tree: Path, chromium: Any, tmp_path: Path) -> None:
    panel = bayes_nqp.data.simulation.staggered(units=24, periods=8, cohorts=(4, 6), seed=3).panel
    panel.frame.to_csv(tmp_path / "rows.csv", index=False)
    environment = {**os.environ, "PYTHONPATH": str(tree), "TMPDIR": str(tmp_path)}
    served = subprocess.Popen(
        [sys.executable, "-m", "bayes_nqp", "studio", "--no-browse", "rows.csv"],
        stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=environment,
    )  # fmt: skip
    with served:
        try:
            tab = chromium.new_page()
            tab.goto(served.stdout.readline().strip())
            tab.locator(".nav-link").first.wait_for()
            names = tab.locator(".nav-link").all_inner_texts()
            tab.get_by_role("tab", name="Rows, counted").click()
            tab.locator("#toy").get_by_text("192 rows").wait_for()
            tab.close()
        finally:
            served.terminate()
    assert names[:3] == ["Data", "Rows, counted", "Columns"]
