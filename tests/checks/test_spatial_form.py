"""Forms of a spatial model: a dense likelihood climbed directly, and worlds of each form."""

from __future__ import annotations

import re

import linked_provinces as provinces
import numpy as np
import pandas as pd
import pytest
from doors import Forms, form_disputes, form_verdict, log_marginal, log_prior_of_theta
from scipy import linalg
from scipy.optimize import minimize
from scipy.sparse import csr_array
from scipy.special import logsumexp
from scipy.stats import beta, norm

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import chance
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.numerics.linear_gaussian import log_determinant

UNITS, PERIODS = 60, 8
IDS = [f"c{k:02d}" for k in range(UNITS)]
PLACES = np.random.default_rng(5).random((UNITS, 2))
_NEAR = np.argsort(np.linalg.norm(PLACES[:, None] - PLACES, axis=2), axis=1)[:, 1:5]
LINKS = np.zeros((UNITS, UNITS))
LINKS[np.arange(UNITS)[:, None], _NEAR] = 1.0
WEIGHTS = nqp.spatial_weights.matrix(pd.DataFrame(LINKS, IDS, IDS), label="four nearest")
W = WEIGHTS.matrix.toarray()


def fitted(form: str, near: float = 1.0, **changes: object) -> nqp.Fit:
    """A Durbin model, unless changed, of a world of some form; what linked units have, by near."""
    generator = np.random.default_rng(11)
    cohort = np.array([2003.0, 2005.0, np.nan, np.nan])[np.arange(UNITS) % 4]
    time = 2000 + np.arange(PERIODS)
    treated = (time >= cohort[:, None]) * 1.0
    x = generator.standard_normal((UNITS, PERIODS))
    mean = treated + 0.5 * x
    errors = generator.standard_normal((UNITS, 1)) + 0.5 * generator.standard_normal(x.shape)
    s = np.eye(UNITS) - 0.5 * W
    y = {
        "SDM": lambda: np.linalg.solve(s, mean + near * W @ (0.6 * treated + 0.5 * x) + errors),
        "SAR": lambda: np.linalg.solve(s, mean + errors),
        "SEM": lambda: mean + np.linalg.solve(s, errors),
        "SLX": lambda: mean + near * W @ (0.6 * treated + 0.5 * x) + errors,
        "SDEM": lambda: mean + near * W @ (0.6 * treated + 0.5 * x) + np.linalg.solve(s, errors),
    }[form]()
    frame = pd.DataFrame(
        {
            "city": np.repeat(IDS, PERIODS), "year": np.tile(time, UNITS), "y": y.ravel(),
            "x": x.ravel(), "side": np.repeat(PLACES[:, 0] > 0.5, PERIODS),
            "cohort": np.repeat(cohort, PERIODS),
        }
    )  # fmt: skip
    panel = nqp.Panel.from_frame(
        frame,
        unit="city",
        time="year",
        cohort="cohort",
        outcome="y",
        covariates=["x"],
        strata=["side"],
    )
    arguments = {"effect": nqp.CompletePooling(varying=None), "spillovers": nqp.SpatialLag(WEIGHTS)}
    design = nqp.StaggeredDiD(**{**arguments, **changes})  # type: ignore[arg-type]
    return nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)


def climbed(e_of, jacobian, start):  # type: ignore[no-untyped-def]
    """Maximum of a dense log likelihood, and its Hessian by differences."""

    def loss(point: np.ndarray) -> float:
        e = e_of(point)
        return 0.5 * e.size * np.log(e @ e / e.size) - jacobian(point[0])

    best = minimize(loss, start, method="BFGS", options={"gtol": 1e-7}).x
    steps = 1e-4 * np.eye(best.size)
    hessian = [
        [
            (loss(best + a + b) - loss(best + a - b) - loss(best - a + b) + loss(best - a - b))
            / 4e-8
            for a in steps
        ]
        for b in steps
    ]
    return -loss(best), best, np.array(hessian)


