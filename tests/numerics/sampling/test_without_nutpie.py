"""The sampler of rows is an extra; what lacks it says how it comes."""

from __future__ import annotations

import sys

import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError


def test_a_fit_by_rows_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nutpie", None)
    panel = nqp.simulation.staggered(units=12, periods=5, cohorts=(3,), seed=1).panel
    with pytest.raises(StudyError, match="nutpie, which is not installed") as caught:
        nqp.fit(nqp.StaggeredDiD(likelihood=nqp.StudentT()), panel, progress=False)
    assert caught.value.hint == "pip install 'bayes-nqp[nuts]'"
