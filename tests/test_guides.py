"""Examples of the documentation run and print what the pages show."""

from __future__ import annotations

import re

import diff_diff
import numpy as np
import pytest
from tools import examples

import bayes_nqp as nqp


@pytest.mark.parametrize("page", examples.PAGES)
def test_output_on_the_page_is_that_of_its_code(page: str) -> None:
    text = examples.path_of(page).read_text("utf-8")
    printed, _ = examples.run(page, text)
    assert printed == text, f"python -m tools.examples --write {page}"


def test_a_block_of_text_is_what_the_code_before_it_prints() -> None:
    page = "```python\nx = 1\nprint(x)\nx + 1\n```\n\n```text\nold\n```\n"
    assert examples.run("page", page)[0] == page.replace("old", "1\n2")


def test_every_guide_has_output_and_a_figure() -> None:
    for page in set(examples.PAGES) - {"README", "index"}:
        text = examples.path_of(page).read_text("utf-8")
        figures = re.findall(r"^```\{image\} (figures/\S+)$", text, flags=re.M)
        assert figures, page
        assert [x for x in figures if not (examples.DOCS / x).is_file()] == []
        assert "```text\n" in text, page


def test_estimates_of_single_cohorts_are_those_of_another_package() -> None:
    """The table of Callaway and Sant'Anna's estimates on the page about groups."""
    text = examples.path_of("groups").read_text("utf-8")
    rows = nqp.datasets.castle_doctrine(as_frame=True)
    rows = rows.assign(g=rows["cohort"].fillna(0).astype(int))
    rows = rows.astype({"l_homicide": float, "year": int, "state": object})
    fitted = diff_diff.CallawaySantAnna(control_group="never_treated").fit(
        rows, outcome="l_homicide", unit="state", time="year", first_treat="g"
    )
    theirs = fitted.aggregate("group")
    labels = map(int, np.ravel(theirs.label))
    for cohort, effect, se in zip(labels, np.ravel(theirs.att), np.ravel(theirs.se), strict=True):
        printed = f"{effect:.3f} ({se:.3f})".replace("-", "−")
        assert re.search(rf"^\| {cohort}\D.* \| {re.escape(printed)} \|$", text, flags=re.M)
