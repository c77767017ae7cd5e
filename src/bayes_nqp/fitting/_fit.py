"""Fitting, and what a fit holds."""

from __future__ import annotations

import hashlib
import html
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.diagnostics import Gate, convergence
from bayes_nqp.errors import StudyError
from bayes_nqp.fitting._draws import constrain, recovered
from bayes_nqp.fitting._names import from_tree, into_tree
from bayes_nqp.fitting._waist import waist
from bayes_nqp.likelihoods import StudentT
from bayes_nqp.sampling import IMH, NUTS, Chains, Sampler, sample_packed
from bayes_nqp.versions import versions

if TYPE_CHECKING:
    from bayes_nqp.designs import StaggeredDiD
    from bayes_nqp.designs._plan import Equation, Plan
    from bayes_nqp.panel import Panel

__all__ = ["Fit", "fit"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Fit:
    """A design fitted to a panel: draws, and all that tells where they come from.

    Parameters
    ----------
    design : StaggeredDiD
    panel : Panel or None
        None only where a file was saved without rows and read without a panel.
    sampler : NUTS or IMH
        With the seed that was used.
    tree : DataTree
        Groups ``posterior`` (parameters and coefficients, named ``equation__name``),
        ``sample_stats``, ``effects`` (the waist) and, where the design has them, ``leads``. A
        slash in a name is written as ``%2F`` there, and as itself in the properties below.
    gate : Gate
        The convergence gate.
    facts : mapping of str to str or float
        Panel digest, ``s``, seconds, whether sampling was interrupted.
    versions : mapping of str to str
        Of the packages that made it.
    notes : tuple of str
        What was dropped, and why.
    """

    design: StaggeredDiD
    panel: Panel | None
    sampler: Sampler
    tree: xr.DataTree
    gate: Gate
    facts: Mapping[str, str | float]
    versions: Mapping[str, str]
    notes: tuple[str, ...] = ()

    @property
    def posterior(self) -> xr.Dataset:
        """Draws of parameters and coefficients (chain, draw, …), outcome units."""
        return from_tree(self.tree["posterior"].to_dataset())

    @property
    def effects(self) -> xr.Dataset:
        """Draws of the effects of cells: the waist, for the sample at hand."""
        return from_tree(self.tree["effects"].to_dataset())

    @property
    def leads(self) -> xr.Dataset | None:
        """Draws of leads in the form of the waist; None where the design has none."""
        if "leads" not in self.tree.children:
            return None
        return from_tree(self.tree["leads"].to_dataset())

    @property
    def scale(self) -> float:
        """``s``, the scale of the priors, outcome units."""
        return float(self.facts["scale"])

    @cached_property
    def plan(self) -> Plan:
        """The design's plan of the panel.

        Raises
        ------
        StudyError
            If the fit holds no panel.
        """
        if self.panel is None:
            raise StudyError(
                "this fit was saved without its rows",
                hint="nqp.load(path, panel=panel) with the same panel",
            )
        return self.design.plan(self.panel, scale=self.scale)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the draws, the design and the panel's digest."""
        seal = hashlib.sha256(repr((self.design, self.facts["panel_digest"])).encode("utf-8"))
        for name in ("posterior", "effects"):
            dataset = self.tree[name].to_dataset()
            for variable in sorted(map(str, dataset.data_vars)):
                seal.update(np.ascontiguousarray(dataset[variable].values))
        return seal.hexdigest()

    def save(self, path: str | Path, *, rows: bool = True) -> Path:
        """Write the fit to one netCDF file; either all of it is written or nothing.

        Parameters
        ----------
        path : str or Path
            An existing file is replaced.
        rows : bool, default True
            Whether the panel's rows go into the file; False for confidential data.

        Returns
        -------
        Path
        """
        from bayes_nqp.fitting._files import save

        return save(self, Path(path), rows=rows)

    def _lines(self) -> list[tuple[str, str]]:
        posterior = self.tree["posterior"]
        chains, draws = posterior.sizes[v.CHAIN], posterior.sizes[v.DRAW]
        effects = self.tree["effects"]
        gate = str(self.gate)
        lines = [
            ("design", repr(self.design)),
            ("draws", f"{chains} chains × {draws}, seed {self.sampler.seed}"),
            ("cells", f"{effects.sizes[v.CELL]}"),
            ("convergence", gate if self.gate.passed else gate.upper()[:6] + gate[6:]),
        ]
        if v.MEMBER in effects.sizes:
            lines.insert(3, ("members", f"{effects.sizes[v.MEMBER]}"))
        if self.facts.get("interrupted"):
            lines.append(("note", "sampling was interrupted; the draws so far were kept"))
        lines += [("note", note) for note in self.notes]
        return lines

    def __repr__(self) -> str:
        lines = self._lines()
        width = max(len(k) for k, _ in lines)
        return "\n".join(["<Fit>", *(f"  {k:<{width}}  {text}" for k, text in lines)])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(k)}</th>"
            f"<td style='text-align:left'>{html.escape(text)}</td></tr>"
            for k, text in self._lines()
        )
        colour = "#1a7f37" if self.gate.passed else "#b42318"
        return (
            f"<div><strong>Fit</strong> <span style='color:{colour}'>convergence gate "
            f"{html.escape(str(self.gate))}</span><table>{rows}</table></div>"
        )


