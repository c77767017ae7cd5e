"""Coefficients of linked units' treatment by who receives: density, effects, what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from linked_cities import (
    COAST,
    IDS,
    LEVEL,
    PANEL,
    UNITS,
    WEIGHTS,
    W,
    dense,
    design_of,
    tables,
    truth_of,
)
from marginal import Marginal
from same_density import assert_dense

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import IdentificationError, StudyError
from bayes_nqp._core.i18n import Translator
from bayes_nqp.inference.fitting._mediator_lag_receivers import mediator_lag_effects
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.model.designs import Noise
from bayes_nqp.numerics.linear_gaussian import density

FORMS: dict[str, dict[str, bool]] = {
    "SDM": {}, "SLX": {"lag": False}, "SDEM": {"durbin": True, "error": True},
}  # fmt: skip
SAMPLER = nqp.Importance(seed=1, draws=100)


def term_of(form: str = "SDM", receivers: object = "coast") -> nqp.SpatialLag:
    return nqp.SpatialLag(WEIGHTS, receivers=receivers, **FORMS[form])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("form", "errors", "varying"),
    [("SDM", nqp.IID(), None), ("SDM", nqp.AR1(), "unit"), ("SLX", nqp.AR1PlusNoise(), "unit"),
     ("SDEM", nqp.AR1(), None)],
)  # fmt: skip
def test_the_density_is_the_dense_one(form: str, errors: Noise, varying: str | None) -> None:
    design = design_of(
        effect=nqp.CompletePooling(varying=varying), errors=errors, spillovers=term_of(form)
    )
    problem = model_frame_of(design, PANEL).equations[0].gaussian
    levels = np.zeros(UNITS, dtype=np.int64)
    assert_dense(problem, lambda x: dense(PANEL, design, x, W, levels), number=4)


@pytest.mark.slow
def test_without_a_lag_it_is_that_of_the_row_model() -> None:
    design = design_of(spillovers=term_of("SLX"), time=nqp.TimeEffects(["coast"]))
    problem = model_frame_of(design, PANEL).equations[0].gaussian
    points = 0.6 * np.random.default_rng(1).standard_normal((2, len(problem.space)))
    row = Marginal(nqp.to_pymc(design, PANEL), [f"outcome__{name}" for name in problem.space.names])
    ours = density(problem, points)
    gap = np.array([row(point) for point in points]) - ours
    assert np.ptp(gap) < 1e-9


@pytest.mark.parametrize("form", FORMS)
def test_effects_are_those_of_the_calendar(form: str) -> None:
    effect = nqp.PartialPooling(["coast"], varying=None)
    design = design_of(
        effect=nqp.CompletePooling(varying=None) if form == "SDEM" else effect,
        spillovers=term_of(form),
    )
    fit = nqp.fit(design, PANEL, SAMPLER, progress=False)
    assert fit.posterior["outcome__linked_level"].shape[2] == 2
    truth, effects = truth_of(fit, W, feedback=form == "SDM"), fit.effects
    draws = effects["effect"].stack(sample=("chain", "draw")).transpose("sample", "path", "cell")
    draws = draws.to_numpy()[:20]
    for c in range(effects.sizes["cell"]):
        cell = effects.isel(cell=c)
        t, rows = int(cell["time"]) - 2000, str(cell["coast"].item()) == COAST
        treated = str(cell["role"].item()) == "treated"
        rows &= (
            PANEL.cohort_codes == float(cell["cohort"]) - 2000
            if treated
            else truth["event"][:, t] < 0
        )
        total, direct = (truth[x][:, rows, t].mean(axis=1) for x in ("total", "direct"))
        assert draws[:, 0, c] == pytest.approx(total, abs=1e-10)
        assert draws[:, 1, c] == pytest.approx(direct if treated else np.zeros(20), abs=1e-10)
    assert draws[:, 0] == pytest.approx(draws[:, 1] + draws[:, 2], abs=1e-12)
    for onto in ("untreated", "treated"):
        by_unit = nqp.spillover_effects(fit, by="unit", onto=onto)
        rows, whole = by_unit["rows"], nqp.spillover_effects(fit, onto=onto)
        mean = (by_unit * rows).sum("unit") / rows.sum()
        assert mean.to_numpy() == pytest.approx(whole.to_numpy(), abs=1e-10)


def test_flat_effects_have_a_flat_coefficient_of_every_level() -> None:
    design = design_of(
        effect=nqp.NoPooling(), time=nqp.TimeEffects(["coast"]), spillovers=term_of("SLX")
    )
    fit = nqp.fit(design, PANEL, SAMPLER, progress=False)
    labels = fit.posterior["outcome__linked_each_label"].to_numpy().tolist()
    assert labels[0] == "0, coastal"
    assert len(labels) == 2 * len({label.split(",")[0] for label in labels})


@pytest.mark.slow
def test_an_exposure_has_a_coefficient_of_every_level() -> None:
    """As two exposures of linked units, one for each level, under the same priors."""
    frame = PANEL.frame.assign(z=np.random.default_rng(2).random(len(PANEL.frame)))
    panel = nqp.Panel.from_frame(
        frame, unit="city", time="year", outcome="y", strata=["coast"], exposures=["z"]
    )
    design = nqp.ContinuousExposure(
        "z", effect=nqp.CompletePooling(varying=None), errors=nqp.IID(), time=nqp.TimeEffects(),
        spillovers=term_of("SDM"),
    )  # fmt: skip
    fit = nqp.fit(design, panel, SAMPLER, progress=False)
    at = fit.posterior.isel(chain=0, draw=3)
    theta, delta = at["outcome__linked_level"].to_numpy(), at["outcome__delta"].item()
    inside = [COAST == level for level in ("coastal", "inland")]
    through = sum(x * np.diag(1.0 * some) @ W for x, some in zip(theta, inside, strict=True))
    beta = at["outcome__level"].item()
    derivative = np.linalg.solve(np.eye(UNITS) - delta * W, beta * np.eye(UNITS) + through)
    units = [IDS.index(name) for name in nqp.att(fit, by="unit")["unit"].to_numpy()]
    for path, truth in {
        "total": derivative.sum(axis=1), "direct": np.diagonal(derivative)
    }.items():  # fmt: skip
        ours = nqp.att(fit, by="unit", path=path).isel(chain=0, draw=3).to_numpy()
        assert ours == pytest.approx(truth[units], abs=1e-10)


@pytest.mark.slow
def test_channels_hand_back_by_links_through_who_receives() -> None:
    """diag(W 1_l W) of own treatment, and 1_l W D of others', summed over rows from adoption on."""
    frame = PANEL.frame.assign(digital=np.random.default_rng(4).standard_normal(len(PANEL.frame)))
    panel = nqp.Panel.from_frame(
        frame, unit="city", time="year", cohort="cohort", outcome="y", covariates=["x"],
        strata=["coast"], mediators=["digital"],
    )  # fmt: skip
    design = nqp.Mediation(design_of(spillovers=term_of("SLX")), links=WEIGHTS)
    model_frame, (_, _, event) = model_frame_of(design, panel), tables(panel)
    reach = mediator_lag_effects(
        model_frame, next(x for x in model_frame.equations if x.name == "digital")
    )
    assert reach is not None
    for k, time in enumerate(reach.events):
        through = np.diag((time.level == COAST) * 1.0) @ W
        sent, rows = event == time.event, reach.cells.rows
        near = (through @ sent)[:, (event >= 0).any(axis=0)]
        assert reach.near[k] @ rows == pytest.approx(near.sum(), abs=1e-12)
        beyond = (W @ through @ sent)[:, (event >= 0).any(axis=0)]
        assert reach.beyond[k] @ rows == pytest.approx(beyond.sum(), abs=1e-12)
        back = np.diagonal(W @ through) @ sent
        assert reach.back[k] @ rows == pytest.approx(back.sum(), abs=1e-12)
        assert back.sum() > 0.0
    fit = nqp.fit(design, panel, SAMPLER, progress=False)
    total, *parts = (fit.effects["effect"].sel(path=p) for p in fit.effects["path"].to_numpy())
    assert sum(parts).to_numpy() == pytest.approx(total.to_numpy(), abs=1e-10)  # type: ignore[union-attr]


