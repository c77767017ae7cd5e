"""Values as short as they can be written."""

import pytest
from doors import brief

import bayes_nqp as nqp


@pytest.mark.parametrize(
    "value",
    [
        nqp.StaggeredDiD(),
        nqp.StaggeredDiD(nqp.PartialPooling(["region"], varying=None), nqp.IID(), controls="never"),
        nqp.Mediation(nqp.StaggeredDiD(time=nqp.TimeEffects(["region"])), ["digital"], lag=1),
        nqp.StaggeredDiD(priors=nqp.Priors(level=2.0)),
    ],
)
def test_what_is_written_makes_the_same_value(value):
    text = brief(value)
    assert eval(text, vars(nqp) | {name: getattr(nqp, name) for name in nqp.__all__}) == value
    assert len(text) <= len(repr(value))


def test_defaults_are_left_out():
    assert brief(nqp.StaggeredDiD()) == "StaggeredDiD()"
    assert brief(nqp.Mediation(mediators=["a"])) == "Mediation(mediators=('a',))"
