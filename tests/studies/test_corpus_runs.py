"""A messy workbook runs after `new` without edits, and recovers the true effect."""

from __future__ import annotations

from pathlib import Path

import messy_books
import pytest

import bayes_nqp as nqp
from bayes_nqp.studies import new

SEEDS = (1, 2, 3)


@pytest.mark.slow
@pytest.mark.parametrize("name", messy_books.BOOKS)
def test_a_book_runs_after_new_alone(tmp_path: Path, name: str) -> None:
    for seed in SEEDS:
        folder = tmp_path / str(seed)
        folder.mkdir()
        path, known = messy_books.write(name, folder, seed)
        made = new(path)
        assert made.study is not None, made.problem
        panel = made.study.panel
        twice = 2 if name == "units_of_two_columns" else 1
        assert (panel.n_rows, panel.n_units) == (twice * len(known), twice * 10)
        treated = int((panel.cohort_codes >= 0).sum())
        assert treated == twice * 4
    fit = nqp.fit(made.study.design, panel, nqp.Importance(draws=200, seed=1), progress=False)
    effect = nqp.att(fit)
    mean, sd = float(effect.mean()), float(effect.std())
    assert abs(mean - messy_books.EFFECT) < 4 * sd
    assert sd < 1.5