@pytest.mark.slow
def test_it_is_saved_and_loaded_and_said(tmp_path: Path) -> None:
    fit = nqp.fit(design_of(spillovers=term_of()), PANEL, SAMPLER, progress=False)
    again = nqp.load(fit.save(tmp_path / "receivers.nc"))
    assert again.design == fit.design
    assert again.effects["effect"].to_numpy() == pytest.approx(fit.effects["effect"].to_numpy())
    english, chinese = (Translator(language)(term_of().words({})) for language in ("en", "zh"))
    assert "differ by coast of the receiving unit" in english
    assert "随受影响单位的 coast 而异" in chinese


@pytest.mark.slow
def test_coefficients_of_tables_weigh_levels_by_what_they_have() -> None:
    fit = nqp.fit(design_of(spillovers=term_of("SLX")), PANEL, SAMPLER, progress=False)
    alike = nqp.fit(design_of(spillovers=nqp.SpatialLag(WEIGHTS, lag=False)), PANEL, SAMPLER,
                    progress=False)  # fmt: skip
    texts = [
        {row.label: row.cells for row in nqp.table({"a": x}, "spatial").rows}["W × treatment"][0]
        for x in (fit, alike)
    ]
    ours, theirs = (float(x.text.split()[0].rstrip("*")) for x in texts)
    assert ours == pytest.approx(theirs, abs=0.2)