def fit(
    design: StaggeredDiD,
    panel: Panel,
    sampler: Sampler | None = None,
    *,
    scale: float | None = None,
    progress: bool = True,
) -> Fit:
    """Fit a design to a panel.

    Linear coefficients are integrated out, so that only scales, the autocorrelation and the
    error standard deviation are sampled; coefficients and deviations are then drawn exactly.
    Stopping it by the keyboard keeps the draws so far.

    Parameters
    ----------
    design : StaggeredDiD
    panel : Panel
    sampler : NUTS or IMH, optional
        By default `IMH`, which takes a fraction of a second; and `NUTS` where its draws do not
        pass the convergence gate, or the likelihood is not Gaussian.
    scale : float, optional, outcome units
        ``s``, on which priors are stated, held at this value, as where the outcome was simulated;
        computed from the outcome by default.
    progress : bool, default True
        Whether to show a progress bar.

    Returns
    -------
    Fit
        Its repr and every summary say whether the convergence gate was passed.

    Raises
    ------
    IdentificationError
        If the panel cannot identify what the design asks for.
    ConvergenceError
        If there are no draws to keep.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> design = nqp.StaggeredDiD(unidentified="drop")
    >>> fit = nqp.fit(design, panel, nqp.NUTS(seed=1), progress=False)
    >>> fit.gate.passed
    True
    """
    began = time.perf_counter()
    plan = design.plan(panel, scale=scale)
    rows = isinstance(design.likelihood, StudentT)
    if rows and isinstance(sampler, IMH):
        raise StudyError(
            "'sampler' is IMH, which needs a compressed likelihood",
            hint="sampler=nqp.NUTS() with StudentT",
        )
    automatic = sampler is None
    sampler = (sampler or (NUTS() if rows else IMH())).seeded()
    tree, gate, interrupted = _sample(design, panel, plan, sampler, progress)
    if automatic and not rows and not gate.passed:
        sampler = NUTS(seed=sampler.seed)
        tree, gate, interrupted = _sample(design, panel, plan, sampler, progress)
    facts: dict[str, str | float] = {
        "panel_digest": panel.digest,
        "scale": plan.equations[0].scale,
        "seconds": round(time.perf_counter() - began, 3),
        "interrupted": float(interrupted),
        "outcome": panel.roles.outcome,
    }
    return Fit(
        design, panel, sampler, tree, gate, facts, versions(), (*plan.notes, *_rows_note(rows))
    )


def _rows_note(rows: bool) -> tuple[str, ...]:
    if not rows:
        return ()
    from bayes_nqp.fitting._rows import ROWS_NOTE

    return (ROWS_NOTE,)


def _sample(
    design: StaggeredDiD, panel: Panel, plan: Plan, sampler: Sampler, progress: bool
) -> tuple[xr.DataTree, Gate, bool]:
    if isinstance(design.likelihood, StudentT):
        from bayes_nqp.fitting._rows import fit_rows

        assert isinstance(sampler, NUTS)
        return fit_rows(design, panel, plan, sampler, progress)
    return _fit_compressed(plan, sampler, progress, panel.roles.outcome, design.effect.varying)


