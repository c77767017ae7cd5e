"""A small study on disk, and its results."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from small_study import write_study

if TYPE_CHECKING:
    from bayes_nqp.studies import Outcome


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return write_study(tmp_path)


@pytest.fixture(scope="session")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """The study, run once."""
    from bayes_nqp import studies

    folder = tmp_path_factory.mktemp("study")
    path = write_study(folder)
    return studies.run(path, folder / "results" / "cities", progress=False, command="typed")
