"""Simulate outcomes on the user's panel, refit, and measure the coverage of intervals."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import xarray as xr
from annotated_types import Ge, Interval

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.io import named
from bayes_nqp._core.limits import afford
from bayes_nqp._core.progress import bar
from bayes_nqp._core.software import versions
from bayes_nqp._core.types import Seed
from bayes_nqp._core.validation import door
from bayes_nqp.calibration._calibration import Calibration
from bayes_nqp.calibration._replicate import Job
from bayes_nqp.calibration._sources import PosteriorSource, PriorSource, Source
from bayes_nqp.data.panel import Panel
from bayes_nqp.inference.fitting import Fit, Kept, Numbers, batch
from bayes_nqp.model.designs import StaggeredDiD
from bayes_nqp.numerics.sampling import NUTS, Importance, Sampler

_FORMAT = 1
_MOST_RANKED = 200
_BYTES = 10_000
"""Minimum memory of the results of a replication, in bytes."""
"""Half of the effective draws that the convergence diagnostics require."""


@door
def calibrate(
    design: StaggeredDiD,
    panel: Panel,
    replications: Annotated[int, Ge(1)] = 100,
    source: Literal["prior"] | StaggeredDiD | Fit = "prior",
    *,
    sampler: Sampler | None = None,
    probs: Sequence[float] = (0.5, 0.8, 0.95),
    ranked: Annotated[int, Interval(ge=1, le=_MOST_RANKED)] = 99,
    seed: Seed | None = None,
    store: str | Path | None = None,
    progress: bool = True,
) -> Calibration:
    """Estimate the coverage of a model's intervals on a panel with this structure.

    Outcomes are simulated for the observations of the panel: its units, periods, gaps, cohorts,
    strata, covariates and weights are unchanged. The model is fitted to each simulated panel, and
    the posterior is compared with the truth.

    Parameters
    ----------
    design : StaggeredDiD
        Model to refit.
    panel : Panel
        The panel. Only the scale ``s`` of its outcome is used, unless ``source`` is a fit.
    replications : int, default 100
        Number of simulated panels. The Monte Carlo SD of a coverage of 0.95 is 0.022 with 100
        panels and 0.007 with 1,000.
    source : "prior", StaggeredDiD or Fit, default "prior"
        Distribution of the true parameters. "prior": the prior of ``design``, which gives
        simulation-based calibration and tests the model and the sampler. Another design: its prior,
        to measure the consequences of a wrong assumption. A fit to this panel: its posterior, to
        estimate coverage for true values like those estimated; ranks are then not uniform, and only
        coverage is reported.
    sampler : Importance or NUTS, optional
        Sampler of the first attempt of every refit; `Importance` by default, `NUTS` with Student-t
        errors. Refits that fail the convergence diagnostics are repeated, with ten times the
        proposals (`Importance`) or with longer runs and a target acceptance rate of 0.95 (`NUTS`),
        and counted.
    probs : sequence of float, default (0.5, 0.8, 0.95)
        Nominal probabilities of equal-tailed intervals.
    ranked : int, default 99
        Number of draws, evenly spaced over the chains, among which a truth is ranked; at most 200,
        to keep the draws nearly independent.
    seed : int, optional
        Seed. The same seed gives the same result; replication r does not depend on the number of
        replications.
    store : str or Path, optional
        Folder in which replications are stored. Stored replications with the same seed, design,
        source, panel, sampler and version are reused, so an interrupted run is continued and a
        longer run is extended.
    progress : bool, default True
        If True, show a progress bar.

    Returns
    -------
    Calibration
        With tables ``coverage``, ``ranks``, ``uniformity`` and ``refits``, and a ``verdict``.

    Raises
    ------
    StudyError
        If an argument is out of range, or ``source`` is a fit to another panel.
    IdentificationError
        If the effects of a design are not identified on the panel.

    Notes
    -----
    Priors are scaled by ``s``, which is fixed at its value on the panel: if it were computed from
    each simulated outcome, the prior would depend on the data and ranks would not be uniform. With
    truths from a fit, ``s`` is computed from each simulated outcome, as in applications. Parameters
    with flat priors (unit effects, time effects, slopes, effects under ``NoPooling()``) have no
    proper prior to draw from. Their values are arbitrary, because the posterior of all other
    parameters does not depend on them. For both reasons, and because coefficients are integrated
    out, packages that calibrate a given PyMC model are not applicable.

    References
    ----------
    Talts, S., Betancourt, M., Simpson, D., Vehtari, A. and Gelman, A. (2018). Validating Bayesian
    inference algorithms with simulation-based calibration. arXiv 1804.06788. Cook, S., Gelman,
    A. and Rubin, D. (2006). Validation of software for Bayesian models using posterior quantiles.
    Journal of Computational and Graphical Statistics 15(3).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.staggered(units=24, periods=8, cohorts=(4, 6), seed=1).panel
    >>> design = nqp.StaggeredDiD(nqp.CompletePooling(), nqp.IID())
    >>> result = nqp.calibrate(design, panel, replications=4, seed=1, progress=False)
    >>> result.ranks.shape[0]
    4
    """
    store = None if store is None else named(store, "store")
    _check(replications, probs)
    seed = secrets.randbits(31) if seed is None else seed
    origin, label = _source(design, panel, source)
    sampler = sampler or (NUTS(cores=1) if design.facts.by_rows else Importance())
    if sampler.draws * sampler.chains < ranked:
        raise StudyError(
            f"'ranked' is {ranked}, but the sampler has {sampler.draws * sampler.chains} draws",
            hint="more draws",
        )
    names = _common(origin, design, panel)
    job = Job(design, origin, sampler, names, tuple(probs), ranked, seed)
    key = _key(job, panel, source)
    tasks = {f"{key}-{r:06d}": (r,) for r in range(replications)}
    with bar(progress):
        stored = None if store is None else Kept(store)
        results = batch(job, tasks, store=stored, work=Message("calibrating"))
    attrs: dict[str, float | str] = {
        "ranked": ranked, "seed": float(seed), "panel_digest": panel.digest,
        "sampler": repr(sampler),
    }  # fmt: skip
    return Calibration(design, label, _labelled(list(results.values()), names, probs, attrs))


def _check(replications: int, probs: Any) -> None:
    afford(_BYTES * replications, f"'replications': {replications:,} of them", "fewer of them")
    listed = isinstance(probs, Sequence) and not isinstance(probs, str) and len(probs) > 0
    if not listed or not all(isinstance(p, float) and 0 < p < 1 for p in probs):
        raise StudyError(f"'probs' is {probs!r}", hint="probabilities such as (0.5, 0.95)")


def _source(design: StaggeredDiD, panel: Panel, source: object) -> tuple[Source, str]:
    if panel.roles.outcome in design.baseline:
        raise StudyError(
            f"'baseline' contains the outcome {panel.roles.outcome!r}, which calibration simulates",
            hint="copy its first value to a column with another name",
        )
    if source == "prior":
        return PriorSource(design, panel), "prior"
    if isinstance(source, type(design)):
        same = source == design
        return PriorSource(source, panel), "prior" if same else "prior of another design"
    if not isinstance(source, Fit):
        raise StudyError(f"'source' is {source!r}", hint="'prior', a design, or a fit")
    if source.record["panel_digest"] != panel.digest:
        raise StudyError(
            "'source' is a fit to another panel",
            hint="nqp.calibrate(design, fit.panel, source=fit)",
        )
    return PosteriorSource(source), "posterior"


def _common(origin: Source, design: StaggeredDiD, panel: Panel) -> tuple[str, ...]:
    """Return the quantities of the source that the refitted model also contains."""
    theirs = origin.simulate(0).truth
    ours = PriorSource(design, panel).simulate(0).truth
    return tuple(name for name in theirs if name in ours)


def _key(job: Job, panel: Panel, source: object) -> str:
    """Hash all inputs of a replication except its number."""
    origin = source.digest if isinstance(source, Fit) else repr(source)
    setting = (
        _FORMAT, job.design, origin, job.sampler, job.names, job.probs, job.ranked, job.seed,
        panel.digest, versions().get("bayes-nqp"),
    )  # fmt: skip
    return hashlib.sha256(repr(setting).encode("utf-8")).hexdigest()[:16]


def _labelled(
    evidence: list[Numbers],
    names: tuple[str, ...],
    probs: Sequence[float],
    attrs: dict[str, float | str],
) -> xr.Dataset:
    dims = ("replication", "quantity", "prob")
    data = {
        name: (
            dims[: 1 + evidence[0][name].ndim],
            np.stack([replication[name] for replication in evidence]),
        )
        for name in evidence[0]
    }
    coords = {
        "replication": np.arange(len(evidence)),
        "quantity": np.array(names, dtype=str),
        "prob": np.array(probs, dtype=float),
    }
    return xr.Dataset(data, coords=coords, attrs=attrs)
