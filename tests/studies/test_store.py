"""Results of a run are reused in the next one if all inputs are equal, and only then."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest
from small_study import STUDY, city_rows, write_study

from bayes_nqp._core import limits
from bayes_nqp._core.io import Shelf
from bayes_nqp.studies import Outcome, run

pytestmark = pytest.mark.xdist_group("studies")

CHECKED = STUDY.replace(
    'run = ["convergence", "identification"]',
    """run = ["identification", "placebo_space"]

[checks.placebo_space]
repetitions = 20

[figures]
draw = []""",
)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BAYES_NQP_STORE", str(tmp_path / "store"))
    return tmp_path / "store"


def again(folder: Path, text: str = CHECKED, *, fresh: bool = False, rows: bool = True) -> Outcome:
    if rows:
        write_study(folder, text)
    else:
        (folder / "study.toml").write_text(text, encoding="utf-8")
    return run(folder / "study.toml", folder / "out", force=True, fresh=fresh, progress=False)


def test_what_is_the_same_is_taken_over_and_all_else_is_not(store: Path, tmp_path: Path) -> None:
    first = again(tmp_path)
    assert first.reused == ()
    second = again(tmp_path)
    assert [str(x) for x in second.reused] == ["draws", "identification", "placebo in space"]
    assert second.fit.digest == first.fit.digest
    assert [c.digest for c in second.checks] == [c.digest for c in first.checks]
    assert [c.said("zh") for c in second.checks] == [c.said("zh") for c in first.checks]
    assert again(tmp_path, fresh=True).reused == ()

    options = CHECKED.replace("repetitions = 20", "repetitions = 21")
    assert [str(x) for x in again(tmp_path, options).reused] == ["draws", "identification"]
    for other in (
        CHECKED.replace("seed = 7", "seed = 8"),
        CHECKED.replace('errors = "AR1"', 'errors = "IID"'),
        CHECKED.replace("log(nqp)", "2 * log(nqp)"),
    ):
        assert again(tmp_path, other).reused == ()


def test_what_other_code_or_versions_made_is_made_anew(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again(tmp_path)
    with monkeypatch.context() as other:
        other.setattr("bayes_nqp.inference.fitting._store.versions", lambda: {"numpy": "0"})
        assert again(tmp_path).reused == ()
    with monkeypatch.context() as other:
        other.setattr("bayes_nqp.inference.fitting._store._code", lambda: "another line")
        assert again(tmp_path).reused == ()
    assert again(tmp_path).reused != ()


def test_a_full_disk_while_keeping_costs_the_keeping(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(shelf: Shelf, name: str, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Shelf, "__setitem__", full)
    outcome = again(tmp_path)
    assert "No space left" in outcome.fault
    assert (outcome.folder / "summary.csv").is_file()
    assert len(outcome.checks) == 2


def test_a_column_without_a_role_counts(store: Path, tmp_path: Path) -> None:
    """Checks look at columns that have no role, as those above units."""
    again(tmp_path)
    city_rows().assign(province="a").to_csv(tmp_path / "cities.csv", index=False)
    assert again(tmp_path, rows=False).reused == ()


def test_without_a_seed_the_draws_are_those_of_the_first_run(store: Path, tmp_path: Path) -> None:
    text = CHECKED.replace("seed = 7\n", "")
    first, second = again(tmp_path, text), again(tmp_path, text)
    assert first.fit.sampler.seed == second.fit.sampler.seed
    np.testing.assert_array_equal(first.fit.effects["effect"], second.fit.effects["effect"])
    assert again(tmp_path, text, fresh=True).fit.sampler.seed != first.fit.sampler.seed


def test_a_store_that_cannot_be_made_costs_the_keeping_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("BAYES_NQP_STORE", str(tmp_path / "file"))
    outcome = again(tmp_path)
    assert "'store'" in outcome.fault
    assert (outcome.folder / "summary.csv").is_file()


def test_a_shelf_is_bounded(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, 1000)
    for k in range(20):
        shelf[str(k)] = bytes(100)
        assert shelf["0"] == bytes(100), "what is looked up stays"
    assert shelf.size <= 1000
    assert {"0", "19"} <= set(shelf)
    assert "1" not in shelf
    shelf["large"] = bytes(5000)
    assert "large" not in shelf
    assert "19" in shelf
    assert limits.limit("kept") > 1e9
