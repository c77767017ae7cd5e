"""Stored results of batches: those that are whole are used, all others are computed again."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from frozen import frozen_fit
from joblib import parallel_config

from bayes_nqp.errors import StudyError
from bayes_nqp.fitting import Kept, batch
from bayes_nqp.seal import sealed

TASKS = {f"task {k}/3 城市": (k,) for k in range(3)}


def compute(number: int) -> dict[str, np.ndarray]:
    return {"file": np.array([2.0 * number, np.nan]), "名称": np.array(["a", "b"])}


def run(folder: Path, calls: list[int] | None = None) -> dict[str, dict[str, np.ndarray]]:
    def counted(number: int) -> dict[str, np.ndarray]:
        if calls is not None:
            calls.append(number)
        return compute(number)

    with parallel_config(n_jobs=1):
        return batch(counted, TASKS, store=Kept(folder), work="counting")


def assert_right(found: dict[str, dict[str, np.ndarray]]) -> None:
    assert list(found) == list(TASKS)
    for key, (number,) in TASKS.items():
        for name, values in compute(number).items():
            np.testing.assert_array_equal(found[key][name], values)


def file_of(folder: Path, key: str) -> Path:
    return folder / f"{hashlib.sha256(key.encode()).hexdigest()}.npz"


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 16
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def of_version_0_1(path: Path) -> None:
    np.savez(path, twice=np.array([99.0]))


def another_task(path: Path) -> None:
    path.write_bytes(file_of(path.parent, "task 1/3 城市").read_bytes())


def a_fit(path: Path) -> None:
    frozen_fit("exposure").save(path)


def sealed_text(path: Path) -> None:
    path.write_bytes(sealed(b"twice: 99"))


def sealed_objects(path: Path) -> None:
    np.savez(path, np.array([{}], dtype=object), key="x", names=["x"])
    path.write_bytes(sealed(path.read_bytes()))


def sealed_numbers(path: Path) -> None:
    np.savez(path, np.frombuffer(b"3", dtype=np.uint8))
    path.write_bytes(sealed(path.read_bytes()))


SPOILT = [flip, cut, empty, of_version_0_1, another_task, a_fit, sealed_text, sealed_numbers,
          sealed_objects]  # fmt: skip


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
    first = file_of(tmp_path, "task 0/3 城市")
    spoil(first)
    calls: list[int] = []
    with pytest.warns(UserWarning, match=r"counting: 1 stored results are spoilt.*task 0/3"):
        assert_right(run(tmp_path, calls))
    assert calls == [0]
    assert_right(run(tmp_path, calls))
    assert calls == [0]


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("mine")
    for name in ("store", "store/inside"):
        with pytest.raises(StudyError, match=r"'store' .*store.* cannot be written: (.*\n)+Try"):
            Kept(tmp_path / name)


@pytest.mark.parametrize("make", [Path.mkdir, getattr(os, "mkfifo", Path.mkdir)])
def test_no_file_where_a_result_should_be(tmp_path: Path, make: Callable[[Path], None]) -> None:
    run(tmp_path)
    first = file_of(tmp_path, "task 0/3 城市")
    first.unlink()
    make(first)
    with (
        pytest.warns(UserWarning, match="computed again"),
        pytest.raises(StudyError, match=r"it is a folder|a device or a pipe"),
    ):
        run(tmp_path)
    assert all(p.suffix == ".npz" for p in tmp_path.iterdir())


def test_deleting_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="nothing"):
        del Kept(tmp_path)["nothing"]


def test_no_object_is_stored(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="arrays"):
        Kept(tmp_path)["a"] = {"x": np.array([{}], dtype=object)}
    assert list(tmp_path.iterdir()) == []


TOGETHER = """
import sys
import numpy as np
from bayes_nqp.fitting import Kept, batch

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
    assert all(p.suffix == ".npz" for p in tmp_path.iterdir())