@pytest.mark.parametrize("rho", [0.0, 0.7])
def test_statistics_are_those_of_the_dense_likelihood(rho: float) -> None:
    """Time effects common: the dense density of all contrasts, each parameter climbed."""
    generator = np.random.default_rng(3)
    n, periods = 30, 5
    w = W[:n, :n] + 1e-3
    np.fill_diagonal(w, 0.0)
    w = w / w.sum(axis=1, keepdims=True)
    x = generator.standard_normal((n, periods, 2))
    y = np.linalg.solve(
        np.eye(n) - 0.4 * w, x @ [1.0, -0.5] + generator.standard_normal(x.shape[:2])
    )
    time = np.arange(periods)
    covariance = rho ** np.abs(time[:, None] - time)
    ours = Forms.of_panel(
        y, x, np.ones((n, 1)), csr_array(w), covariance,
        log_determinant(csr_array(w), np.zeros(n, int)),
    ).restrictions()  # fmt: skip
    between, within = linalg.null_space(np.ones((1, n))), linalg.null_space(np.ones((1, periods)))
    root = np.linalg.cholesky(np.kron(np.eye(n - 1), within.T @ covariance @ within))

    def turned(values: np.ndarray) -> np.ndarray:
        flat = values.reshape(n * periods, -1)
        return np.linalg.solve(root, np.kron(between, within).T @ flat)

    ty, twy, tx = turned(y)[:, 0], turned(w @ y)[:, 0], turned(x)
    twx = turned(np.einsum("ij,jtk->itk", w, x))

    def jacobian(delta: float) -> float:
        inner = between.T @ (np.eye(n) - delta * w) @ between
        return float((periods - 1) * np.linalg.slogdet(inner)[1])

    full, best, hessian = climbed(
        lambda p: ty - p[0] * twy - tx @ p[1:3] - twx @ p[3:], jacobian, np.full(5, 0.1)
    )
    inverse = np.linalg.inv(hessian)
    others = {
        "SAR": lambda p: ty - p[0] * twy - tx @ p[1:],
        "SEM": lambda p: ty - p[0] * twy - (tx - p[0] * twx) @ p[1:],
        "SLX": lambda p: ty - tx @ p[1:3] - twx @ p[3:],
    }
    eye, beta, theta = np.eye(2), best[1:3], best[3:]
    sides = {
        "SAR": (theta, np.column_stack([np.zeros((2, 3)), eye])),
        "SEM": (theta + best[0] * beta, np.column_stack([beta, best[0] * eye, eye])),
        "SLX": (best[:1], np.eye(1, 5)),
    }
    for form, e_of in others.items():
        start = np.full(5 if form == "SLX" else 3, 0.1)
        bound = (lambda _: 0.0) if form == "SLX" else jacobian
        ratio = 2.0 * (full - climbed(e_of, bound, start)[0])
        r, slope = sides[form]
        assert ours[form].ratio == pytest.approx(ratio, abs=1e-5)
        wald = r @ np.linalg.solve(slope @ inverse @ slope.T, r)
        assert ours[form].wald == pytest.approx(wald, rel=1e-3)
        assert ours[form].freedom == len(r)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "verdict"), [("SDM", "passed"), ("SAR", "passed"), ("SEM", "caution")]
)
def test_forms_are_told_apart_and_the_hint_fits(form: str, verdict: str) -> None:
    fit = fitted(form)
    result = nqp.check(fit, "spatial_form", progress=False)
    assert result.verdict == verdict
    assert result.evidence is not None
    best = result.evidence["form"].to_numpy()[
        int(result.evidence["log_marginal"].to_numpy().argmax())
    ]
    assert best == form
    hint = re.search(r"Next: fit again with (.*?) in the design", result.sentence)
    assert (hint is None) == (form == "SDM")
    if hint is not None:
        design = eval(f"fit.variant({hint.group(1)})", {"fit": fit, "nqp": nqp})
        plainer = nqp.fit(design, fit.panel, nqp.Importance(seed=1, draws=100), progress=False)
        assert nqp.check(plainer, "spatial_form", progress=False).verdict == "passed"


def test_where_outcomes_add_nothing_linked_columns_would_do() -> None:
    result = nqp.check(fitted("SLX"), "spatial_form", progress=False)
    assert result.verdict == "passed"
    assert result.sentence.endswith(
        "with spillovers=nqp.SpatialLag(fit.design.spillovers.weights, lag=False) in the design."
    )
    plainer = fitted("SLX", spillovers=nqp.SpatialLag(WEIGHTS, lag=False))
    again = nqp.check(plainer, "spatial_form", progress=False)
    assert again.verdict == "passed"
    assert "SLX" in again.sentence


