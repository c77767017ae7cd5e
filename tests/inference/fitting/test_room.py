"""More draws than a machine holds are refused with an estimate; what it holds is not."""

from __future__ import annotations

import pytest
from design_table import DESIGNS
from doors import check_draws

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.inference.model_frame import model_frame_of

CASE = DESIGNS["partial, units, AR(1)"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "sampler",
    [
        nqp.Importance(draws=10**9),
        nqp.NUTS(draws=10**9),
        nqp.Importance(chains=10**8),
        nqp.Importance(proposals=10**9),
        nqp.NUTS(tune=10**12),
    ],
)
def test_draws_beyond_reason(sampler: nqp.Importance | nqp.NUTS) -> None:
    with pytest.raises(StudyError, match=r"(?s)chains of \d+ draws.*GiB.*fewer draws"):
        nqp.fit(CASE.design, CASE.make(1), sampler, progress=False)


def test_many_draws_are_taken() -> None:
    check_draws(model_frame_of(CASE.design, CASE.make(1)), nqp.Importance(draws=50_000))
