"""Fitting, and what a fit holds."""

from __future__ import annotations

import hashlib
import html
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.compression.together import Mixed
from bayes_nqp.diagnostics import Gate
from bayes_nqp.doors import door
from bayes_nqp.errors import StudyError
from bayes_nqp.fitting._brief import brief
from bayes_nqp.fitting._draws import recovered
from bayes_nqp.fitting._foreign import Tabulated
from bayes_nqp.fitting._known import Known, digest_of
from bayes_nqp.fitting._names import from_tree
from bayes_nqp.fitting._parameters import constrain
from bayes_nqp.fitting._room import check_draws
from bayes_nqp.fitting._together import correlated
from bayes_nqp.fitting._tree import Drawn, build_tree
from bayes_nqp.likelihoods import StudentT
from bayes_nqp.machine import one_thread
from bayes_nqp.sampling import IMH, NUTS, Chains, Importance, Sampler, sample_packed
from bayes_nqp.versions import versions

if TYPE_CHECKING:
    from bayes_nqp.designs import Design
    from bayes_nqp.designs._plan import Equation, Plan
    from bayes_nqp.panel import Panel

__all__ = ["Fit", "fit", "fit_again"]

Array = npt.NDArray[np.float64]

UNSEALED = (
    "read from a file without a seal; nothing tells whether it was changed since it was saved"
)

_FEW = 2
"""Parameters of errors alone: autocorrelation and sd."""
_LONGER = 5
"""Times as many proposals where `IMH` does not pass the gate at first."""


@door
@dataclass(frozen=True, eq=False, repr=False)
class Fit(Tabulated):
    """A design fitted to a panel: draws, and all that tells where they come from.

    Parameters
    ----------
    design : StaggeredDiD or Mediation
    panel : Panel or None
        None only where a file was saved without rows and read without a panel.
    sampler : NUTS or IMH
        With the seed that was used.
    tree : DataTree
        Groups ``posterior`` (parameters and coefficients, named ``equation__name``),
        ``sample_stats``, ``effects`` (the waist) and, where the design has them, ``leads``; and
        ``coefficients``, where they take no more than 200 MB: time effects, cells and slopes of
        the outcome's equation, which likelihoods of units and replications start from. A slash in
        a name is written as ``%2F`` there, and as itself in the properties below.
    gate : Gate
        The convergence gate.
    facts : mapping of str to str or float
        Panel digest, ``s``, seconds, whether sampling was interrupted; and ``unsealed``, where it
        was read from a file of version 0.1, which has no seal.
    versions : mapping of str to str
        Of the packages that made it.
    notes : tuple of str
        What was dropped, and why.
    """

    design: Design
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

        return save(self, path, rows=rows)

    def _lines(self) -> list[tuple[str, str]]:
        posterior = self.tree["posterior"]
        chains, draws = posterior.sizes[v.CHAIN], posterior.sizes[v.DRAW]
        effects = self.tree["effects"]
        gate = str(self.gate)
        lines = [
            ("design", brief(self.design)),
            ("draws", f"{chains} chains × {draws}, seed {self.sampler.seed}"),
            ("cells", f"{effects.sizes[v.CELL]}"),
            ("convergence", gate if self.gate.passed else gate.upper()[:6] + gate[6:]),
        ]
        if v.MEMBER in effects.sizes:
            lines.insert(3, ("members", f"{effects.sizes[v.MEMBER]}"))
        if self.facts.get("interrupted"):
            lines.append(("note", "sampling was interrupted; the draws so far were kept"))
        if self.facts.get("unsealed"):
            lines.append(("note", UNSEALED))
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
            if k != "convergence"
        )
        colour = "#1a7f37" if self.gate.passed else "#b42318"
        return (
            f"<div><strong>Fit</strong> <span style='color:{colour}'>convergence gate "
            f"{html.escape(str(self.gate))}</span>"
            f"<table style='margin:.4em 0'>{rows}</table></div>"
        )