def test_a_form_that_is_too_narrow_fails_and_mixed_levels_have_no_marginal() -> None:
    plain = fitted("SDM", spillovers=nqp.SpatialLag(WEIGHTS, durbin=False))
    result = nqp.check(plain, "spatial_form", progress=False)
    assert result.verdict == "failed"
    assert "with spillovers=nqp.SpatialLag(fit.design.spillovers.weights) in" in result.sentence
    errors = fitted("SDM", spillovers=nqp.SpatialLag(WEIGHTS, error=True))
    assert nqp.check(errors, "spatial_form", progress=False).verdict == "failed"
    mixed = fitted("SDM", time=nqp.TimeEffects(["side"]))
    result = nqp.check(mixed, "spatial_form", progress=False)
    assert result.verdict == "passed"
    assert "no marginal likelihoods" in result.figure
    with pytest.raises(StudyError, match="'theta_sd' is 0"):
        nqp.check(plain, "spatial_form", theta_sd=0, progress=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("world", "options", "words"),
    [
        ("SEM", {"durbin": False}, "The data favour spatial errors (SEM)"),
        ("SAR", {"error": True}, "The data reject spatial errors alone (SEM)"),
    ],
)
def test_a_lag_and_shared_errors_are_not_taken_for_each_other(
    world: str, options: dict[str, bool], words: str
) -> None:
    fit = fitted(world, spillovers=nqp.SpatialLag(WEIGHTS, **options))
    result = nqp.check(fit, "spatial_form", progress=False)
    assert result.verdict in ("caution", "failed")
    assert words in result.sentence


def test_of_two_forms_that_both_stand_the_likelier_is_told() -> None:
    p = {"SAR": 0.3, "SEM": 0.4, "SLX": 0.0}
    found = {
        (form, lag): form_verdict(form, p, lag)[0]
        for form in ("SDM", "SAR", "SEM") for lag in (0.02, 0.5, 0.98)
    }  # fmt: skip
    assert found == {
        ("SDM", 0.02): "caution", ("SDM", 0.5): "inconclusive", ("SDM", 0.98): "passed",
        ("SAR", 0.02): "caution", ("SAR", 0.5): "inconclusive", ("SAR", 0.98): "passed",
        ("SEM", 0.02): "passed", ("SEM", 0.5): "inconclusive", ("SEM", 0.98): "caution",
    }  # fmt: skip
    # What the likelihood ratio says of one of them is enough.
    assert form_verdict("SAR", p | {"SEM": 0.01}, 0.02)[0] == "passed"
    assert form_verdict("SAR", p | {"SAR": 0.01}, 0.98)[0] == "caution"
    assert "favour spatial errors (SEM)" in form_verdict("SAR", p | {"SAR": 1e-4}, 0.02)[1]
    both = form_verdict("SAR", p | {"SAR": 1e-4, "SEM": 0.01}, 0.5)
    assert both[0] == "failed"
    assert "treatment or covariates" in both[1]


@pytest.mark.slow
def test_a_proper_prior_of_theta_counts_as_a_marginal_likelihood_does() -> None:
    """As its sd falls the Durbin model becomes one without W x (Savage and Dickey)."""
    fit = fitted("SAR")
    draws = fit.posterior["outcome__slope"].sel(outcome__slope_label="W × x").to_numpy()
    lag = fit.model_frame.model.equations[0].columns["W × x"].reshape(UNITS, PERIODS)
    size = (lag - lag.mean(axis=1, keepdims=True)).std() / fit.model_frame.equations[0].scale
    theta = draws * size
    wide, narrow = 3.0, 0.5 * theta.std()
    for sd in (wide, narrow):
        spread = np.hypot(theta.std(), sd)
        expected = norm.logpdf(0.0, theta.mean(), spread)
        assert log_prior_of_theta(fit, sd) == pytest.approx(expected, abs=0.05)
    panel, without = fit.panel, nqp.SpatialLag(WEIGHTS, durbin=["treatment"])
    assert panel is not None
    full, less = (
        log_marginal(design, panel, seed=1, proposals=1000).value
        for design in (fit.design, fit.variant(spillovers=without))
    )
    at_zero = norm.logpdf(0.0, theta.mean(), theta.std())
    assert less - full == pytest.approx(at_zero, abs=0.15)


