"""Settings of the whole process stay whole while threads change them."""

from __future__ import annotations

import re
import threading
import warnings
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import bayes_nqp as nqp
from bayes_nqp._core.interrupts import Unbroken
from bayes_nqp._core.process import Setting, quiet, swept, uncollected
from bayes_nqp._core.threads import one_thread

WAIT = 60.0
"""Seconds after which a thread that waits for another gives up, and the test fails."""


def overlapped(first: AbstractContextManager[Any], second: AbstractContextManager[Any]) -> None:
    """Enter a context in one thread, another in a second one, and leave in the same order."""
    inside, entered, left = threading.Event(), threading.Event(), threading.Event()

    def begin() -> None:
        with first:
            inside.set()
            assert entered.wait(WAIT)
        left.set()

    def end() -> None:
        assert inside.wait(WAIT)
        with second:
            entered.set()
            assert left.wait(WAIT)

    with ThreadPoolExecutor(2) as pool:
        for work in [pool.submit(begin), pool.submit(end)]:
            work.result()


def test_the_first_makes_a_setting_and_the_last_undoes_it() -> None:
    made: list[str] = []

    @contextmanager
    def make() -> Iterator[None]:
        made.append("made")
        yield
        made.append("undone")

    setting = Setting(make)
    overlapped(setting, setting)
    with setting:
        assert made == ["made", "undone", "made"]
    assert made == ["made", "undone"] * 2


def test_who_leaves_first_undoes_nothing() -> None:
    now: set[str] = set()

    @contextmanager
    def make() -> Iterator[None]:
        now.add("set")
        yield
        now.clear()

    setting = Setting(make)
    with setting:
        with setting:
            assert now
        assert now
    assert not now


def test_libraries_get_their_threads_back() -> None:
    with one_thread():  # loads what there is
        pass
    with threadpool_limits(2):
        before = [library["num_threads"] for library in threadpool_info()]
        assert 2 in before
        overlapped(one_thread(), one_thread())
        assert [library["num_threads"] for library in threadpool_info()] == before


def test_signals_are_held_back_for_the_main_thread_alone() -> None:
    depths = []

    class Seen(Unbroken):
        def __enter__(self) -> None:
            super().__enter__()
            depths.append(Unbroken.depth)

    overlapped(Seen(), Seen())
    with Seen():
        pass
    assert depths == [0, 0, 1]
    assert Unbroken.depth == 0


def test_warnings_are_heard_again_after_threads_were_quiet() -> None:
    def calm(number: int) -> None:
        barrier.wait(WAIT)
        for _ in range(200):
            with quiet(RuntimeWarning):
                warnings.warn("nobody hears this", RuntimeWarning, stacklevel=1)

    barrier = threading.Barrier(8)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        before = list(warnings.filters)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(calm, range(8)))
        assert list(warnings.filters) == before
        with pytest.raises(RuntimeWarning):
            warnings.warn("this is heard", RuntimeWarning, stacklevel=1)


def test_figures_of_eight_threads_are_alike_and_leave_the_users_look(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    panel = nqp.simulation.staggered(units=12, periods=6, cohorts=(3, 4), seed=1).panel
    draws = nqp.event_study_draws(rng.normal(size=3), np.eye(3) / 100, [-3, -2, 0], draws=50)
    regions = nqp.trend_sensitivity(draws, event_time=0)

    def draw(number: int) -> bytes:
        barrier.wait(WAIT)
        for language in ("en", "zh"):
            nqp.plots.adoption(panel, language=language)
            figure = nqp.plots.trend_sensitivity(regions, language=language)
        path = tmp_path / f"{number}.png"
        figure.savefig(path, dpi=40)
        return path.read_bytes()

    barrier = threading.Barrier(8)
    with mpl.rc_context({"axes.spines.top": True}):
        before = dict(mpl.rcParams)
        with ThreadPoolExecutor(8) as pool:
            pictures = set(pool.map(draw, range(8)))
        assert dict(mpl.rcParams) == before
    assert len(pictures) == 1


def test_what_belongs_to_the_process_is_changed_by_one_thread_at_a_time() -> None:
    """By `quiet` or inside ``alone()``; the command line has its process for itself."""
    source = Path(nqp.__file__).parent
    changes = re.compile(r"catch_warnings\(|rc_context\(|threadpool_limits\(|filterwarnings\(")
    found = [
        f"{path.relative_to(source)}: {line.strip()}"
        for path in source.rglob("*.py")
        if path.name != "process.py" and path.parent.name != "cli"
        for line in path.read_text(encoding="utf-8").splitlines()
        if changes.search(line) and "with alone(), " not in line
    ]
    assert found == []


def test_rings_that_were_dropped_go_while_nobody_looks_for_garbage() -> None:
    ring: list[Any] = []
    part = np.zeros(1)
    ring += [ring, part]
    gone = weakref.ref(part)
    with uncollected():
        del ring, part
        assert gone() is not None
        swept()
        assert gone() is None
