"""What every test shares: no screen, fonts that come by pip, and the data beside the checkout."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]

settings.register_profile("suite", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("suite")


def hide_system_fonts() -> None:
    """Leave matplotlib only its own fonts: no test may pass by luck of what a machine has.

    Its list of them stays in a folder of this run, where workers, kernels and whatever else tests
    start find it too. The variable that hides fonts while the list is made would later hide those
    of other packages as well.
    """
    os.environ.pop("MATPLOTLIBRC", None)
    if "PYTEST_XDIST_WORKER" not in os.environ:
        os.environ["MPLCONFIGDIR"] = tempfile.mkdtemp(prefix="bayes_nqp-matplotlib-")
        atexit.register(shutil.rmtree, os.environ["MPLCONFIGDIR"], ignore_errors=True)
    os.environ["MPL_IGNORE_SYSTEM_FONTS"] = "1"
    from matplotlib import font_manager

    del os.environ["MPL_IGNORE_SYSTEM_FONTS"]
    find = font_manager.findSystemFonts
    font_manager.findSystemFonts = lambda *where, **how: find(*where, **how) if where or how else []


os.environ.setdefault("MPLBACKEND", "Agg")
hide_system_fonts()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Find the real data kept beside the checkout, or skip."""
    folder = Path(os.environ.get("BAYES_NQP_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no data at {folder}; BAYES_NQP_DATA names another folder")
    return folder