@pytest.mark.slow
def test_marginal_likelihoods_are_those_of_dense_densities() -> None:
    """All contrasts of a continuous exposure, coefficients by Gaussian integrals, delta and sigma
    on a grid: the prior is about theta = 0 in one half and about theta = -delta beta in the other.
    """
    sampler = nqp.Importance(seed=1, draws=1000)
    panel = provinces.panel_of(delta=0.6, theta=0.05)
    fit = nqp.fit(provinces.design_of(), panel, sampler, progress=False)
    evidence = nqp.check(fit, "spatial_form", progress=False).evidence
    units, periods, w, eye = provinces.UNITS, provinces.PERIODS, provinces.W, np.eye(2)
    model_frame = model_frame_of(fit.design, panel)
    s, exposure = model_frame.equations[0].scale, model_frame.exposure
    assert exposure is not None
    y, x, dose = (
        provinces.table(panel, column)
        for column in (panel.outcome / s, panel.covariates[:, 0], panel.exposures[:, 0])
    )
    near = w @ x
    size = (near - near.mean(axis=1, keepdims=True)).std()
    level = nqp.Priors().level / exposure.size
    own = np.stack([level * dose, x / size], axis=2)
    linked = np.einsum("ij,jtk->itk", w, own)
    multiples = np.array([s * level, s / size])
    spreads = [
        units * np.cov(evidence[name].to_numpy().reshape(-1, 2).T / np.outer(multiples, [1.0]))
        for name in ("theta", "common_factor")
    ]
    between, within = (linalg.null_space(np.ones((1, k))) for k in (units, periods))
    prior = np.diag([1.0, 0.0])

    def rows(values: np.ndarray) -> np.ndarray:
        return np.einsum("ia,itk,tb->abk", between, values, within).reshape(-1, values.shape[2])

    def precision(half: int, delta: float) -> tuple[np.ndarray, float]:
        """Of own and linked coefficients, and the log of what it is multiplied by."""
        joint, sides = 1.0 + spreads[half][0, 0], np.hstack([half * delta * eye, eye])
        matrix = linalg.block_diag(prior, prior) + sides.T @ np.linalg.solve(spreads[half], sides)
        matrix[0, 0] -= half * delta**2 / joint
        logs = np.log(joint) - np.linalg.slogdet(spreads[half])[1] - 3.0 * np.log(2.0 * np.pi)
        return matrix, 0.5 * logs - np.log(2.0)

    sigma = fit.posterior["outcome__sigma"].mean().item() / s * np.linspace(0.75, 1.4, 60)
    heights: dict[str, list[np.ndarray]] = {"SDM": [], "SAR": [], "SEM": []}
    for delta in np.linspace(0.0, 0.9, 121):
        ground = (periods - 1) * np.linalg.slogdet(
            between.T @ (np.eye(units) - delta * w) @ between
        )[1]
        ground += beta(3, 3).logpdf((1.0 + delta) / 2.0)
        r = rows((y - delta * w @ y)[..., None])[:, 0]
        k, wk = rows(own), rows(linked)
        plain = (prior, -0.5 * np.log(2.0 * np.pi))
        members = [("SDM", np.hstack([k, wk]), precision(half, delta)) for half in (0, 1)]
        members += [("SAR", k, plain), ("SEM", k - delta * wk, plain)]
        for form, design, (matrix, constant) in members:
            for sd in sigma:
                inner, side = design.T @ design / sd**2 + matrix, design.T @ r / sd**2
                fitted_part = side @ np.linalg.solve(inner, side) - r @ r / sd**2
                logs = np.linalg.slogdet(inner)[1] - len(inner) * np.log(2.0 * np.pi)
                height = 0.5 * (fitted_part - logs) - len(r) * np.log(sd) - 0.5 * sd**2
                heights[form].append(ground + constant + height)
    dense = {form: logsumexp(values) for form, values in heights.items()}
    ours = evidence["log_marginal"]
    for form in ("SAR", "SEM"):
        less = float(ours.sel(form=form) - ours.sel(form="SDM"))
        assert less == pytest.approx(dense[form] - dense["SDM"], abs=0.1)
    assert evidence["probability"].sum().item() == pytest.approx(1.0)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["SAR", "SEM"])