@door
def fit(
    design: Design,
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
    design : StaggeredDiD or Mediation
    panel : Panel
    sampler : NUTS or IMH, optional
        By default `IMH`, which takes a fraction of a second, and `NUTS` where the likelihood is
        not Gaussian. An equation whose draws by `IMH` do not pass the convergence gate is
        sampled again, five times as long; and then, by default, by `NUTS`.
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
    automatic = sampler is None
    rows = isinstance(design.likelihood, StudentT)
    sampler = (sampler or (NUTS() if rows else IMH())).seeded()
    return _run(design, panel, sampler, _longer(sampler, automatic), scale, progress, {})


def fit_again(design: Design, panel: Panel, sampler: IMH, known: Known) -> Fit:
    """Fit a design that shares equations with one already fitted.

    Shared equations' parameters are not sampled again: their draws are at hand. Where only the
    parameters of errors are to be sampled, proposals hardly repeat, and every one is kept. An
    equation whose draws do not pass the convergence gate is sampled twice as long, then five
    times; the others are left as they are. Where that does not do, all are drawn again, with
    more draws, and by `NUTS` where those do not pass.

    Parameters
    ----------
    design : StaggeredDiD or Mediation
        With a Gaussian likelihood.
    panel : Panel
    sampler : IMH
        With a seed.
    known : mapping of str to Chains
        Draws by their equation, as `known_chains` gives them; used where there are as many.

    Returns
    -------
    Fit
    """
    # Most miss the gate by little.
    twice = replace(sampler, thin=2 * sampler.thin)
    longer: tuple[Sampler, ...] = (twice, *_longer(sampler, False))
    made = _run(design, panel, sampler, longer, None, False, known, sparing=True)
    if made.gate.passed or made.facts["interrupted"]:
        return made
    more = replace(sampler, draws=3 * sampler.draws)
    nuts = NUTS(draws=2 * sampler.draws, chains=sampler.chains, seed=sampler.seed)
    longer = (*_longer(more, False), nuts, replace(nuts, target_accept=0.95))
    return _run(design, panel, more, longer, None, False, known)


def _run(
    design: Design,
    panel: Panel,
    sampler: Sampler,
    longer: tuple[Sampler, ...],
    scale: float | None,
    progress: bool,
    known: Known,
    sparing: bool = False,
) -> Fit:
    began = time.perf_counter()
    plan = design.plan(panel, scale=scale)
    check_draws(plan, sampler)
    rows = isinstance(design.likelihood, StudentT)
    notes: tuple[str, ...] = ()
    if rows and isinstance(sampler, IMH):
        raise StudyError(
            "'sampler' is IMH, which needs a compressed likelihood",
            hint="sampler=nqp.NUTS() with StudentT",
        )
    if rows:
        from bayes_nqp.designs import StaggeredDiD
        from bayes_nqp.fitting._rows import fit_rows

        assert isinstance(sampler, NUTS)
        assert isinstance(design, StaggeredDiD)
        tree, gate, interrupted = fit_rows(design, panel, plan, sampler, progress)
    elif getattr(design, "vary_by", None) is not None:
        tree, gate, interrupted = _fit_joint(design, plan, sampler, progress, panel.roles.outcome)
    else:
        sampler, tree, gate, interrupted, notes = _fit_compressed(
            plan, sampler, longer, progress, panel.roles.outcome, design.varying, known, sparing
        )
    facts: dict[str, str | float] = {
        "panel_digest": panel.digest,
        "scale": plan.equations[0].scale,
        "seconds": round(time.perf_counter() - began, 3),
        "interrupted": float(interrupted),
        "outcome": panel.roles.outcome,
    }
    return Fit(
        design, panel, sampler, tree, gate, facts, versions(),
        (*plan.notes, *notes, *_rows_note(rows)),
    )  # fmt: skip


def _fit_joint(
    design: Design, plan: Plan, sampler: Sampler, progress: bool, outcome: str
) -> tuple[xr.DataTree, Gate, bool]:
    from bayes_nqp.designs import Mediation
    from bayes_nqp.fitting._joint import fit_joint

    assert isinstance(design, Mediation)
    if not isinstance(sampler, IMH):
        raise StudyError(
            "'sampler' is NUTS, which needs gradients that vary_by='unit' does not have",
            hint="sampler=nqp.IMH()",
        )
    how = Importance(draws=sampler.draws, chains=sampler.chains, seed=sampler.seed)
    return fit_joint(design, plan, how, progress, outcome)


def _rows_note(rows: bool) -> tuple[str, ...]:
    if not rows:
        return ()
    from bayes_nqp.fitting._rows import ROWS_NOTE

    return (ROWS_NOTE,)


def _fit_compressed(
    plan: Plan,
    sampler: Sampler,
    longer: tuple[Sampler, ...],
    progress: bool,
    outcome: str,
    varying: str | None,
    known: Known,
    sparing: bool,
) -> tuple[Sampler, xr.DataTree, Gate, bool, tuple[str, ...]]:
    equations, parallel = plan.equations, isinstance(sampler, IMH)

    def sample(number: int, how: Sampler) -> Chains:
        one = equations[number]
        names = one.problem.parameter_names
        return sample_packed(one.packed, names, _numbered(how, number), progress=progress)

    def first(number: int) -> Chains:
        at_hand = known.get(digest_of(equations[number])) if known else None
        if at_hand is not None and at_hand.values["x"].shape[:2] == (sampler.chains, sampler.draws):
            return at_hand
        few = len(equations[number].problem.parameter_names) <= _FEW
        if sparing and few and isinstance(sampler, IMH):
            return sample(number, replace(sampler, thin=1))
        return sample(number, sampler)

    def draw(number: int) -> Drawn:
        one = _draw(plan, equations[number], chains[number], deepcopy(streams[number]))
        # Judged here, where equations run side by side.
        for how in longer:
            if one.gate.passed or one.chains.interrupted:
                break
            one = _draw(plan, equations[number], sample(number, how), deepcopy(streams[number]))
        return one

    numbers = range(len(equations))
    chains = _each(first, numbers, parallel)
    streams, notes = _streams(plan, chains, sampler)
    drawn = _each(draw, numbers, parallel)
    if len(drawn) == 1 and longer and "energy" in drawn[0].chains.stats:
        sampler = NUTS(draws=sampler.draws, chains=sampler.chains, seed=_seed(sampler))
    least = min(one.x.shape[1] for one in drawn)
    drawn = [one.cut(least) for one in drawn]
    interrupted = any(one.chains.interrupted for one in drawn)
    tree, gate = build_tree(plan, drawn, outcome=outcome, varying=varying)
    return sampler, tree, gate, interrupted, notes


def _longer(sampler: Sampler, automatic: bool) -> tuple[Sampler, ...]:
    """What is tried where an equation's draws do not pass the gate: longer, then gradients."""
    longer = (replace(sampler, thin=_LONGER * sampler.thin),) if isinstance(sampler, IMH) else ()
    nuts = NUTS(draws=sampler.draws, chains=sampler.chains, seed=_seed(sampler))
    return (*longer, nuts) if automatic else longer


def _numbered(sampler: Sampler, number: int) -> Sampler:
    """The sampler of one equation: each has its own stream of random numbers."""
    if number == 0:
        return sampler
    seed = np.random.SeedSequence([_seed(sampler), 3, number]).generate_state(1)[0] % (1 << 31)
    return replace(sampler, seed=int(seed))


def _each[T](make: Callable[[int], T], numbers: Iterable[int], parallel: bool) -> list[T]:
    """Do the same for every equation, two at a time where it is to be in parallel."""
    known = list(numbers)
    if not parallel or len(known) == 1:
        return [make(number) for number in known]
    with one_thread(), ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(make, known))


