"""The collapsed PyMC model is the kernel: same density, same gradient."""

from __future__ import annotations

import numpy as np
import pytest
from design_table import DESIGNS
from pytensor.compile.mode import Mode

from bayes_nqp import StudentT
from bayes_nqp.compression.kernel import log_density
from bayes_nqp.errors import StudyError


@pytest.mark.parametrize(
    "name",
    ["partial, units, AR(1)", "partial, many scales", "partial, none, iid", "pooled time",
     "partial, cities, AR(1)", "partial, units, AR(1) + noise", "separate, units"],
)  # fmt: skip
def test_density_and_gradient(name):
    case = DESIGNS[name]
    panel = case.make(3, missing=0.2)
    packed = case.design.plan(panel).equations[0].packed
    model = case.design.collapsed(panel)
    # One of them compiled, as samplers have it; the others through the Op's Python side.
    mode = None if name == "partial, units, AR(1)" else Mode("py", None)
    density, slope = model.compile_logp(mode=mode), model.compile_dlogp(mode=mode)
    names = [v.name for v in model.value_vars]
    assert len(names) == packed.n_parameters
    gaps = []
    gradient = np.zeros(packed.n_parameters)
    for x in 0.8 * np.random.default_rng(0).standard_normal((4, packed.n_parameters)):
        point = {k: np.asarray(value) for k, value in zip(names, x, strict=True)}
        value = log_density(x, packed.ints, packed.floats, gradient)
        gaps.append(float(density(point)) - value)
        np.testing.assert_allclose(slope(point), gradient, rtol=1e-9, atol=1e-9)
    assert np.ptp(gaps) < 1e-8 * max(1.0, abs(value))


def test_only_gaussian():
    case = DESIGNS["partial, none, iid"]
    with pytest.raises(StudyError, match="does not compress"):
        case.design.replace(likelihood=StudentT()).collapsed(case.make(1))
