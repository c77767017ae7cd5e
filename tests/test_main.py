"""``python -m bayes_nqp`` is the command line."""

from __future__ import annotations

import subprocess
import sys

import pytest


def module(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bayes_nqp", *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


@pytest.mark.slow
def test_it_helps_and_lists() -> None:
    helped, listed = module("--help"), module("list")
    assert helped.returncode == listed.returncode == 0
    assert "python -m bayes_nqp [OPTIONS] COMMAND" in helped.stdout
    assert "castle_doctrine" in listed.stdout


@pytest.mark.slow
def test_it_exits_as_the_command_does() -> None:
    done = module("run", "nothing")
    assert done.returncode == 2
    assert "choose one of" in done.stderr
