"""A few kills, two runs at once and a full disk; `tests/interruptions.py` has the campaign."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from interruptions import Bench, Tally, disk, full_store, kills, moves, reruns, two

from bayes_nqp.studies import Outcome

pytestmark = [
    pytest.mark.usefixtures("heard_signals"),
    pytest.mark.xdist_group("studies"),
    pytest.mark.skipif(os.name != "posix", reason="signals are sent as on POSIX"),
]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    (tmp_path / "bench").mkdir()
    return Bench(tmp_path / "bench")


@pytest.mark.slow
def test_kills_while_folders_are_moved(tmp_path: Path) -> None:
    tally = moves(tmp_path, 12, seed=1)
    assert not tally.wrong
    assert tally.counts["SIGTERM: folders written"] > 3


@pytest.mark.slow
def test_kills_at_random_moments(bench: Bench) -> None:
    tally = kills(bench, 4, seed=1)
    assert not tally.wrong
    assert tally.counts.total() >= 4


@pytest.mark.slow
def test_two_runs_at_once(bench: Bench) -> None:
    tally = two(bench, 1)
    assert not tally.wrong
    assert tally.counts == {"new: exit 0 and 2": 1}


@pytest.mark.slow
def test_a_disk_of_500_kb(bench: Bench, outcome: Outcome, tmp_path: Path) -> None:
    tally: Tally = disk(bench, outcome.folder / "posterior.nc", tmp_path / "disk")
    for reason in tally.counts:
        if reason.startswith("skipped"):
            pytest.skip(reason)
    assert not tally.wrong
    assert set(tally.counts) >= {"run: exit 2", "new: exit 2", "save: full", "export: full"}


CHECKED = """
run = ["convergence", "placebo_space", "leave_out"]

[checks.placebo_space]
repetitions = 40

[figures]
draw = ["event_study"]
"""


@pytest.mark.slow
def test_a_rerun_goes_on_where_it_was_killed(bench: Bench) -> None:
    text = bench.study.read_text(encoding="utf-8")
    formats = 'outcome = "productivity"\nformats = ["html", "docx"]'
    text = text.replace('outcome = "productivity"', formats).partition("[checks]")[0]
    bench.study.write_text(f"{text}[checks]{CHECKED}", encoding="utf-8")
    tally = reruns(bench, 2, seed=5)
    assert not tally.wrong
    assert tally.counts.total() == 2


@pytest.mark.slow
def test_a_store_on_a_full_disk(bench: Bench, tmp_path: Path) -> None:
    tally = full_store(bench, tmp_path / "disk")
    for reason in tally.counts:
        if reason.startswith("skipped"):
            pytest.skip(reason)
    assert not tally.wrong
