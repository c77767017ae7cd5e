"""Fitting row by row: what a likelihood needs that does not compress."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp.diagnostics import Gate
from bayes_nqp.fitting._draws import MEMBERS_STORED, Recovered, members_of
from bayes_nqp.fitting._tree import Drawn, build_tree
from bayes_nqp.likelihoods import StudentT
from bayes_nqp.sampling import NUTS, sample_model

if TYPE_CHECKING:
    from bayes_nqp.designs import StaggeredDiD
    from bayes_nqp.designs._plan import Plan
    from bayes_nqp.panel import Panel

__all__ = ["ROWS_NOTE", "fit_rows"]

Array = npt.NDArray[np.float64]

ROWS_NOTE = (
    "Student-t errors do not compress: the model was sampled row by row, with every coefficient, "
    "and time grows with the number of rows"
)
"""What a fit says of itself."""


def fit_rows(
    design: StaggeredDiD, panel: Panel, plan: Plan, sampler: NUTS, progress: bool
) -> tuple[xr.DataTree, Gate, bool]:
    """Sample the plain model of a design, and label its draws like any other fit's.

    Slower than the compressed fit by far: unit effects, time effects, every coefficient and
    every deviation are sampled, and each evaluation passes over all rows.

    Parameters
    ----------
    design : StaggeredDiD
    panel : Panel
    plan : Plan
    sampler : NUTS
        With its seed.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    tuple
        The tree, the convergence gate, and whether sampling was interrupted.
    """
    from pytensor.configdefaults import config

    equation = plan.equations[0]
    parameters = list(equation.problem.parameter_names)
    if isinstance(design.likelihood, StudentT) and design.likelihood.nu is None:
        parameters.append("nu")
    terms = [part.name for part in equation.globals if part.name != "time_effect"]
    names = [*parameters, *terms, "cell_mean", "cell_effect"]
    members = equation.problem.member_scale is not None
    if members and members_of(plan)[0].size <= MEMBERS_STORED:
        names.append("deviation")
    # Under fast mathematics the same seed draws differently from a cold and a warm cache.
    with config.change_flags(numba__fastmath=False):
        chains = sample_model(
            design.build(panel, scale=equation.scale), sampler, names, progress=progress
        )
    values = {name: np.asarray(chains.values[name], dtype=float) for name in names}
    shape = values["cell_effect"].shape[:2]
    flat = {name: a.reshape(shape[0] * shape[1], -1) for name, a in values.items()}
    draws = Recovered(
        flat["cell_mean"], flat["cell_effect"], {name: flat[name] for name in terms},
        flat.get("deviation"),
    )  # fmt: skip
    found = {name: values[name] for name in parameters}
    drawn = Drawn(equation, chains, values["cell_effect"], found, draws)
    tree, gate = build_tree(plan, [drawn], outcome=panel.roles.outcome, varying=design.varying)
    return tree, gate, chains.interrupted
