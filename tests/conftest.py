"""What every test shares: no screen, fonts that come by pip, and the data beside the checkout."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings

ROOT = Path(__file__).resolve().parents[1]

settings.register_profile("suite", deadline=None, derandomize=True, print_blob=True)
settings.register_profile(
    "faults", settings.get_profile("suite"), phases=(Phase.explicit, Phase.generate)
)
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
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # workers are as many as processors already
os.environ["BAYES_NQP_STORE"] = "none"  # what one test computes is no other's evidence
hide_system_fonts()


FIRST = ("test_notebooks.py", "studies", "recovery", "inference", "cli", "checks", "calibration")
"""Rooms of tests that take longest."""


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, and leave the tests of a file to one worker.

    A file computes once what its tests share. Notebooks share nothing, and several files state a
    group of their own. Of a test that states `sample(n)`, all but n cases, evenly spread, are slow.
    """
    cases: defaultdict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("sample"):
            cases[item.nodeid.partition("[")[0]].append(item)
    for group in cases.values():
        mark = group[0].get_closest_marker("sample")
        kept = {len(group) * k // mark.args[0] for k in range(mark.args[0])} if mark else set()
        for place, item in enumerate(group):
            if place not in kept:
                item.add_marker(pytest.mark.slow)
    room = {item: item.path.relative_to(ROOT / "tests").parts[0] for item in items}
    items.sort(key=lambda item: FIRST.index(room[item]) if room[item] in FIRST else len(FIRST))
    for item in items:
        if room[item] != "test_notebooks.py" and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(str(item.path.relative_to(ROOT))))


@pytest.fixture
def heard_signals() -> Iterator[None]:
    """Let signals be heard that whoever started the tests told them to ignore, as nohup does."""
    names = [n for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]
    before = {n: signal.getsignal(getattr(signal, n)) for n in names}
    for name, handler in before.items():
        if handler is signal.SIG_IGN:
            usual = signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL
            signal.signal(getattr(signal, name), usual)
    yield
    for name, handler in before.items():
        if handler is signal.SIG_IGN:
            signal.signal(getattr(signal, name), handler)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Find the real data kept beside the checkout, or skip."""
    folder = Path(os.environ.get("BAYES_NQP_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no data at {folder}; BAYES_NQP_DATA names another folder")
    return folder


FONTS = "<fontconfig><dir>{}</dir><cachedir>{}</cachedir></fontconfig>"


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Start the Chromium of this machine with matplotlib's fonts: without any it dies of text."""
    playwright = pytest.importorskip("playwright.sync_api", reason="without playwright")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no chromium on this machine")
    from matplotlib import get_data_path

    folder = tmp_path_factory.mktemp("fonts")
    fonts = folder / "fonts.conf"
    fonts.write_text(FONTS.format(Path(get_data_path()) / "fonts" / "ttf", folder / "cache"))
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=program,
            args=["--no-sandbox"],
            env={**os.environ, "FONTCONFIG_FILE": str(fonts)},
        )
        yield browser
        browser.close()
