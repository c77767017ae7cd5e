"""Stored results of batches: those that are whole are used, all others are computed again."""

from __future__ import annotations

import io
import os
import sqlite3
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from frozen import frozen_fit

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.io import Shelf
from bayes_nqp._core.threads import within
from bayes_nqp.inference.fitting import Kept, batch

TASKS = {f"task {k}/3 城市": (k,) for k in range(3)}


def compute(number: int) -> dict[str, np.ndarray]:
    return {"file": np.array([2.0 * number, np.nan]), "名称": np.array(["a", "b"])}


def run(folder: Path, calls: list[int] | None = None) -> dict[str, dict[str, np.ndarray]]:
    def counted(number: int) -> dict[str, np.ndarray]:
        if calls is not None:
            calls.append(number)
        return compute(number)

    with within(1):
        return batch(counted, TASKS, store=Kept(folder), work="counting")


def assert_right(found: dict[str, dict[str, np.ndarray]]) -> None:
    assert list(found) == list(TASKS)
    for key, (number,) in TASKS.items():
        for name, values in compute(number).items():
            np.testing.assert_array_equal(found[key][name], values)


def put(folder: Path, content: bytes, key: str = "task 0/3 城市") -> None:
    """Put bytes in the place of a result, with the seal of others or their own."""
    Shelf(folder)[key] = content


def altered(folder: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(folder / "kept.sqlite")) as file, file:
        assert file.execute(statement, values).rowcount == 1


def flip(folder: Path) -> None:
    content = bytearray(Shelf(folder)["task 0/3 城市"])
    content[len(content) // 3] ^= 16
    where = "UPDATE entry SET content = ? WHERE name = ?"
    altered(folder, where, bytes(content), "task 0/3 城市".encode())


def cut(folder: Path) -> None:
    where = "UPDATE entry SET content = substr(content, 1, 99) WHERE name = ?"
    altered(folder, where, "task 0/3 城市".encode())


def another_task(folder: Path) -> None:
    altered(folder, "DELETE FROM entry WHERE name = ?", "task 0/3 城市".encode())
    where = "UPDATE entry SET name = ? WHERE name = ?"
    altered(folder, where, "task 0/3 城市".encode(), "task 1/3 城市".encode())
    Kept(folder)["task 1/3 城市"] = compute(1)


def empty(folder: Path) -> None:
    put(folder, b"")


def a_fit(folder: Path) -> None:
    frozen_fit("exposure").save(folder / "fit.nc")
    put(folder, (folder / "fit.nc").read_bytes())


def sealed_text(folder: Path) -> None:
    put(folder, b"twice: 99")


def sealed_numbers(folder: Path) -> None:
    content = io.BytesIO()
    np.savez(content, np.frombuffer(b"3", dtype=np.uint8))
    put(folder, content.getvalue())


def sealed_objects(folder: Path) -> None:
    content = io.BytesIO()
    np.savez(content, np.array([{}], dtype=object), key="x", names=["x"])
    put(folder, content.getvalue())


SPOILT = [flip, cut, empty, another_task, a_fit, sealed_text, sealed_numbers, sealed_objects]


def test_whole_results_are_not_computed_again(tmp_path: Path) -> None:
    calls: list[int] = []
    assert_right(run(tmp_path, calls))
    assert_right(run(tmp_path, calls))
    assert calls == [0, 1, 2]
    assert sorted(Kept(tmp_path)) == sorted(TASKS)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "...",
        "../up",
        "a\nb\t\0",
        "a\0",
        "\ud800",
        "é",
        "e\u0301",
        "城市" * 300,
        "A",
        "a",
        "CON",
    ],
)
def test_any_text_is_a_key(tmp_path: Path, key: str) -> None:
    kept = Kept(tmp_path)
    kept[key] = {key: np.array([1.0]), " ": np.array([2]), "b\0": np.array(["\n"])}
    kept["another"] = {}
    assert set(kept) == {key, "another"}
    assert list(kept[key]) == [key, " ", "b\0"]
    assert all(len(path.name) < 100 for path in tmp_path.iterdir())
    del kept[key]
    assert key not in kept


def test_a_list_of_placebo_units_is_a_key(tmp_path: Path) -> None:
    """Twenty units and what their refit depends on: quoted, 566 letters."""
    key = "placebo " + " ".join(f"单位{k:02}" for k in range(20))
    Kept(tmp_path)[key] = {"effect": np.array([0.5])}
    assert Kept(tmp_path)[key]["effect"] == 0.5