def _fit_compressed(
    plan: Plan, sampler: Sampler, progress: bool, outcome: str, varying: str | None
) -> tuple[xr.DataTree, Gate, bool]:
    equation = plan.equations[0]
    chains = sample_packed(
        equation.packed, equation.problem.parameter_names, sampler, progress=progress
    )
    x = chains.values["x"]
    shape = x.shape[:2]
    # Numbers 0 and 1: the sampler itself draws from the first stream.
    generator = np.random.default_rng(np.random.SeedSequence([_seed(sampler), 1]))
    draws = recovered(plan, equation, x.reshape(-1, x.shape[2]), generator)
    parameters = constrain(equation, x)
    effect = draws.cell_effect.reshape(*shape, -1)
    deviation = None if draws.deviation is None else draws.deviation.reshape(*shape, -1)
    coefficients = {k: a.reshape(*shape, -1) for k, a in draws.coefficients.items()}
    gate = convergence({**parameters, "effect": effect}, chains.stats)
    mean = draws.cell_mean.reshape(*shape, -1)
    tree = build_tree(
        plan, equation, chains, parameters, coefficients, mean, effect, deviation, gate,
        outcome=outcome, varying=varying,
    )  # fmt: skip
    return tree, gate, chains.interrupted


def _seed(sampler: Sampler) -> int:
    assert sampler.seed is not None
    return sampler.seed


def build_tree(
    plan: Plan,
    equation: Equation,
    chains: Chains,
    parameters: Mapping[str, Array],
    coefficients: Mapping[str, Array],
    mean: Array,
    effect: Array,
    deviation: Array | None,
    gate: Gate,
    *,
    outcome: str,
    varying: str | None,
) -> xr.DataTree:
    """Label everything that was drawn.

    Parameters
    ----------
    plan : Plan
    equation : Equation
    chains : Chains
    parameters : mapping of str to ndarray (chain, draw)
    coefficients : mapping of str to ndarray (chain, draw, label)
    mean, effect : ndarray (chain, draw, cell)
    deviation : ndarray (chain, draw, member) or None
    gate : Gate
    outcome : str
        Name of the outcome.
    varying : str or None
        What has its own deviation.

    Returns
    -------
    DataTree
    """
    prefix = f"{equation.name}__"
    data: dict[str, Any] = {
        prefix + name: ((v.CHAIN, v.DRAW), values) for name, values in parameters.items()
    }
    coords: dict[str, Any] = {}
    labels = {p.name: list(p.labels) for p in equation.globals}
    for name, values in coefficients.items():
        if values.shape[2] == 1 and len(labels[name]) == 1 and name in ("level", "drift"):
            data[prefix + name] = ((v.CHAIN, v.DRAW), values[..., 0])
            continue
        dim = f"{prefix}{name}_label"
        data[prefix + name] = ((v.CHAIN, v.DRAW, dim), values)
        coords[dim] = np.asarray(labels[name], dtype=str)
    keep = ~plan.cells.lead
    data[prefix + "cell_mean"] = ((v.CHAIN, v.DRAW, v.CELL), mean[..., keep])
    coords |= {v.CHAIN: np.arange(mean.shape[0]), v.DRAW: np.arange(mean.shape[1])}
    coords[v.CELL] = np.arange(int(keep.sum()))
    stats = {name: ((v.CHAIN, v.DRAW), values) for name, values in chains.stats.items()}
    attrs = {"target": "sample", "outcome": outcome}
    if varying is not None:
        attrs["varying"] = varying
    groups = {
        "posterior": xr.Dataset(data, coords=coords),
        "sample_stats": xr.Dataset(stats, coords={k: coords[k] for k in (v.CHAIN, v.DRAW)}),
        "effects": waist(plan, effect, deviation, gate=str(gate), attrs=attrs),
    }
    if plan.cells.lead.any():
        groups["leads"] = waist(plan, effect, None, gate=str(gate), leads=True, attrs=attrs)
    return xr.DataTree.from_dict({name: into_tree(group) for name, group in groups.items()})
