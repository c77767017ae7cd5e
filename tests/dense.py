"""The model written densely from its definition: the reference that shares no code with it.

Random effects enter through covariances of cells, written from the prior's statement (a walk
is ``min(e, e')``, a fixed contrast is ``(c^2 / 2)(I - J / L)``), and flat coefficients are
taken out by REML on an orthonormal basis of their columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, reduce
from itertools import combinations

import numpy as np
import pandas as pd
import scipy.linalg as sl
from scipy import stats

from bayes_nqp import (
    IID,
    ContinuousExposure,
    Heteroskedastic,
    NoPooling,
    Panel,
    PartialPooling,
    StaggeredDiD,
)
from bayes_nqp.inference.model_frame import model_frame_of

Parameters = Mapping[str, float]


class Dense:
    """The rows of a panel that a design keeps, and the model's matrices."""

    def __init__(self, design: StaggeredDiD, panel: Panel) -> None:
        self.design, self.panel, self.priors = design, panel, design.priors
        model_frame = model_frame_of(design, panel)
        self.s = model_frame.equations[0].scale
        keep = (
            model_frame.kept
            & (np.bincount(panel.unit_codes[model_frame.kept], minlength=panel.n_units) > 1)[
                panel.unit_codes
            ]
        )
        self.rows = np.flatnonzero(keep)
        self.unit = panel.unit_codes[self.rows]
        self.time = panel.time_codes[self.rows]
        self.y = panel.outcome[self.rows] / self.s
        adoption = panel.cohort_codes[self.unit]
        start = np.where(adoption < 0, 10**6, np.maximum(adoption - design.anticipation, 0))
        self.treated = self.time >= start
        lead = (design.controls == "never") & (adoption >= 0) & (self.time < start - 1)
        self.strata = {f: panel.strata_codes[f][self.unit] for f in panel.roles.strata}
        keys = np.stack([*self.strata.values(), adoption, self.time], axis=1)
        inside = self.treated | lead
        self.cells, at = np.unique(keys[inside], axis=0, return_inverse=True)
        self.in_cell = np.zeros((self.rows.size, len(self.cells)))
        self.in_cell[np.flatnonzero(inside), at.ravel()] = 1.0
        self.lead = self.in_cell.T @ lead > 0
        self.event_time = self.cells[:, -1] - self.cells[:, -2]

    @cached_property
    def members(self) -> np.ndarray:
        """Labels of who has a deviation (row), whether treated or not."""
        name = self.design.effect.varying
        if name == "unit":
            return self.panel.unit_labels[self.unit]
        return self.panel.frame[name].to_numpy(dtype=str)[self.rows]

    @cached_property
    def in_unit_effect(self) -> np.ndarray:
        """Treated rows of members (row, member)."""
        labels = np.unique(self.members[self.treated])
        return ((self.members[:, None] == labels) & self.treated[:, None]).astype(float)

    @cached_property
    def levels(self) -> np.ndarray:
        """Time-effect level of each row."""
        by = self.design.facts.time_strata(self.panel)
        if not by:
            return np.zeros(self.rows.size, dtype=int)
        codes = np.stack([self.strata[f] for f in by], axis=1)
        return np.unique(codes, axis=0, return_inverse=True)[1].ravel()

    @cached_property
    def flat(self) -> np.ndarray:
        """All columns with flat priors, collinear ones included (row, column)."""
        columns = [_dummies(self.unit)]
        pooled = self.design.time is not None and self.design.time.pooled
        times = self.time if pooled else self.levels * 1000 + self.time
        columns.append(_dummies(times))
        for j in range(len(self.panel.roles.covariates)):
            columns.append(self.panel.covariates[self.rows, j][:, None])
        for name in self.design.baseline:
            first = self.panel.frame.groupby(self.panel.roles.unit)[name].transform("first")
            columns.append(_dummies(self.time) * first.to_numpy()[self.rows][:, None])
        return np.concatenate([*columns, self.in_cell @ self.flat_map], axis=1)

    @cached_property
    def flat_cells(self) -> np.ndarray:
        """Cells whose effects are flat."""
        return self.lead | isinstance(self.design.effect, NoPooling)

    @cached_property
    def flat_map(self) -> np.ndarray:
        """From flat coefficients to the effects of cells (cell, flat)."""
        return np.eye(len(self.cells))[:, self.flat_cells]

    def cell_covariance(self, p: Parameters) -> np.ndarray:
        """Prior covariance of the cells' effects, flat ones zero."""
        pr, e = self.priors, self.event_time.astype(float)
        effect, n = ~self.lead, len(self.cells)
        if isinstance(self.design.effect, NoPooling):
            return np.zeros((n, n))
        out = np.full((n, n), pr.level**2) + pr.drift**2 * np.outer(e, e)
        steps = int(e[effect].max()) + int(-min(e[effect].min(), 0))
        if steps > 1:
            same = np.sign(e)[:, None] == np.sign(e)
            size = p["scale_walk"] if steps >= 5 else pr.walk
            out += size**2 * same * np.minimum.outer(abs(e), abs(e))
        if isinstance(self.design.effect, PartialPooling):
            out += self._strata_covariance(p) + self._cohort_covariance(p)
            if effect.sum() > 1:
                out += (p["scale_cell"] if effect.sum() >= 5 else pr.cell) ** 2 * np.eye(n)
        return out * np.outer(effect, effect)

    def _strata_covariance(self, p: Parameters) -> np.ndarray:
        names, effect = list(self.strata), ~self.lead
        wanted = self.design.effect.strata or names
        codes = {f: self.cells[:, names.index(f)] for f in wanted}
        used = [f for f in wanted if np.unique(codes[f][effect]).size > 1]
        out = np.zeros((len(self.cells), len(self.cells)))
        for order in range(1, len(used) + 1):
            for group in combinations(used, order):
                sizes = [np.unique(codes[f][effect]).size for f in group]
                kernels = [
                    (codes[f][:, None] == codes[f]) - 1.0 / k
                    for f, k in zip(group, sizes, strict=True)
                ]
                name = "scale_strata_" + "×".join(group)
                variance = p[name] ** 2 if max(sizes) >= 5 else self.priors.contrast**2 / 2.0
                out += variance * reduce(np.multiply, kernels)
        return out

    def _cohort_covariance(self, p: Parameters) -> np.ndarray:
        cohort = self.cells[:, -2]
        k = np.unique(cohort[~self.lead]).size
        same = (cohort[:, None] == cohort).astype(float)
        if k >= 5:
            return p["scale_cohort"] ** 2 * same
        return self.priors.cohort**2 * (same - 1.0 / k) if k > 1 else 0.0 * same

    def deviation_variance(self, p: Parameters) -> float:
        """Prior variance of a deviation."""
        if self.design.effect.varying is None:
            return 0.0
        everyone = np.flatnonzero(self.panel.cohort_codes[self.panel.unit_codes] >= 0)
        name = self.design.effect.varying
        treated = (
            self.panel.unit_codes[everyone]
            if name == "unit"
            else self.panel.frame[name].to_numpy(dtype=str)[everyone]
        )
        known = np.unique(treated).size >= 5
        return (p["scale_deviation"] if known else self.priors.member) ** 2

    @cached_property
    def spread(self) -> np.ndarray:
        """Standard deviation of a row's errors over that of the average row's, by who adopts."""
        if not isinstance(self.design.errors, Heteroskedastic):
            return np.ones(self.rows.size)
        model_frame, panel = model_frame_of(self.design, self.panel), self.panel
        unit, time, adoption = panel.unit_codes, panel.time_codes, panel.cohort_codes
        start = np.where(adoption < 0, 10**6, adoption - self.design.anticipation)[unit]
        level = np.zeros(unit.size, dtype=int)
        for name in self.design.facts.time_strata(panel):
            level = 100 * level + panel.strata_codes[name][unit]
        frame = pd.DataFrame(
            {"unit": unit, "t": time, "level": level, "y": panel.outcome / self.s, "start": start}
        )[model_frame.kept]
        group = (adoption >= 0).astype(int)
        share = np.bincount(group[self.unit]) / self.rows.size
        before = frame.assign(t=frame["t"] + 1)[["unit", "t", "y"]]
        pairs = frame[frame["t"] < frame["start"]].merge(before, on=["unit", "t"])
        pairs["d"] = pairs["y_x"] - pairs["y_y"]
        cells = pairs.groupby(["level", "t"])["d"]
        size = cells.transform("size")
        pairs["s"] = (pairs["d"] - cells.transform("mean")) ** 2 * size / (size - 1)
        pairs = pairs[size > 1]
        adopts = group[pairs["unit"]]
        square = np.array(
            [(pairs["s"][adopts == g].sum() + 10 * pairs["s"].mean()) / ((adopts == g).sum() + 10)
             for g in (0, 1)]
        )  # fmt: skip
        return np.sqrt(square / (share @ square))[group[self.unit]]

    @property
    def precision(self) -> np.ndarray:
        """Weights of rows, which have sigma² on average."""
        w = self.panel.weights
        return np.ones(self.rows.size) if w is None else w[self.rows] * np.mean(1.0 / w[self.rows])

    def error_covariance(self, p: Parameters) -> np.ndarray:
        """Covariance of the errors of all rows."""
        same, se = self.unit[:, None] == self.unit, self.panel.outcome_se
        known = np.zeros(self.rows.size) if se is None else (se[self.rows] / self.s) ** 2
        if isinstance(self.design.errors, IID):
            return np.diag(p["sigma"] ** 2 / self.precision + known)
        apart = abs(self.time[:, None] - self.time)
        serial = p["sigma"] ** 2 / (1.0 - p["rho"] ** 2) * same * p["rho"] ** apart
        noise = p.get("noise", 0.0) * p["sigma"]
        own = serial + noise**2 * np.eye(self.rows.size)
        return own * np.outer(self.spread, self.spread) + np.diag(known)

    def covariance(self, p: Parameters) -> np.ndarray:
        """Covariance of the rows, flat coefficients apart."""
        out = self.error_covariance(p) + self.in_cell @ self.cell_covariance(p) @ self.in_cell.T
        if self.design.effect.varying is not None:
            out += self.deviation_variance(p) * self.in_unit_effect @ self.in_unit_effect.T
        if getattr(self.design, "trends", None) is not None:
            out += self.trend_covariance(p)
        if getattr(self.design, "shocks", None) is not None:
            out += self.shock_covariance(p)
        if self.design.time is not None and self.design.time.pooled:
            node = self.levels * 1000 + self.time
            out += p["scale_time_effect"] ** 2 * (node[:, None] == node)
        return out

    def shock_covariance(self, p: Parameters) -> np.ndarray:
        """Covariance of what rows of a cluster and period share."""
        cluster = self.panel.frame[self.design.shocks.by].to_numpy()[self.rows]
        apart = abs(self.time[:, None] - self.time)
        rho, white = p.get("shocks_rho", 0.0), p.get("shocks_noise", 0.0) ** 2
        lasting = rho**apart / (1.0 - rho**2)
        over = (lasting + white * (apart == 0)) / (1.0 / (1.0 - rho**2) + white)
        return p["scale_shocks"] ** 2 * over * (cluster[:, None] == cluster)

    def trend_covariance(self, p: Parameters) -> np.ndarray:
        """Covariance of the drift of adopters, in a stratum and by cohort."""
        t = self.time - (self.panel.periods - 1) / 2.0
        line, walk = np.outer(t, t), np.minimum.outer(self.time, self.time)
        adoption = self.panel.cohort_codes[self.unit]
        names = {*self.design.facts.strata(self.panel), *self.design.facts.time_strata(self.panel)}
        ever = same = np.outer(adoption >= 0, adoption >= 0)
        for name in names:
            same = same & (self.strata[name][:, None] == self.strata[name])
        together = self.design.trends.line**2 * line + p["scale_trend_walk"] ** 2 * walk
        alone = p["scale_cohort_trend_line"] ** 2 * line + p["scale_cohort_trend_walk"] ** 2 * walk
        common = 0.0
        if "scale_common_trend_walk" in p:
            common = self.design.trends.line**2 * line + p["scale_common_trend_walk"] ** 2 * walk
        return ever * common + same * together + (same & (adoption[:, None] == adoption)) * alone

    def log_likelihood(self, p: Parameters) -> float:
        """REML log density, up to a constant that no parameter changes."""
        basis = sl.orth(self.flat, rcond=1e-10)
        factor = sl.cho_factor(self.covariance(p), lower=True)
        inner = basis.T @ sl.cho_solve(factor, basis)
        moment = basis.T @ sl.cho_solve(factor, self.y)
        energy = self.y @ sl.cho_solve(factor, self.y) - moment @ np.linalg.solve(inner, moment)
        log_det = 2.0 * np.log(np.diag(factor[0])).sum() + np.linalg.slogdet(inner)[1]
        return float(-0.5 * (log_det + energy))

    def log_prior(self, p: Parameters) -> float:
        """Log prior density on the unconstrained scale."""
        scale = {
            "scale_walk": self.priors.walk,
            "scale_cohort": self.priors.cohort,
            "scale_cell": self.priors.cell,
            "scale_deviation": self.priors.member,
            "scale_time_effect": self.priors.time_effect,
            "sigma": self.priors.sigma,
            "noise": self.priors.noise,
            "shocks_noise": self.priors.noise,
        }
        trends = getattr(self.design, "trends", None)
        if trends is not None:
            scale |= {
                "scale_common_trend_walk": trends.walk,
                "scale_trend_walk": trends.walk, "scale_cohort_trend_line": trends.cohort_line,
                "scale_cohort_trend_walk": trends.cohort_walk,
            }  # fmt: skip
        shocks = getattr(self.design, "shocks", None)
        if shocks is not None:
            scale["scale_shocks"] = shocks.scale
        total = 0.0
        for name, value in p.items():
            if name.endswith("rho"):
                half = (1.0 + value) / 2.0
                total += stats.beta.logpdf(half, *self.priors.rho) + np.log(half * (1.0 - half))
            else:
                prior = scale.get(name, self.priors.factor)
                total += stats.halfnorm.logpdf(value, scale=prior) + np.log(value)
        return float(total)

    def posterior(self, p: Parameters) -> tuple[np.ndarray, np.ndarray]:
        """Mean and covariance of cells' effects, then of deviations, given the parameters.

        In outcome units; effects are without the mean deviation of their rows.
        """
        of_rows, covariance = self.estimator(p)
        return of_rows @ self.y * self.s, covariance * self.s**2

    def estimator(self, p: Parameters) -> tuple[np.ndarray, np.ndarray]:
        """Map of the rows that is the posterior mean, and the covariance, in multiples of s."""
        n_cells = len(self.cells)
        z, k = self.in_cell, self.cell_covariance(p)
        if self.design.effect.varying is not None:
            m = self.in_unit_effect.shape[1]
            z = np.concatenate([z, self.in_unit_effect], axis=1)
            k = sl.block_diag(k, self.deviation_variance(p) * np.eye(m))
        inverse = np.linalg.inv(self.covariance(p))
        x = self.flat
        picked = np.zeros((z.shape[1], x.shape[1]))
        picked[:n_cells, x.shape[1] - self.flat_map.shape[1] :] = self.flat_map
        g = np.linalg.pinv(x.T @ inverse @ x, rcond=1e-11, hermitian=True)
        beta = g @ x.T @ inverse
        gain = k @ z.T @ inverse
        a = picked - gain @ x
        return a @ beta + gain, a @ g @ a.T + k - gain @ z @ k

    def shares(self) -> np.ndarray:
        """From effects and deviations to sample-mean effects of cells (cell, both)."""
        eye = np.eye(len(self.cells))
        if self.design.effect.varying is None:
            return eye
        share = self.in_cell.T @ self.in_unit_effect / self.in_cell.sum(axis=0)[:, None]
        return np.concatenate([eye, share], axis=1)


def _dummies(codes: np.ndarray) -> np.ndarray:
    return (codes[:, None] == np.unique(codes)).astype(float)


def dense(design: StaggeredDiD | ContinuousExposure, panel: Panel) -> Dense:
    """Write the model of any design that has one equation."""
    from dense_exposure import DenseExposure

    kind = DenseExposure if isinstance(design, ContinuousExposure) else Dense
    return kind(design, panel)  # type: ignore[arg-type]


def values_of(names: tuple[str, ...], x: np.ndarray) -> dict[str, float]:
    """Parameters on their own scale, in multiples of s, from the kernel's vector."""
    return {
        name: float(np.tanh(0.5 * v) if name.endswith("rho") else np.exp(v))
        for name, v in zip(names, x, strict=True)
    }
