"""Batches on executors: the bits of threads, whatever becomes of a worker or of the program."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_tasks import N, calls, slow, solved, tasks

import bayes_nqp as nqp
from bayes_nqp._core import progress
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.threads import within
from bayes_nqp.inference.fitting import Kept, batch

HERE = Path(__file__).resolve().parents[2]
Found = dict[str, dict[str, np.ndarray]]


@contextmanager
def processes() -> Iterator[None]:
    with nqp.workers(2):
        yield


@contextmanager
def spawned() -> Iterator[None]:
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool, nqp.workers(pool):
        yield


@contextmanager
def on_dask() -> Iterator[None]:
    distributed = pytest.importorskip("distributed", reason="Dask is the extra 'cluster'")
    with ExitStack() as stack:
        cluster = distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1",
            silence_logs=50,
        )  # fmt: skip
        client = stack.enter_context(distributed.Client(stack.enter_context(cluster)))
        stack.enter_context(nqp.workers(client))
        yield


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Found:
    folder = tmp_path_factory.mktemp("alone")
    with within(1):
        return batch(solved, tasks(folder, mortal=False))


def assert_same(found: Found, expected: Found) -> None:
    assert list(found) == list(expected)
    for key, value in expected.items():
        np.testing.assert_array_equal(found[key]["x"], value["x"])


@pytest.mark.slow
def test_threads_give_the_same_bits(tmp_path: Path, alone: Found) -> None:
    with within(4):
        assert_same(batch(solved, tasks(tmp_path, mortal=False)), alone)


@pytest.mark.slow
@pytest.mark.parametrize("where", [processes, spawned, on_dask])
@pytest.mark.filterwarnings("ignore:workers take no more tasks", "ignore::DeprecationWarning")
def test_a_worker_that_is_killed_costs_its_tasks_once_more(
    tmp_path: Path, alone: Found, where: Any
) -> None:
    heard: list[int] = []
    kept = Kept(tmp_path / "kept")
    with where(), progress.listening(lambda what, done, total: heard.append(done)):
        assert_same(batch(solved, tasks(tmp_path, mortal=True), store=kept), alone)
    assert (tmp_path / "died").exists()
    assert heard == list(range(N + 1))
    assert len(kept) == N
    assert N < len(calls(tmp_path)) < N + 40


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:workers take no more tasks")
def test_a_second_death_ends_with_what_is_kept(tmp_path: Path, alone: Found) -> None:
    (tmp_path / "again").touch()
    kept = Kept(tmp_path / "kept")
    with nqp.workers(1), pytest.raises(StudyError, match=r"refits are missing") as caught:
        batch(solved, tasks(tmp_path, mortal=True), store=kept)
    assert str(caught.value).startswith(f"{N - len(kept)} of {N} refits are missing")
    assert "nothing is lost: run it again" in caught.value.hint
    begun = len(calls(tmp_path))
    with within(1):
        assert_same(batch(solved, tasks(tmp_path, mortal=False), store=kept), alone)
    assert len(calls(tmp_path)) == begun + int(str(caught.value).split()[0])


@pytest.mark.filterwarnings("ignore:workers take no more tasks")
def test_without_a_store_it_says_how_to_have_one(tmp_path: Path) -> None:
    (tmp_path / "again").touch()
    few = {key: task for key, task in tasks(tmp_path, mortal=True).items() if key == "task 50"}
    with nqp.workers(1), pytest.raises(StudyError, match="1 of 1 refits") as caught:
        batch(solved, few)
    assert "store=" in caught.value.hint


class Counted:
    """An executor that notes what is sent by it."""

    def __init__(self, pool: Any) -> None:
        self.pool = pool
        self.sent: list[tuple[int, int]] = []

    def submit(self, function: Any, number: int, parts: Any, contents: Any) -> Any:
        self.sent.append((sum(map(len, parts)), sum(map(len, contents.values()))))
        return self.pool.submit(function, number, parts, contents)


@pytest.mark.slow
def test_what_tasks_share_goes_to_each_worker_once(tmp_path: Path, alone: Found) -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, context) as pool:
        counted = Counted(pool)
        with nqp.workers(counted):
            assert_same(batch(solved, tasks(tmp_path, mortal=False)), alone)
            assert_same(batch(solved, tasks(tmp_path, mortal=False)), alone)
    carried = [contents for _, contents in counted.sent if contents]
    assert 1 <= len(carried) <= 2
    assert min(carried) > 40 * 40 * 8
    assert max(parts for parts, _ in counted.sent) < 1_000


@pytest.mark.slow
def test_a_check_says_the_same_and_its_panel_leaves_columns_behind() -> None:
    panel = nqp.datasets.castle_doctrine()
    design = nqp.StaggeredDiD(nqp.PartialPooling(varying="unit"))

    def asked() -> nqp.CheckResult:
        fit = nqp.fit(design, panel, nqp.Importance(draws=250, chains=2, seed=4), progress=False)
        return nqp.check(fit, "placebo_space", repetitions=130, progress=False)

    with ThreadPoolExecutor(2) as pool:
        counted = Counted(pool)
        with nqp.workers(counted):
            there = asked()
    assert there.digest == asked().digest
    assert 10_000 < max(contents for _, contents in counted.sent) < 50_000
    assert max(parts for parts, _ in counted.sent) < 63 * 500  # codes of the units of each deal


def column_sum(panel: nqp.Panel, name: str) -> dict[str, np.ndarray]:
    return {"x": np.array([float(panel.frame[name].sum()), len(panel.frame.columns)])}


def test_a_column_that_a_task_names_goes_along() -> None:
    frame = pd.DataFrame({"u": ["a", "a", "b", "b"], "t": [1, 2, 1, 2], "y": [1.0, 2, 3, 4]})
    frame = frame.assign(城市=[1, 2, 3, 4], other="x")
    panel = nqp.Panel.from_frame(frame, unit="u", time="t", outcome="y")
    with ThreadPoolExecutor(1) as pool, nqp.workers(pool):
        found = batch(column_sum, {"a": (panel, "城市"), "b": (panel, "y")})
    assert [value["x"].tolist() for value in found.values()] == [[10.0, 4.0], [10.0, 4.0]]


def test_what_cannot_travel_is_named() -> None:
    with (
        ThreadPoolExecutor(1) as pool,
        nqp.workers(pool),
        pytest.raises(StudyError, match=r"a generator cannot be sent to 'workers'"),
    ):
        batch(column_sum, {"a": ((x for x in ()), "y")})


def test_an_error_of_a_task_is_raised_here() -> None:
    with ThreadPoolExecutor(1) as pool, nqp.workers(pool), pytest.raises(AttributeError) as caught:
        batch(column_sum, {"a": (None, "y")})
    assert "column_sum" in caught.value.__notes__[0]


@pytest.mark.slow
def test_an_executor_that_is_closed_is_replaced_with_a_word(tmp_path: Path, alone: Found) -> None:
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    few = dict(list(tasks(tmp_path, mortal=False).items())[:5])
    with nqp.workers(pool), pytest.warns(UserWarning, match="workers take no more tasks"):
        found = batch(solved, few)
    assert_same(found, {key: alone[key] for key in few})


@pytest.mark.parametrize("wrong", [0, True, "8", None])
def test_what_is_no_executor_is_refused(wrong: Any) -> None:
    with pytest.raises(StudyError, match="executor"), nqp.workers(wrong):
        pass


KILLED = """
import os, signal, sys
from pathlib import Path
from small_tasks import solved, tasks
import bayes_nqp as nqp
from bayes_nqp._core import progress
from bayes_nqp.inference.fitting import Kept, batch

