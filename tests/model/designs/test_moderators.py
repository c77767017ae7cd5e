"""Effects along columns of units: against dense densities, least squares and a known function."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.linalg as sl
from dense import Dense, values_of
from doors import Context, methods
from random_panels import random_frame
from same_density import assert_dense
from scipy.interpolate import make_interp_spline

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import ChoiceError, IdentificationError, PanelError, StudyError
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.model.codec import decode, encode
from bayes_nqp.model.designs import saturated_design

SAMPLER = nqp.Importance(draws=500, seed=1)
PLAIN = nqp.PartialPooling(varying=None)


def random_panel(seed: int, *, missing: float = 0.0, strata: tuple[str, ...] = ()) -> nqp.Panel:
    frame = random_frame(seed, missing=missing, units=30)
    units = np.unique(frame["unit"])
    size = dict(zip(units, np.random.default_rng(seed).gamma(3.0, size=units.size), strict=True))
    return nqp.Panel.from_frame(
        frame.assign(size=frame["unit"].map(size)), unit="unit", time="time", cohort="cohort",
        outcome="y", strata=list(strata),
    )  # fmt: skip


class DenseCurves(Dense):
    """A line and a smoothing spline, by the matrices of Green and Silverman (1994, 2.1.2).

    Q and R are banded, and ``K = Q R^-1 Q'`` is the integral of squared second derivatives of the
    natural spline through values at knots. Values orthogonal to constants and lines over treated
    units have the covariance ``F (F'KF)^-1 F'``, with F a basis of them.
    """

    term: Any
    by = False

    def levels_of_curves(self) -> list[np.ndarray]:
        if not self.by:
            return [np.ones(self.panel.n_units, dtype=bool)]
        codes = self.panel.strata_codes["region"]
        return [codes == k for k in range(len(self.panel.levels["region"]))]

    def kernels(self, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Covariance of line and bends at all units (unit, unit) and x."""
        x = self.panel.frame.groupby("unit")["size"].first().to_numpy()
        treated = inside & (np.asarray(self.panel.cohort_codes) >= 0)
        line = (x - x[treated].mean()) / x[treated].std()
        if isinstance(self.term, nqp.LinearModerator):
            return np.outer(line, line), np.zeros((x.size, x.size)), x
        knots = np.unique(np.quantile(x[treated], np.linspace(0, 1, 8), method="nearest"))
        n, h = knots.size, np.diff(knots)
        q, r = np.zeros((n, n - 2)), np.zeros((n - 2, n - 2))
        for j in range(n - 2):
            q[j : j + 3, j] = 1 / h[j], -1 / h[j] - 1 / h[j + 1], 1 / h[j + 1]
            r[j, j] = (h[j] + h[j + 1]) / 3
            if j < n - 3:
                r[j, j + 1] = r[j + 1, j] = h[j + 1] / 6
        roughness = q @ np.linalg.solve(r, q.T)
        spline = make_interp_spline(knots, np.eye(n), bc_type="natural")
        at = np.clip(x, knots[0], knots[-1])
        values = spline(at) + (x - at)[:, None] * spline.derivative()(at)
        gram = values[treated].T @ values[treated] / treated.sum()
        free = sl.null_space(np.stack([np.ones(n), knots]) @ gram)
        covariance = free @ np.linalg.solve(free.T @ roughness @ free, free.T)
        return (
            np.outer(line, line),
            values @ covariance @ values.T / np.trace(gram @ covariance),
            x,
        )

    def of_effects(self, p: Mapping[str, float]) -> np.ndarray:
        """Covariance of the functions of all units (unit, unit)."""
        total, flat = 0.0, isinstance(self.design.effect, nqp.NoPooling)
        for inside in self.levels_of_curves():
            line, bends, _ = self.kernels(inside)
            tau = p.get("scale_moderator_size_bends", self.priors.factor)
            both = (0.0 if flat else self.priors.contrast**2) * line + tau**2 * bends
            total = total + both * np.outer(inside, inside)
        return np.asarray(total)

    @property
    def net(self) -> np.ndarray:
        """Treated observations less means of their cells, by unit (row, unit)."""
        out = (self.unit[:, None] == np.arange(self.panel.n_units)) * self.treated[:, None] * 1.0
        for cell in self.in_cell.T > 0:
            out[cell] -= out[cell].mean(axis=0)
        return out

    @property
    def flat(self) -> np.ndarray:
        columns = [super().flat]
        for inside in self.levels_of_curves() if self.term.time != "none" else []:
            x = np.where(inside, self.kernels(inside)[2], 0.0)[self.unit]
            on = inside[self.unit]
            time = (self.time[:, None] == np.arange(1, self.panel.periods)) * on[:, None]
            columns.append(time * (x - x[on].mean())[:, None])
        return np.concatenate(columns[::-1], axis=1)

    def covariance(self, p: Mapping[str, float]) -> np.ndarray:
        out = super().covariance(p) + self.net @ self.of_effects(p) @ self.net.T
        if self.term.time == "smooth":
            same = (self.time[:, None] == self.time) & (self.time > 0)
            for inside in self.levels_of_curves():
                on = np.outer(inside, inside)[np.ix_(self.unit, self.unit)]
                bends = self.kernels(inside)[1]
                mean = np.eye(len(bends)) - inside[None, :] / inside.sum()
                centred = mean @ bends @ mean.T
                out += self.priors.level**2 * centred[np.ix_(self.unit, self.unit)] * same * on
        return out


def dense_of(design: nqp.StaggeredDiD, panel: nqp.Panel) -> DenseCurves:
    reference = DenseCurves(design, panel)
    reference.term = design.moderators[0]
    reference.by = reference.term.by is not None
    return reference


CASES = {
    "line": (nqp.LinearModerator("size"), nqp.PartialPooling(), ()),
    "line, untreated outcomes apart": (nqp.LinearModerator("size", time="none"), PLAIN, ()),
    "curve": (nqp.SmoothModerator("size"), nqp.PartialPooling(), ()),
    "curve, linear in time": (nqp.SmoothModerator("size", time="linear"), PLAIN, ("region",)),
    "lines by level": (nqp.LinearModerator("size", by="region"), nqp.PartialPooling(), ("region",)),
}


@pytest.mark.parametrize("name", CASES)
def test_density_is_dense(name: str) -> None:
    term, effect, strata = CASES[name]
    design = nqp.StaggeredDiD(effect, moderators=term, unidentified="drop")
    panel = random_panel(2, missing=0.1, strata=strata)
    if term.by is not None:
        keep = panel.frame.groupby("region")["cohort"].transform("count") > 0
        panel = panel.where(keep.to_numpy())
    problem = model_frame_of(design, panel).equations[0].gaussian
    assert_dense(problem, dense_of(design, panel).log_likelihood, 0.5, 4, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("name", ["line", "curve"])
def test_effects_of_cells_and_units_have_the_dense_mean(name: str) -> None:
    term, effect, strata = CASES[name]
    design = nqp.StaggeredDiD(effect, moderators=term, unidentified="drop")
    panel = random_panel(3, strata=strata)
    names = model_frame_of(design, panel).equations[0].problem.parameter_names
    values = values_of(names, 0.4 * np.random.default_rng(3).standard_normal(len(names)))
    reference = dense_of(design, panel)
    effects = nqp.posterior_mean(
        design, panel,
        **{k: x if k.endswith("rho") else x * reference.s for k, x in values.items()},
    )  # fmt: skip
    mean, _ = reference.posterior(values)
    expected = (reference.shares() @ mean)[~reference.lead]
    np.testing.assert_allclose(effects["effect"].values.ravel(), expected, atol=1e-7)
    # E[f | y] = Cov(f, y) V^-1 (y - X b).
    inverse, x = np.linalg.inv(reference.covariance(values)), reference.flat
    beta = np.linalg.pinv(x.T @ inverse @ x, rcond=1e-11, hermitian=True) @ x.T @ inverse
    residual = inverse @ (reference.y - x @ (beta @ reference.y))
    f = reference.of_effects(values) @ reference.net.T @ residual * reference.s
    treated = np.unique(reference.unit[reference.treated])
    found = effects["deviation"].values.ravel()
    np.testing.assert_allclose(found, mean[len(reference.cells) :] + f[treated], atol=1e-7)


def test_a_line_under_flat_effects_is_least_squares() -> None:
    """Wooldridge (2025): cells, and treatment times the moderator centred by cell."""
    design = nqp.StaggeredDiD(
        nqp.NoPooling(varying=None), nqp.IID(), moderators=nqp.LinearModerator("size"),
        unidentified="drop",
    )  # fmt: skip
    panel = random_panel(5)
    fit = nqp.fit(design, panel, nqp.Importance(draws=4000, seed=1), progress=False)
    frame = panel.frame
    treated = (frame["time"] >= frame["cohort"]).to_numpy()
    cell = frame["cohort"].astype(str) + frame["time"].astype(str)
    centred = frame["size"] - frame[treated].groupby(cell)["size"].transform("mean")
    columns = [
        pd.get_dummies(frame["unit"]), pd.get_dummies(frame["time"]),
        pd.get_dummies(cell.where(treated)),
        pd.get_dummies(frame["time"]).iloc[:, 1:].mul(frame["size"], axis=0),
        centred.where(treated, 0.0),
    ]  # fmt: skip
    x = np.column_stack([np.asarray(c, dtype=float) for c in columns])
    slope = np.linalg.lstsq(x, frame["y"].to_numpy(), rcond=None)[0][-1]
    (coefficient,) = posterior_slope(design, panel, fit)
    assert coefficient == pytest.approx(slope, abs=1e-8)


def posterior_slope(design: nqp.StaggeredDiD, panel: nqp.Panel, fit: nqp.Fit) -> np.ndarray:
    """Exact mean of the slope given sigma, which least squares does not depend on."""
    from bayes_nqp.numerics.linear_gaussian import draw

    equation = model_frame_of(design, panel).equations[0]
    shared = draw(equation.gaussian, np.zeros((1, 1)), None).shared[0]
    at = 0
    for part in equation.globals:
        size = part.columns.shape[1]
        if part.name == "slope":
            shown = shared[at : at + size] @ part.display.T * equation.scale
            assert part.labels[-1] == "treated × size"
            return np.asarray(shown[-1:])
        at += size
    raise AssertionError


def known(units: int, seed: int, *, late: bool = False) -> pd.DataFrame:
    """Return rows with the effect ``2 sin(x)`` and outcomes that depend on x by period."""
    rng = np.random.default_rng([4, seed])
    x, periods = rng.uniform(0.0, 4.0, units), 10
    start = rng.choice([4.0, 6.0, np.nan], units)
    time = np.arange(periods)
    treated = time >= np.nan_to_num(start, nan=99.0)[:, None]
    y = rng.normal(size=(units, 1)) + rng.normal(0, 0.3, (units, periods))
    y += 0.1 * x[:, None] * time + treated * 2.0 * np.sin(x)[:, None]
    return pd.DataFrame({
        "unit": np.repeat(np.arange(units), periods), "time": np.tile(time, units),
        "cohort": np.repeat(start, periods), "y": y.ravel(), "x": np.repeat(x, periods),
        "region": np.repeat(np.where(np.arange(units) % 2, "east", "west"), periods),
    })  # fmt: skip


def panel_of(frame: pd.DataFrame, **arguments: Any) -> nqp.Panel:
    return nqp.Panel.from_frame(
        frame, unit="unit", time="time", cohort="cohort", outcome="y", **arguments
    )


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    design = nqp.StaggeredDiD(moderators=nqp.SmoothModerator("x"))
    return nqp.fit(design, panel_of(known(80, 1)), SAMPLER, progress=False)


def test_a_known_function_is_found(fit: nqp.Fit) -> None:
    at = np.array([0.5, 1.5, 2.5, 3.5])
    table = nqp.summary(nqp.effect_curve(fit, values=at), 0.99)
    assert (np.abs(table["mean"] - 2.0 * np.sin(at)) < 0.35).all()
    assert ((table["lower"] < 2.0 * np.sin(at)) & (2.0 * np.sin(at) < table["upper"])).all()


def test_over_observed_values_the_mean_is_the_average_effect(fit: nqp.Fit) -> None:
    effects = fit.model_frame.effects
    seen = fit.panel.frame["x"].to_numpy()[effects.rows]
    curve = nqp.effect_curve(fit, values=seen)
    np.testing.assert_allclose(curve.mean("x"), nqp.att(fit), atol=1e-9)


def test_effects_of_units_contain_the_curve(fit: nqp.Fit) -> None:
    by_unit = nqp.att(fit, by="unit").mean(("chain", "draw"))
    x = fit.panel.frame.drop_duplicates("unit").set_index("unit")["x"]
    x.index = x.index.astype(str)
    found = by_unit.to_series()
    assert np.corrcoef(found, 2.0 * np.sin(x[found.index.astype(str)]))[0, 1] > 0.95


def test_bayes_r2_counts_the_curve_once(fit: nqp.Fit) -> None:
    plain = nqp.fit(nqp.StaggeredDiD(baseline=["x"]), fit.panel, SAMPLER, progress=False)
    gap = float(nqp.bayes_r2(fit).mean() - nqp.bayes_r2(plain).mean())
    assert abs(gap) < 0.05


def test_it_is_saved_and_loaded(fit: nqp.Fit, tmp_path: Path) -> None:
    fit.save(tmp_path / "fit.nc")
    loaded = nqp.load(tmp_path / "fit.nc")
    assert loaded.design == fit.design
    assert decode(encode(fit.design)) == fit.design
    np.testing.assert_allclose(nqp.effect_curve(loaded), nqp.effect_curve(fit))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_is_reported(fit: nqp.Fit, language: str) -> None:
    text = "\n".join(str(block) for block in methods(Context(fit, [], language=language)))
    assert ("smoothing spline" if language == "en" else "平滑样条") in text


def test_saturated_fits_have_lines(fit: nqp.Fit) -> None:
    for time, kept in (("smooth", "linear"), ("none", "none")):
        design = nqp.StaggeredDiD(moderators=nqp.SmoothModerator("x", time=time))
        lines = saturated_design(design, fit.panel).moderators
        assert lines == (nqp.LinearModerator("x", time=kept),)
    assert nqp.check(fit, "error_model").verdict != "not applicable"


def test_curves_by_level_are_apart() -> None:
    frame = known(120, 2)
    east, treated = frame["region"] == "east", frame["time"] >= frame["cohort"]
    frame.loc[east & treated, "y"] -= 4.0 * np.sin(frame["x"][east & treated])
    design = nqp.StaggeredDiD(moderators=nqp.SmoothModerator("x", by="region", time="linear"))
    fit = nqp.fit(design, panel_of(frame, strata=["region"]), SAMPLER, progress=False)
    means = nqp.effect_curve(fit, values=[1.5]).mean(("chain", "draw")).squeeze("x")
    assert float(means.sel(region="west")) == pytest.approx(2.0, abs=0.4)
    assert float(means.sel(region="east")) == pytest.approx(-2.0, abs=0.4)
    with pytest.raises(StudyError, match="'by' omits it"):
        nqp.effect_curve(fit, by="cohort")
    frame.loc[east, "cohort"] = np.nan
    alone = nqp.fit(design, panel_of(frame, strata=["region"]), SAMPLER, progress=False)
    assert nqp.effect_curve(alone)["region"].values.tolist() == ["west"]


def refused(term: Any, frame: pd.DataFrame, **arguments: Any) -> str:
    strata = arguments.pop("strata", [])
    with pytest.raises((StudyError, PanelError, IdentificationError, ChoiceError)) as told:
        nqp.fit(
            nqp.StaggeredDiD(moderators=term, **arguments), panel_of(frame, strata=strata),
            SAMPLER, progress=False,
        )  # fmt: skip
    return str(told.value)


def test_what_cannot_be_a_moderator_is_refused() -> None:
    frame = known(40, 3)
    curve = nqp.SmoothModerator
    late = frame[frame["time"] >= 4].assign(z=lambda f: f["x"] + f["time"])
    treated = frame["cohort"].notna()
    of_cohort = frame.assign(z=frame["x"].where(~treated, frame["cohort"]))
    assert "does not have" in refused(curve("nothing"), frame)
    assert "not numeric" in refused(curve("region"), frame)
    assert "twice" in refused([curve("x"), nqp.LinearModerator("x")], frame)
    assert "is the outcome" in refused(curve("y"), frame)
    assert "not a stratum" in refused(curve("x", by="region"), frame)
    assert "may be results of treatment" in refused(curve("z"), late, unidentified="drop")
    assert "do not differ" in refused(nqp.LinearModerator("z"), of_cohort)
    assert "too few for" in refused(curve("z"), frame.assign(z=frame["x"] // 2))
    heavy = nqp.StaggeredDiD(moderators=curve("x"), likelihood=nqp.StudentT())
    with pytest.raises(StudyError, match="does not allow"):
        nqp.to_pymc(heavy, panel_of(frame))
    assert "fills 'moderators'" in refused((), frame, terms=[curve("x")])
    assert "'moderators'" in refused("x", frame)


def test_names_of_moderators_are_checked(fit: nqp.Fit) -> None:
    with pytest.raises(StudyError, match="not a moderator of the design"):
        nqp.effect_curve(fit, "size")
    with pytest.raises(StudyError, match="one value in each unit"):
        nqp.effect_curve(fit, by="unit")
    with pytest.raises(StudyError, match="not finite"):
        nqp.effect_curve(fit, values=[np.nan])
    plain = nqp.fit(nqp.StaggeredDiD(), fit.panel, SAMPLER, progress=False)
    with pytest.raises(StudyError, match="no 'moderators'"):
        nqp.effect_curve(plain)


def test_mediators_are_refused() -> None:
    frame = known(40, 4)
    frame["m"] = np.random.default_rng(1).normal(size=len(frame))
    design = nqp.StaggeredDiD(moderators=nqp.LinearModerator("x"))
    with pytest.raises(StudyError, match="moderators"):
        nqp.Mediation(design, ["m"])


def test_the_row_model_is_the_same_density() -> None:
    from marginal import Marginal

    from bayes_nqp.numerics.linear_gaussian import density

    design = nqp.StaggeredDiD(PLAIN, nqp.IID(), moderators=nqp.SmoothModerator("x"))
    panel = panel_of(known(20, 5)[lambda f: f["time"] < 8])
    (equation,) = model_frame_of(design, panel).equations
    points = 0.5 * np.random.default_rng(1).standard_normal((2, len(equation.gaussian.space)))
    names = [f"outcome__{name}" for name in equation.gaussian.space.names]
    marginal = Marginal(nqp.to_pymc(design, panel), names)
    gap = np.array([marginal(x) for x in points]) - density(equation.gaussian, points)
    assert np.ptp(gap) < 1e-7