def test_unit_information_makes_marginal_likelihoods_those_of_bic(form: str) -> None:
    """Kass and Wasserman (1995): within one, n being the number of units."""
    evidence = nqp.check(fitted(form), "spatial_form", progress=False).evidence
    ours = evidence["log_marginal"] - evidence["log_marginal"].sel(form="SDM")
    tests = evidence.sel(errors="whitened", restricted=["SAR", "SEM"])
    expected = 0.5 * (tests["freedom"] * np.log(UNITS) - tests["ratio"]).to_numpy()
    np.testing.assert_allclose(ours.sel(form=["SAR", "SEM"]), expected, atol=1.0)


def test_where_both_disagree_the_verdict_is_in_doubt() -> None:
    weak = fitted("SDM", near=0.5)
    result = nqp.check(weak, "spatial_form", progress=False)
    assert result.verdict == "caution"
    assert result.sentence.startswith("The likelihood ratio rejects SAR (p = 0.0")
    assert "above that of SDM." in result.sentence
    plain = fitted("SDM", near=0.7, spillovers=nqp.SpatialLag(WEIGHTS, durbin=False))
    assert nqp.check(plain, "spatial_form", progress=False).verdict == "failed"
    result = nqp.check(plain, "spatial_form", theta_sd=1e6, progress=False)
    assert result.verdict == "caution"
    assert "disagree" in result.sentence
    assert "with spillovers=nqp.SpatialLag(fit.design.spillovers.weights) in" in result.details


def test_forms_that_are_looked_at_are_those_of_the_verdict() -> None:
    p = {"SAR": 0.2, "SEM": 0.01, "SLX": 0.0}

    def named(form: str, sar: float, sem: float) -> list[str]:
        marginal = {"SDM": 0.0, "SAR": sar, "SEM": sem}
        return [str(text) for text in form_disputes(form, p, marginal)]

    # Of a Durbin model: the highest, or each where that is its own.
    assert not named("SDM", 4.0, 1.0)
    assert [text[:30] for text in named("SDM", 1.0, 4.0)] == ["The likelihood ratio rejects S"]
    (text,) = named("SDM", -1.5, -3.0)
    assert text.startswith("The likelihood ratio does not reject SAR (p = 0.200)")
    assert "1.5 below that of SDM" in text
    # Of a restricted form: that form.
    assert not named("SAR", 1.0, 4.0)
    assert named("SEM", 4.0, 1.0)
    assert not named("SLX", 1.0, 4.0)
    assert not form_disputes("SDM", p, {})


def test_the_weights_that_made_the_outcome_are_preferred() -> None:
    """Outcomes follow those of the three nearest units, not those within 500 km."""
    rng = np.random.default_rng(4)
    cohort = np.array([2003.0, 2005.0, np.nan, np.nan])[np.arange(UNITS) % 4]
    time = 2000 + np.arange(PERIODS)
    degrees = np.column_stack([100 + 12 * PLACES[:, 0], 25 + 12 * PLACES[:, 1]])
    frame = pd.DataFrame(
        {"city": np.repeat(IDS, PERIODS), "year": np.tile(time, UNITS), "y": 0.0,
         "cohort": np.repeat(cohort, PERIODS), "longitude": np.repeat(degrees[:, 0], PERIODS),
         "latitude": np.repeat(degrees[:, 1], PERIODS)}
    )  # fmt: skip
    roles = {"unit": "city", "time": "year", "cohort": "cohort", "outcome": "y"}
    blank = nqp.Panel.from_frame(frame.assign(y=rng.standard_normal(len(frame))), **roles)
    three = nqp.spatial_weights.nearest(blank, k=3)
    wide = nqp.spatial_weights.band(blank, km=500, islands="nearest")
    mean = 0.5 * (time >= cohort[:, None]) + 0.3 * rng.standard_normal((UNITS, PERIODS))
    y = np.linalg.solve(np.eye(UNITS) - 0.6 * three.matrix.toarray(), mean)
    panel = nqp.Panel.from_frame(frame.assign(y=y.ravel()), **roles)
    fits = {
        name: nqp.fit(
            nqp.StaggeredDiD(
                nqp.CompletePooling(varying=None), time=nqp.TimeEffects(),
                spillovers=nqp.SpatialLag(weights, durbin=["treatment"]),
            ),
            panel, nqp.Importance(seed=1), progress=False,
        )
        for name, weights in (("three", three), ("wide", wide))
    }  # fmt: skip
    right, wrong = (nqp.check(fit, "spatial_weights", progress=False) for fit in fits.values())
    assert right.verdict == "passed"
    assert wrong.verdict == "caution"
    assert "nqp.spatial_weights.nearest(panel, k=3)" in wrong.sentence
    given = nqp.check(fits["wide"], "spatial_weights", weights=three, progress=False)
    assert given.verdict == "caution"
    assert given.sentence.startswith(f"The data favour other spatial weights ({three.name})")
    answer = nqp.weights_probabilities(fits["wide"], {"wide": wide, "three": three}, forms=["SDM"])
    assert given.evidence is not None
    assert given.evidence["probability"].tolist() == pytest.approx(answer.weights.tolist())
    printed = nqp.table(fits, "spatial", checks=[given]).to_markdown()
    assert "P(W)" in printed
    table = nqp.compare(fits).set_index("fit")
    odds = np.exp(table["log_marginal"]["wide"] - table["log_marginal"]["three"])
    assert table["probability"]["wide"] == pytest.approx(odds / (1 + odds), rel=1e-6)
    assert table["probability"].sum() == pytest.approx(1.0)


