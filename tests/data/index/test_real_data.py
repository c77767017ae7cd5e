"""Indices of real provinces and cities; the data lie beside the checkout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import entropy

import bayes_nqp as nqp

PROVINCES = ["v4_ztr_jf_RD", "v4_ztr_qd_RD", "v4_cg_zlsq_hj", "v4_cg_jssr_je", "findev",
             "coverage_breadth", "usage_depth", "digitization_level"]  # fmt: skip
CITIES = ["gdp", "sh3", "fdi_musd", "findev", "coverage_breadth", "ln_green_inv_patents"]


def test_provinces(shared_data: Path) -> None:
    df = pd.read_csv(shared_data / "china" / "province_nqpf_2010_2022.csv", encoding="utf-8-sig")
    recipe = nqp.ProductivityIndex(nqp.IndexSystem.of(PROVINCES), missing="drop")
    index = recipe.build(df, unit="province", time="year")
    complete = df.dropna(subset=PROVINCES)
    assert index.values.notna().sum() == len(complete) == 340
    x = complete[PROVINCES].to_numpy()
    z = (x - x.min(axis=0)) / np.ptp(x, axis=0)
    spread = 1.0 - entropy(z) / np.log(len(z))
    weights = spread / spread.sum()
    np.testing.assert_allclose(index.weights["weight"], weights, rtol=0, atol=1e-12)
    np.testing.assert_allclose(index.values.dropna(), z @ weights, rtol=0, atol=1e-12)


def test_cities(shared_data: Path) -> None:
    df = pd.read_csv(shared_data / "china" / "city_nqpf_cbec_2010_2021.csv", encoding="utf-8-sig")
    recipe = nqp.ProductivityIndex(nqp.IndexSystem.of(CITIES), missing="interpolate")
    index = recipe.build(df, unit="code", time="year")
    whole = df[CITIES].notna().all(axis=1)
    assert index.values[whole].notna().all()
    assert index.values.notna().sum() > whole.sum()
    assert any(note.startswith("values filled within units") for note in index.notes)
    # Foreign investment in dollars is so skewed that entropy makes the index mostly that.
    assert index.weights.set_index("indicator").loc["fdi_musd", "weight"] > 0.5
    panel = index.panel(cohort="cbec_year")
    assert panel.n_rows == index.values.notna().sum()
