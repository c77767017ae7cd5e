"""Fuzz tests are short and the same each time; BAYES_NQP_FUZZ_MINUTES makes them long and new.

With it, every test of this folder is repeated, on new examples each time, until its share of these
minutes is over. Its fixtures are made once.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from fuzzing import TALLIES
from hypothesis import HealthCheck, settings

HERE = Path(__file__).parent
MINUTES = float(os.environ.get("BAYES_NQP_FUZZ_MINUTES") or 0)
SHARE = pytest.StashKey[float]()

settings.register_profile(
    "fuzz",
    deadline=None,
    derandomize=False,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
if MINUTES:
    settings.load_profile("fuzz")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give every test here its share of the minutes."""
    here = [item for item in items if HERE in item.path.parents]
    config.stash[SHARE] = 60 * MINUTES / max(len(here), 1)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Repeat a test until its time is over."""
    if not MINUTES:
        return None
    names = pyfuncitem._fixtureinfo.argnames
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    end = time.monotonic() + pyfuncitem.config.stash[SHARE]
    while True:
        pyfuncitem.obj(**arguments)
        if time.monotonic() >= end:
            return True


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell how many examples met which fate."""
    for test, fates in TALLIES.items():
        if fates:
            counts = ", ".join(f"{n:,} {fate}" for fate, n in fates.most_common())
            terminalreporter.write_line(f"fuzz: {test}: {fates.total():,} examples, {counts}")