def test_fits_whose_flat_columns_differ_have_no_odds() -> None:
    """``W x`` of a covariate has a flat coefficient, and is another column under another W."""
    other = nqp.SpatialLag(nqp.spatial_weights.matrix(pd.DataFrame(LINKS.T, IDS, IDS)))
    time = nqp.TimeEffects()
    durbin = {"a": fitted("SDM", time=time), "b": fitted("SDM", time=time, spillovers=other)}
    with pytest.raises(StudyError, match="spatial lag"):
        nqp.compare(durbin)
    plain = {
        name: fitted("SAR", time=time, spillovers=nqp.SpatialLag(weights, durbin=False))
        for name, weights in (("a", WEIGHTS), ("b", other.weights))
    }
    assert nqp.compare(plain)["probability"].sum() == pytest.approx(1.0)


def test_without_columns_of_linked_units_there_is_no_form_to_tell() -> None:
    """All are linked to units that never adopt, and no covariates enter."""
    never = np.flatnonzero(np.arange(UNITS) % 4 > 1)
    links = np.zeros((UNITS, UNITS))
    links[np.arange(UNITS), np.resize(np.roll(never, 1), UNITS)] = 1.0
    links[never] = 0.0
    links[never, np.roll(never, 1)] = 1.0
    weights = nqp.spatial_weights.matrix(pd.DataFrame(links, IDS, IDS))
    fit = fitted("SAR", spillovers=nqp.SpatialLag(weights), covariates=[])
    found = nqp.check(fit, "spatial_form", progress=False)
    assert found.verdict == "not applicable"
    assert "no spatially lagged columns" in found.sentence


@pytest.mark.slow
@pytest.mark.parametrize("spatial", [{"durbin": False}, {"durbin": False, "error": True}])
def test_every_check_answers_of_every_form(spatial: dict[str, bool]) -> None:
    """Without covariates and linked units' treatment no question ends in an error."""
    fit = fitted("SAR", covariates=(), spillovers=nqp.SpatialLag(WEIGHTS, **spatial))
    table = nqp.check(fit, progress=False)
    assert "pretrends" in list(table["check"])


@pytest.mark.slow
@pytest.mark.parametrize(("world", "verdict"), [("SDM", "failed"), ("SDEM", "passed")])
def test_errors_beside_columns_of_linked_units(world: str, verdict: str) -> None:
    """No Durbin model holds them: odds beside it, those of `weights_probabilities`, tell."""
    term = nqp.SpatialLag(WEIGHTS, durbin=True, error=True)
    fit = fitted(world, near=4.0, spillovers=term)
    found = nqp.check(fit, "spatial_form")
    assert found.verdict == verdict
    share = nqp.weights_probabilities(fit, {"four nearest": WEIGHTS}, forms=["SDM", "SDEM"]).forms
    assert found.figure.endswith(f"SDEM {chance(share['SDEM'], 2)}")
