"""The model of a continuous exposure, written densely from its definition."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from dense import Dense, Parameters

from bayes_nqp import CompletePooling, ContinuousExposure, NoPooling, Panel
from bayes_nqp.inference.model_frame import model_frame_of


class DenseExposure(Dense):
    """Rows, and what a slope of the exposure multiplies in them."""

    def __init__(self, design: ContinuousExposure, panel: Panel) -> None:
        self.design, self.panel, self.priors = design, panel, design.priors
        model_frame = model_frame_of(design, panel)
        self.s, self.dose = model_frame.equations[0].scale, model_frame.equations[0].dose.size
        self.rows = np.flatnonzero(model_frame.kept)
        self.unit = panel.unit_codes[self.rows]
        self.time = panel.time_codes[self.rows]
        self.y = panel.outcome[self.rows] / self.s
        raw = panel.exposures[:, panel.roles.exposures.index(design.exposure)] - design.reference
        self.exposed_units = np.unique(panel.unit_codes[raw != 0.0])
        self.x = raw[self.rows] / model_frame.exposure.size
        self.treated = self.x != 0.0
        self.strata = {f: panel.strata_codes[f][self.unit] for f in panel.roles.strata}
        keys = np.stack([*self.strata.values(), self.time], axis=1)
        self.cells, at = np.unique(keys[self.treated], axis=0, return_inverse=True)
        self.inside = np.zeros((self.rows.size, len(self.cells)))
        self.inside[np.flatnonzero(self.treated), at.ravel()] = 1.0
        self.in_cell = self.inside * self.x[:, None]
        self.lead = np.zeros(len(self.cells), dtype=bool)

    @cached_property
    def in_unit_effect(self) -> np.ndarray:
        """What multiplies each member's deviation (row, member)."""
        return super().in_unit_effect * self.x[:, None]

    @cached_property
    def flat_map(self) -> np.ndarray:
        """From flat slopes to those of cells (cell, flat)."""
        if not isinstance(self.design.effect, NoPooling):
            return np.zeros((len(self.cells), 0))
        return np.eye(len(self.cells)) if self.design.by_time else self._by_stratum

    @property
    def _by_stratum(self) -> np.ndarray:
        at = np.unique(self.cells[:, :-1], axis=0, return_inverse=True)[1].ravel()
        return (at[:, None] == np.unique(at)).astype(float)

    def cell_covariance(self, p: Parameters) -> np.ndarray:
        """Prior covariance of the cells' slopes, in multiples of s per sd of exposure."""
        pr, n = self.priors, len(self.cells)
        if isinstance(self.design.effect, NoPooling):
            return np.zeros((n, n))
        out = np.full((n, n), pr.level**2)
        complete = isinstance(self.design.effect, CompletePooling)
        if not complete:
            out += self._strata_covariance(p)
        if self.design.by_time:
            periods = self.panel.periods
            same = self.cells[:, -1][:, None] == self.cells[:, -1]
            out += (p["scale_period"] if periods >= 5 else pr.cell) ** 2 * same
            strata = self._by_stratum.shape[1]
            if not complete:
                out += (p["scale_cell"] if strata * periods >= 5 else pr.cell) ** 2 * np.eye(n)
        return out

    def deviation_variance(self, p: Parameters) -> float:
        """Prior variance of a deviation."""
        name = self.design.effect.varying
        if name is None:
            return 0.0
        members = self.exposed_units
        if name != "unit":
            first = self.panel.frame.groupby(self.panel.roles.unit)[name].first()
            members = first.loc[self.panel.unit_labels[self.exposed_units]].to_numpy(dtype=str)
        known = np.unique(members).size >= 5
        return (p["scale_deviation"] if known else self.priors.member) ** 2

    def log_prior(self, p: Parameters) -> float:
        """Log prior density; periods' scale has the prior of cells'."""
        total = super().log_prior({k: v for k, v in p.items() if k != "scale_period"})
        if "scale_period" in p:
            total += super().log_prior({"scale_cell": p["scale_period"]})
        return total

    def posterior(self, p: Parameters) -> tuple[np.ndarray, np.ndarray]:
        """Mean and covariance, in outcome units per unit of exposure."""
        mean, covariance = super().posterior(p)
        return mean / self.dose, covariance / self.dose**2

    def shares(self) -> np.ndarray:
        """From slopes and deviations to mean slopes of the exposed rows of cells."""
        eye = np.eye(len(self.cells))
        if self.design.effect.varying is None:
            return eye
        members = (self.in_unit_effect != 0.0).astype(float)
        share = self.inside.T @ members / self.inside.sum(axis=0)[:, None]
        return np.concatenate([eye, share], axis=1)
