"""Cheap tasks that workers find by name, and how they end."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

N = 301
RUINOUS = 50


def solved(shared: np.ndarray, number: int, folder: str, mortal: bool) -> dict[str, np.ndarray]:
    """Note the call, and solve a system; the worker of one task ends, the first time or always."""
    with (Path(folder) / "calls").open("a") as calls:
        calls.write(f"{number} {os.getpid()}\n")
    died = Path(folder) / "died"
    if number == RUINOUS and mortal and (not died.exists() or (Path(folder) / "again").exists()):
        died.touch()
        os._exit(9)
    return {"x": np.linalg.solve(shared + number * np.eye(len(shared)), shared[0] + number)}


def slow(number: int, folder: str) -> dict[str, np.ndarray]:
    """Wait long from the fifth task on, and say when that is over."""
    if number > 3:
        time.sleep(60.0)
        (Path(folder) / "over").touch()
    return {"x": np.array([number])}


def tasks(folder: Path, *, mortal: bool) -> dict[str, tuple[Any, ...]]:
    """Tasks that share a matrix."""
    shared = np.random.default_rng(1).normal(size=(40, 40))
    return {f"task {k}": (shared, k, str(folder), mortal) for k in range(N)}


def calls(folder: Path) -> list[int]:
    """Numbers of the tasks that were begun, in order."""
    return [int(line.split()[0]) for line in (folder / "calls").read_text().splitlines()]
