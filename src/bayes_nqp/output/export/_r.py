"""Draws that R's posterior package reads, and a table as broom writes it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.io import place, write_csv, write_parquet
from bayes_nqp._core.validation import door
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.effects.estimands import By
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.output.export._quantities import quantities


@door
def export_r(fit: Fit, folder: str | Path, by: By = None, *, force: bool = False) -> Path:
    """Write average effects for R: draws for ``posterior`` and a ``broom::tidy`` table.

    Parameters
    ----------
    folder : str or Path
        Output folder, written completely or not at all:

        - ``draws.parquet``: ``.chain``, ``.iteration``, ``.draw`` and one column per quantity,
          outcome units: ``posterior::as_draws_df(arrow::read_parquet("draws.parquet"))``;
        - ``tidy.csv``: ``term``, ``estimate`` (posterior mean), ``std.error`` (posterior SD),
          ``conf.low``, ``conf.high`` (95 %), ``p.positive`` (posterior probability), ``path``,
          ``by``, ``level``, ``gate``.
    by : str, sequence of str or mapping, optional
        Groups in addition to the overall average, as in `att`; by default every stratum factor and
        event times.
    force : bool, default False
        If True, rename an existing folder before writing.

    Raises
    ------
    StudyError
        If `fit` is not a fit, or the folder exists or cannot be written; otherwise as `att`.

    Examples
    --------
    >>> import tempfile
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.staggered(units=40, periods=8, cohorts=(4, 6), seed=1).panel
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> with tempfile.TemporaryDirectory() as home:
    ...     sorted(path.name for path in nqp.export_r(fit, f"{home}/r").iterdir())
    ['draws.parquet', 'tidy.csv']
    """
    every = list(quantities(fit, group_time_effects(fit), by))
    chains, draws = every[0].draws.shape
    columns = {
        ".chain": np.repeat(np.arange(1, chains + 1), draws),
        ".iteration": np.tile(np.arange(1, draws + 1), chains),
        ".draw": np.arange(1, chains * draws + 1),
    } | {x.label: x.draws.ravel() for x in every}
    rows = [
        (
            x.label, x.draws.mean(), x.draws.std(ddof=1), *np.quantile(x.draws, [0.025, 0.975]),
            (x.draws > 0).mean(), x.path, x.by, x.level, str(fit.gate),
        )
        for x in every
    ]  # fmt: skip
    names = ["term", "estimate", "std.error", "conf.low", "conf.high", "p.positive"]
    with place(folder, force=force, name="folder") as ready:
        frame = pd.DataFrame(columns)
        frame.attrs[v.GATE] = str(fit.gate)
        write_parquet(frame, ready.draft / "draws.parquet")
        tidy = pd.DataFrame(rows, columns=[*names, v.PATH, "by", "level", v.GATE])
        write_csv(tidy, ready.draft / "tidy.csv")
        ready.finish()
    return Path(folder)
