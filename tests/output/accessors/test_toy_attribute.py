"""An attribute is one file: what it registers is on every fit, behind a door."""

from __future__ import annotations

import pickle

import pytest
from frozen import frozen_fit

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import ArgumentError
from bayes_nqp._core.validation import ATTRIBUTES, attribute


@pytest.fixture
def toy():
    @attribute("Fit")
    def doubled(fit: nqp.Fit, times: int = 2) -> float:
        return times * float(nqp.att(fit).mean())

    yield "doubled"
    del ATTRIBUTES["Fit.doubled"]
    del nqp.Fit.doubled


def test_a_registered_function_is_asked_of_fits(toy):
    fit = frozen_fit("staggered")
    assert fit.doubled(times=4) == pytest.approx(4 * float(nqp.att(fit).mean()))
    assert pickle.loads(pickle.dumps(fit)).doubled() == fit.doubled()
    with pytest.raises(ArgumentError, match="'times'"):
        fit.doubled(times="two")
    with pytest.raises(ArgumentError, match="has no argument 'twice'"):
        fit.doubled(twice=True)


def test_what_nobody_registered_is_no_attribute():
    assert not hasattr(frozen_fit("staggered"), "doubled")
