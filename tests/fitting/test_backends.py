"""Batches on backends of joblib that give back nothing before all is done, as Ray's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import joblib.parallel
import numpy as np
import pytest
from joblib import Parallel, parallel_config, register_parallel_backend
from joblib._parallel_backends import ThreadingBackend

from bayes_nqp import progress
from bayes_nqp.fitting import Kept, batch

TASKS = {f"task {k}": (k,) for k in range(20)}


class Whole(ThreadingBackend):
    """Gives back lists only, and counts what it is handed at a time."""

    supports_return_generator = False
    begun = 0

    def submit(self, func, callback=None):
        type(self).begun += len(func)
        return super().submit(func, callback)


@pytest.fixture
def whole() -> Iterator[str]:
    Whole.begun = 0
    register_parallel_backend("whole", Whole)
    yield "whole"
    del joblib.parallel.BACKENDS["whole"]


def twice(number: int) -> dict[str, np.ndarray]:
    return {"twice": np.array([2.0 * number])}


def fails_late(number: int) -> dict[str, np.ndarray]:
    if number == 15:
        raise KeyboardInterrupt
    return twice(number)


def test_the_backend_is_one_that_refuses_generators(whole: str) -> None:
    with (
        parallel_config(backend=whole, n_jobs=2),
        pytest.raises(ValueError, match="does not support return_as"),
    ):
        Parallel(return_as="generator_unordered")


def test_results_are_those_of_threads(whole: str) -> None:
    heard: list[tuple[str, int, int]] = []
    with (
        parallel_config(backend=whole, n_jobs=2),
        progress.listening(lambda *said: heard.append(said)),
    ):
        found = batch(twice, TASKS, work="counting")
    assert list(found) == list(TASKS)
    for there, here in zip(found.values(), batch(twice, TASKS).values(), strict=True):
        np.testing.assert_array_equal(there["twice"], here["twice"])
    assert Whole.begun == len(TASKS)
    assert heard == [("counting", k, 20) for k in range(21)]


def test_what_was_known_before_an_interruption_is_kept(whole: str, tmp_path: Path) -> None:
    with parallel_config(backend=whole, n_jobs=2), pytest.raises(KeyboardInterrupt):
        batch(fails_late, TASKS, store=Kept(tmp_path))
    assert sorted(Kept(tmp_path)) == sorted(list(TASKS)[:8])
    with parallel_config(backend=whole, n_jobs=2):
        batch(twice, TASKS, store=Kept(tmp_path))
    assert len(Kept(tmp_path)) == 20