def slx_of(links: np.ndarray) -> nqp.SpatialLag:
    """Receivers by coast under links (unit, unit), those of units with themselves left out."""
    table = pd.DataFrame(links * (1.0 - np.eye(UNITS)), IDS, IDS)
    return nqp.SpatialLag(nqp.spatial_weights.matrix(table), lag=False, receivers="coast")


def test_levels_that_nothing_tells_of_are_refused() -> None:
    """Inland units that nobody treated is linked to; and those whose links are all alike."""
    treated, inland = np.isin(np.arange(UNITS) // 2 % 4, (0, 1)), LEVEL == 0
    far = np.random.default_rng(1).random((UNITS, UNITS)) * np.where(inland[:, None], ~treated, 1.0)
    with pytest.raises(IdentificationError, match="no unit of 'inland' is linked to a treated one"):
        model_frame_of(design_of(spillovers=slx_of(far)), PANEL)
    alike = np.random.default_rng(1).random((UNITS, UNITS))
    alike[inland] = np.arange(UNITS) == np.flatnonzero(treated & ~inland)[0]
    model_frame_of(design_of(spillovers=slx_of(alike)), PANEL)
    design = design_of(spillovers=slx_of(alike), time=nqp.TimeEffects(["coast"]))
    with pytest.raises(IdentificationError, match="all alike, which time effects explain"):
        model_frame_of(design, PANEL)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"durbin": False}, "which 'durbin' leaves out"),
     ({"durbin": ["x"]}, "which 'durbin' leaves out"),
     ({"error": True}, "which 'durbin' leaves out"),
     ({"dynamics": True}, "dynamics=True"),
     ({"receivers": [1]}, "'receivers' is")],
)  # fmt: skip
def test_what_receivers_do_not_go_with(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(StudyError, match=message) as caught:
        nqp.SpatialLag(WEIGHTS, **{"receivers": "coast", **arguments})  # type: ignore[arg-type]
    assert "Try:" in str(caught.value)


def test_receivers_are_factors_of_the_strata() -> None:
    with pytest.raises(StudyError, match="no factor of the panel's strata") as caught:
        model_frame_of(design_of(spillovers=term_of(receivers="coasts")), PANEL)
    assert "coast" in str(caught.value)
