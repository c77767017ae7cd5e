"""Both sides of the comparison: a compressed fit, and the same posterior row by row."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from benchmarks._speed.measure import Watch, watch

from bayes_nqp.inference.model_frame import model_frame_of

if TYPE_CHECKING:
    import pymc as pm

    from bayes_nqp import NUTS, Importance, Panel, StaggeredDiD

Array = npt.NDArray[np.float64]


@dataclass
class Run:
    """Draws of all cell effects, and what they cost."""

    effect: Array
    rows: Array
    steps: float
    divergences: int
    sampling: Watch
    whole: Watch
    allowed: float = float("inf")

    @property
    def effective(self) -> float:
        """Smallest bulk ESS over cell effects and the ATT, at most what weights allow."""
        from arviz_stats.base import array_stats

        att = self.effect @ (self.rows / self.rows.sum())
        draws = np.concatenate([self.effect, att[..., None]], axis=2)
        sizes = array_stats.ess(draws, chain_axis=0, draw_axis=1, method="bulk")
        return min(float(np.min(sizes)), self.allowed)

    @property
    def rate(self) -> float:
        """Effective draws per second of sampling."""
        return self.effective / self.sampling.wall

    @property
    def frugality(self) -> float:
        """Effective draws per second of processor time."""
        return self.effective / self.sampling.cpu

    @property
    def att(self) -> float:
        return float((self.effect @ (self.rows / self.rows.sum())).mean())


def iid_design() -> StaggeredDiD:
    """Partial pooling by region and cohort, independent errors, no unit deviations."""
    import bayes_nqp as nqp

    return nqp.StaggeredDiD(effect=nqp.PartialPooling(varying=None), errors=nqp.IID())


def compressed(design: StaggeredDiD, panel: Panel, sampler: Importance) -> Run:
    """Fit; sampling holds all but the plan: start, sampler, recovery, diagnostics, labels."""
    import bayes_nqp as nqp

    assert panel.digest
    with watch() as planning:
        planned = _with_model_frame(design, panel)
    with watch() as sampling:
        fit = nqp.fit(planned, panel, sampler, progress=False)
    effects = nqp.group_time_effects(fit)
    return Run(
        effect=effects["effect"].sel(path="total").transpose("chain", "draw", "cell").values,
        rows=effects["rows"].values.astype(float),
        steps=float("nan"),
        divergences=0,
        sampling=sampling,
        whole=Watch(planning.wall + sampling.wall, planning.cpu + sampling.cpu),
        allowed=fit.gate.ess_bulk,
    )


def _with_model_frame(design: StaggeredDiD, panel: Panel) -> StaggeredDiD:
    """The same design, which has its plan of the panel ready."""
    import bayes_nqp as nqp

    ready = model_frame_of(design, panel)

    class Planned(nqp.StaggeredDiD):
        def model_frame_of(self, panel: Panel, scale: float | None = None) -> Any:
            return ready

    return Planned(**{f.name: getattr(design, f.name) for f in fields(design)})


def demeaned_model(design: StaggeredDiD, panel: Panel) -> pm.Model:
    """The fastest row-by-row competitor of a balanced panel with independent errors.

    Flat unit effects are taken out by demeaning every unit's residuals, which is exact; time
    effects are flat, all else is standard normal times its scale.
    """
    import pymc as pm
    import pytensor.tensor as pt

    model_frame = model_frame_of(design, panel)
    equation = model_frame.equations[0]
    rows, problem = equation.rows, equation.problem
    width = int(rows.time.max()) + 1
    node = model_frame.codes.level[rows.unit] * model_frame.codes.n_periods + rows.time
    cell = model_frame.cell_of_row[model_frame.kept]
    assert rows.unit.size == len(rows.key) * width, "the panel is not balanced"
    with pm.Model() as model:
        scales = {
            s.name: s.prior.variable(f"scale_{s.name}") if s.estimated else s.fixed
            for s in problem.scales
        }
        nodes = len(model_frame.codes.level_names) * model_frame.codes.n_periods
        time = _sum_of_parts(equation, "time", nodes, scales)
        tau = _sum_of_parts(equation, "cells", model_frame.table.size, scales)
        pm.Deterministic("cell_effect", tau * equation.scale)
        sigma = problem.error_parameters[-1].prior.variable("sigma")
        # Rows without a cell point at the zero that is appended.
        mean = time[pm.Data("node", node)] + pt.concatenate([tau, [0.0]])[pm.Data("cell", cell)]
        residual = (pm.Data("y", rows.outcome) - mean).reshape((-1, width))
        residual = residual - residual.mean(axis=1, keepdims=True)
        pm.Potential("rows", -problem.free * pt.log(sigma) - 0.5 * (residual**2).sum() / sigma**2)
    return model


def _sum_of_parts(equation: Any, place: str, size: int, scales: dict[str, Any]) -> Any:
    import pymc as pm
    import pytensor.tensor as pt

    total = pt.zeros(size)
    for part in (*equation.globals, *equation.locals):
        if part.place != place:
            continue
        shared = hasattr(part, "columns")
        length = part.columns.shape[1] if shared else part.index.size
        if part.scale == -2:
            value = pm.Flat(f"flat_{part.name}", shape=length)
        else:
            value = pm.Normal(f"z_{part.name}", shape=length)
        if not isinstance(part.scale, int):
            value = value * scales[part.scale.name]
        if shared:
            total = total + pt.as_tensor(part.columns) @ value
        else:
            total = total[part.index].inc(value)
    return total


def row_by_row(model: pm.Model, rows: Array, sampler: NUTS, effect: str = "cell_effect") -> Run:
    """Sample a PyMC model; sampling leaves compilation out."""
    import nutpie
    from threadpoolctl import threadpool_limits

    with watch() as compiling:
        compiled = nutpie.compile_pymc_model(model, var_names=[effect])
    with threadpool_limits(limits=1), watch() as sampling:
        tree = nutpie.sample(
            compiled, draws=sampler.draws, tune=sampler.tune, chains=sampler.chains,
            seed=sampler.seed, target_accept=sampler.target_accept, cores=sampler.cores,
            save_warmup=False, progress_bar=False,
        )  # fmt: skip
    stats = tree["sample_stats"]
    return Run(
        effect=np.asarray(tree["posterior"][effect].values),
        rows=rows,
        steps=float(stats["n_steps"].sum()),
        divergences=int(stats["diverging"].sum()),
        sampling=sampling,
        whole=Watch(compiling.wall + sampling.wall, compiling.cpu + sampling.cpu),
    )


def gradient_of_rows(model: pm.Model, repeats: int = 5) -> float:
    """Seconds of one log density with its gradient, compiled as nutpie does."""
    import ctypes

    import nutpie

    compiled = nutpie.compile_pymc_model(model, var_names=["cell_effect"])
    size = compiled.n_dim
    x, out, value = np.full(size, 0.1), np.zeros(size), np.zeros(1)
    doubles = ctypes.POINTER(ctypes.c_double)
    arguments = [a.ctypes.data_as(doubles) for a in (x, out, value)]
    data = ctypes.c_void_p(compiled.user_data.ctypes.data)

    def call() -> None:
        assert compiled.compiled_logp_func.ctypes(size, *arguments, data) == 0

    return _seconds_each(call, repeats)


def _seconds_each(call: Any, repeats: int) -> float:
    call()
    found = []
    for _ in range(3):
        with watch() as w:
            for _ in range(repeats):
                call()
        found.append(w.wall / repeats)
    return min(found)