def stop(what, done, total):
    if done == 50 and sys.argv[2] == "stop":
        os.kill(os.getpid(), signal.SIGKILL)

folder = Path(sys.argv[1])
with nqp.workers(2), progress.listening(stop):
    batch(solved, tasks(folder, mortal=False), store=Kept(folder / "kept"))
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX")
def test_after_a_kill_the_same_command_computes_what_is_missing(
    tmp_path: Path, alone: Found
) -> None:
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE), *sys.path])}
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    first = subprocess.run([*command, "stop"], env=env, stderr=subprocess.DEVNULL, check=False)
    assert first.returncode == -signal.SIGKILL
    workers = {int(line.split()[1]) for line in (tmp_path / "calls").read_text().splitlines()}
    for _ in range(100):
        if not any(map(running, workers)):
            break
        time.sleep(0.1)
    assert not any(map(running, workers)), "workers of a program that was killed go on"
    kept, begun = set(Kept(tmp_path / "kept")), len(calls(tmp_path))
    assert len(kept) == 50
    subprocess.run([*command, "go"], env=env, check=True)
    assert {f"task {k}" for k in calls(tmp_path)[begun:]} == alone.keys() - kept
    assert len(calls(tmp_path)) == begun + N - 50
    assert_same({key: Kept(tmp_path / "kept")[key] for key in alone}, alone)


def running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.slow
@pytest.mark.parametrize("where", [processes, None])
def test_an_interruption_ends_promptly_with_what_was_done(tmp_path: Path, where: Any) -> None:
    def stop(what: str, done: int, total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    kept = Kept(tmp_path)
    with ExitStack() as stack:
        stack.enter_context(where() if where else within(2))
        stack.enter_context(progress.listening(stop))
        with pytest.raises(KeyboardInterrupt):
            batch(slow, {f"task {k}": (k, str(tmp_path)) for k in range(12)}, store=kept)
    assert sorted(kept) == [f"task {k}" for k in range(4)]
    assert not (tmp_path / "over").exists()