def _streams(
    plan: Plan, chains: Sequence[Chains], sampler: Sampler
) -> tuple[list[np.random.Generator | Mixed], tuple[str, ...]]:
    """Random numbers of coefficients; those of mediators follow their errors' correlation."""
    # Numbers 0 and 1: the sampler itself draws from the first stream.
    own: list[np.random.Generator | Mixed] = [
        np.random.default_rng(np.random.SeedSequence([_seed(_numbered(sampler, number)), 1]))
        for number in range(len(chains))
    ]
    xs = [one.values["x"] for one in chains[1:]]
    found = correlated(plan.equations[1:], xs, _seed(sampler))
    if isinstance(found, str):
        return own, (found,)
    if found is None:
        return own, ()
    generators = [one for one in own[1:] if isinstance(one, np.random.Generator)]
    draws = max(x.shape[0] * x.shape[1] for x in xs)
    return [own[0], *found.mixed(generators, draws)], ()


def _draw(
    plan: Plan, equation: Equation, chains: Chains, generator: np.random.Generator | Mixed
) -> Drawn:
    """Draw one equation's coefficients, given draws of its parameters."""
    x = chains.values["x"]
    draws = recovered(plan, equation, x.reshape(-1, x.shape[2]), generator)
    return Drawn(equation, chains, x, constrain(equation, x), draws)


def _seed(sampler: Sampler) -> int:
    assert sampler.seed is not None
    return sampler.seed
