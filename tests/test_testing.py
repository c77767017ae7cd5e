"""Comparing says what differs, and where."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from design_table import DESIGNS
from random_panels import random_frame, random_panel

from bayes_nqp import Panel, posterior_mean
from bayes_nqp._core.testing import assert_equal, differences
from bayes_nqp.checks import CheckResult


def test_equal_panels():
    assert_equal(random_panel(1), random_panel(1))


def test_panels_that_differ():
    a = random_panel(1)
    found = differences(a, a.with_outcome(a.outcome + np.eye(a.n_rows)[3]))
    assert any("outcome: 1 of" in line and "first at (3,)" in line for line in found)
    with pytest.raises(AssertionError, match="differences:"):
        assert_equal(a, random_panel(2))
    df = random_frame(1)
    other = Panel.from_frame(
        df, unit="unit", time="time", cohort="cohort", outcome="y", strata=["region"]
    )
    assert any("roles" in line for line in differences(a, other))


def test_tolerance_is_for_floats():
    a = xr.Dataset({"x": ("k", [1.0, np.nan])}, attrs={"n": "a"})
    b = a.assign(x=a.x + 1e-9)
    assert differences(a, b) == [
        "Dataset['x']: 1 of 2 entries differ; first at (0,): np.float64(1.0) and "
        "np.float64(1.000000001)"
    ]
    assert_equal(a, b, atol=1e-8)
    assert differences(a, a.assign_attrs(n="b")) == ["Dataset.attrs['n']: 'a' and 'b'"]
    assert differences(a, a.rename(k="j"))[0] == "Dataset['x']: dims ('k',) and ('j',)"
    assert differences(a, a.assign_coords(k=[1, 2])) == ["Dataset['k']: only in the second"]
    assert "float64 and int64" in differences(a, xr.Dataset({"x": ("k", [1, 2])}))[1]


def test_effects():
    case = DESIGNS["partial, units, AR(1)"]
    panel = case.make(2)
    a = posterior_mean(case.design, panel)
    assert_equal(a, posterior_mean(case.design, panel))
    assert differences(a, posterior_mean(case.design, panel, rho=0.5))
    tree = xr.DataTree.from_dict({"/effects": a})
    assert_equal(tree, xr.DataTree.from_dict({"/effects": a}))
    assert differences(tree, xr.DataTree.from_dict({"/other": a})) == [
        "DataTree['/effects']: only in the first", "DataTree['/other']: only in the second",
    ]  # fmt: skip


def test_checks_and_plain_values():
    evidence = pd.DataFrame({"a": [1.0, 2.0]})
    a = CheckResult("name", "what?", "passed", "1.0", "It holds.", evidence, "table")
    assert_equal(a, replace(a, evidence=evidence.copy()))
    assert differences(a, replace(a, verdict="failed")) == [
        "CheckResult.verdict: 'passed' and 'failed'"
    ]
    assert "evidence" in differences(a, replace(a, evidence=evidence * 2))[0]
    assert differences({"a": [1, 2]}, {"a": [1, 3]}) == ["dict['a'][1]: 2 and 3"]
    assert differences((1, 2), (1,)) == ["tuple: 2 and 1 items"]
    assert differences("1", 1) == ["str: str and int"]
    assert_equal({"x": float("nan"), "n": 1}, {"x": float("nan"), "n": 1.0})
