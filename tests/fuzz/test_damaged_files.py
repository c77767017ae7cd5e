"""Damaged files of every format are read or refused in words: no other error, no crash, no wait."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
COUNT = 8
"""Damaged files of each format; the first four are an empty file, a folder, a pipe and a device."""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="bounds are set as on Linux")
def test_every_reader_refuses_damaged_files_in_words() -> None:
    seed = secrets.token_hex(8) if os.environ.get("BAYES_NQP_FUZZ_MINUTES") else "0"
    paths = os.pathsep.join([str(TESTS), *filter(None, sys.path)])
    told = subprocess.run(
        [sys.executable, str(TESTS / "damaged_files.py"), str(COUNT)],
        env={**os.environ, "PYTHONPATH": paths, "SEED": seed}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert told.returncode == 0, f"SEED={seed}\n{told.stdout[-8_000:]}\n{told.stderr[-2_000:]}"