@pytest.mark.parametrize("spoil", SPOILT)
def test_a_spoilt_result_is_computed_again(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    run(tmp_path)
    spoil(tmp_path)
    calls: list[int] = []
    with pytest.warns(UserWarning, match=r"counting: 1 stored results are spoilt.*task 0/3"):
        assert_right(run(tmp_path, calls))
    assert calls == [0]
    assert_right(run(tmp_path, calls))
    assert calls == [0]


@pytest.mark.parametrize("content", [b"", b"no shelf any more " * 999, bytes(9999)])
def test_a_store_that_is_none_any_more_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    run(tmp_path)
    for ending in ("-wal", "-shm"):
        (tmp_path / f"kept.sqlite{ending}").unlink(missing_ok=True)
    (tmp_path / "kept.sqlite").write_bytes(content)
    calls: list[int] = []
    assert_right(run(tmp_path, calls))
    assert calls == [0, 1, 2]
    assert_right(run(tmp_path, calls))
    assert calls == [0, 1, 2]


def test_a_page_that_was_damaged_costs_no_more_than_computing_again(tmp_path: Path) -> None:
    run(tmp_path)
    file = tmp_path / "kept.sqlite"
    whole = file.read_bytes()
    for place in range(60, len(whole), 997):
        spoilt = bytearray(whole)
        spoilt[place : place + 40] = bytes(40)
        file.write_bytes(spoilt)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert_right(run(tmp_path))


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("mine")
    for name in ("store", "store/inside"):
        with pytest.raises(StudyError, match=r"'store' .*store.* cannot be written: (.*\n)+Try"):
            Kept(tmp_path / name)


@pytest.mark.parametrize("make", [Path.mkdir, getattr(os, "mkfifo", Path.mkdir)])
def test_no_file_where_the_store_should_be(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "kept.sqlite")
    with pytest.raises(StudyError, match=r"'store' .* cannot be used"):
        run(tmp_path)


def test_a_store_that_takes_no_more_costs_the_storing_alone(tmp_path: Path) -> None:
    class Full(dict[str, dict[str, np.ndarray]]):
        def __setitem__(self, key: str, value: dict[str, np.ndarray]) -> None:
            if self:
                raise StudyError("the disk is full")
            super().__setitem__(key, value)

    store = Full()
    with (
        within(1),
        pytest.warns(UserWarning, match=r"counting: results are not stored any more: the disk"),
    ):
        assert_right(batch(compute, TASKS, store=store, work="counting"))
    assert list(store) == ["task 0/3 城市"]


def test_deleting_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="nothing"):
        del Kept(tmp_path)["nothing"]


def test_no_object_is_stored(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="arrays"):
        Kept(tmp_path)["a"] = {"x": np.array([{}], dtype=object)}
    assert list(Kept(tmp_path)) == []


TOGETHER = """
import sys
import numpy as np
from bayes_nqp._core.io import Shelf
from bayes_nqp.inference.fitting import Kept, batch

def slow(number):
    return {"x": np.full(20_000, float(number))}

for turn in range(5):
    tasks = {f"turn {turn}, task {k}": (k,) for k in range(20)}
    found = batch(slow, tasks, store=Kept(sys.argv[1]))
    assert [float(one["x"][-1]) for one in found.values()] == list(range(20))
"""


def test_batches_in_one_folder_do_not_spoil_each_other(tmp_path: Path) -> None:
    """Three processes store the same results at once; none ever sees half of one."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONWARNINGS": "error"}
    together = [
        subprocess.Popen(
            [sys.executable, "-c", TOGETHER, str(tmp_path)],
            stderr=subprocess.PIPE, text=True, env=env,
        )
        for _ in range(3)
    ]  # fmt: skip
    for one in together:
        _, told = one.communicate(timeout=300)
        assert one.returncode == 0, told
    assert len(Kept(tmp_path)) == 100
    assert {p.name.partition("-")[0] for p in tmp_path.iterdir()} == {"kept.sqlite"}


AT_ONCE = """
import sys
import time
from pathlib import Path
from bayes_nqp._core.io import Shelf

start = float(sys.argv[2])
for turn in range(200):
    while time.time() < start + 0.02 * turn:
        pass
    Shelf(Path(sys.argv[1], str(turn)))["a"] = b"1"
"""


def test_processes_that_create_one_folder_at_once_wait_for_each_other(tmp_path: Path) -> None:
    """SQLite does not wait while the first connection turns on the write-ahead log."""
    start = str(time.time() + 2)
    together = [
        subprocess.Popen(
            [sys.executable, "-c", AT_ONCE, str(tmp_path), start],
            stderr=subprocess.PIPE, text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for _ in range(4)
    ]  # fmt: skip
    for one in together:
        _, told = one.communicate(timeout=300)
        assert one.returncode == 0, told


def test_a_file_locked_for_good_is_an_error_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bayes_nqp._core.io._byte_store._PATIENCE", 0.05)
    store = Shelf(tmp_path)
    with closing(sqlite3.connect(tmp_path / "kept.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StudyError, match=r"'store' .* locked"):
            store["a"] = b"1"
        other.execute("ROLLBACK")
    store["a"] = b"1"
    assert store["a"] == b"1"
