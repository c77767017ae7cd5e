"""Machine code on disk that is spoilt, or cannot be written, is compiled anew, in silence."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SMALL = """
import numba
from bayes_nqp.numerics.sampling._cache import sealed_caches

with sealed_caches():
    @numba.njit(cache=True)
    def twice(x):
        return 2.0 * x
"""
CALL = """
import resource, sys
sys.path.insert(0, sys.argv[1])
import small
if len(sys.argv) > 2:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
print(small.twice(4.0), sum(small.twice.stats.cache_hits.values()))
"""


@pytest.fixture
def call(tmp_path: Path) -> Callable[..., str]:
    """Return a function that calls a small compiled function in a process of its own."""
    (tmp_path / "small.py").write_text(SMALL)

    def run(*arguments: str, cache: Path | None = None) -> str:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", CALL, str(tmp_path), *arguments],
            capture_output=True, text=True, timeout=300, check=False,
            env=os.environ
            | {
                "PYTHONPATH": os.pathsep.join(sys.path),
                "NUMBA_CACHE_DIR": str(cache or tmp_path / "cache"),
            },
        )  # fmt: skip
        assert done.returncode == 0, (done.returncode, done.stderr)
        assert done.stderr == ""
        return done.stdout.strip()

    return run


def middle(content: bytes) -> bytes:
    half = len(content) // 2
    return content[:half] + bytes(64) + content[half + 64 :]


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
def test_spoilt_files_are_compiled_anew(
    call: Callable[..., str], tmp_path: Path, suffix: str
) -> None:
    assert call() == "8.0 0"
    assert call() == "8.0 1"
    (path,) = (tmp_path / "cache").rglob(f"small.twice*{suffix}")
    whole = path.read_bytes()
    for content in (b"", whole[: len(whole) // 2], middle(whole)):
        path.write_bytes(content)
        assert call() == "8.0 0", content[:20]
    assert call() == "8.0 1"
    path.unlink()
    path.mkdir()
    assert call() == "8.0 0"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")
def test_a_full_disk(call: Callable[..., str], tmp_path: Path) -> None:
    assert call("100") == "8.0 0"
    assert list((tmp_path / "cache").rglob("*.part")) == []
    assert call() == "8.0 0"
    assert call() == "8.0 1"
