"""Fitting of designs, and the fit."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.compat import as_before
from bayes_nqp._core.exceptions import Hint, StudyError
from bayes_nqp._core.i18n import Message, encoded
from bayes_nqp._core.labels import ATTR, Labels, labels_of
from bayes_nqp._core.software import versions
from bayes_nqp._core.templates import facts_html, facts_text
from bayes_nqp._core.threads import within
from bayes_nqp._core.validation import FitAttributes, door
from bayes_nqp.inference.fitting._equations import draw_equations
from bayes_nqp.inference.fitting._existing_draws import ExistingDraws
from bayes_nqp.inference.fitting._files import write_fit
from bayes_nqp.inference.fitting._groups import build_groups
from bayes_nqp.inference.fitting._memory_need import check_draws
from bayes_nqp.inference.fitting._names import into_tree
from bayes_nqp.inference.fitting._short_repr import brief
from bayes_nqp.inference.model_frame import before_all_adopt, model_frame_of
from bayes_nqp.model.designs import Design
from bayes_nqp.numerics.diagnostics import ConvergenceDiagnostics
from bayes_nqp.numerics.sampling import NUTS, Importance, Sampler

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel
    from bayes_nqp.inference.model_frame import ModelFrame
    from bayes_nqp.model.designs import Facts, SingleEquation


_BACKSTAGE = frozenset({
    "digest", "facts", "groups", "labels", "leads", "model_frame", "outcome_design", "record",
    "rows",
    "scale", "takes", "variants",
})  # fmt: skip
"""Attributes used by other packages, which a console need not list first."""
UNSEALED = "read from a file without a digest; later changes cannot be detected"

MEMORY: Final = "_memory"
"""Attribute in which a fit stores computed values: `once`."""


@door
@dataclass(frozen=True, eq=False, repr=False)
class Fit(FitAttributes):
    """A design fitted to a panel: posterior draws with their provenance.

    Parameters
    ----------
    panel : Panel or None
        None only for a file that was saved without observations and read without a panel.
    sampler : Importance or NUTS
        With the seed that was used.
    groups : mapping of str to Dataset
        ``posterior`` (parameters and coefficients, named ``equation__name``), ``sample_stats``,
        ``effects`` (the effects dataset) and, if the design has them, ``leads``; and
        ``coefficients`` if they take no more than 200 MB: time effects, cells and slopes of the
        outcome's equation, which likelihoods of units and replications use. For ArviZ they form a
        DataTree, `tree`.
    gate : ConvergenceDiagnostics
        The convergence diagnostics.
    record : mapping of str to str or float
        Panel digest, ``s``, and a flag for interrupted sampling; and ``unsealed`` for a file of
        version 0.1, which has no digest.
    versions : mapping of str to str
        Versions of the packages that made it.
    notes : tuple of str
        Observations and cells that were dropped, with the reason.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> fit.gate.passed
    True
    >>> list(fit.summary().columns[:2])
    ['mean', 'sd']
    """

    design: Design
    panel: Panel | None
    sampler: Sampler
    groups: Mapping[str, xr.Dataset]
    gate: ConvergenceDiagnostics
    record: Mapping[str, str | float]
    versions: Mapping[str, str]
    notes: tuple[str, ...] = ()

    def __getstate__(self) -> dict[str, Any]:
        """Return the state without parts that can be recomputed."""
        return {name: value for name, value in vars(self).items() if name != MEMORY}

    @property
    def facts(self) -> Facts:
        """Capabilities and assumptions of the design."""
        return self.design.facts

    @property
    def outcome_design(self) -> SingleEquation:
        """The design of the outcome without mediators; the design itself where it has none."""
        return self.design.outcome_design

    def variant(self, *, drop: bool = False, **changes: object) -> Design:
        """Return the fit's design with other arguments.

        Parameters
        ----------
        drop : bool, default False
            If True, effects that the data do not identify are left out rather than refused, if the
            design has this choice.
        **changes
            Arguments of the design; with mediators also those of the outcome's design.

        Returns
        -------
        Design
            As `fit` takes it.

        Raises
        ------
        StudyError
            If the design has no such argument.

        Examples
        --------
        >>> import bayes_nqp as nqp
        >>> design = nqp.StaggeredDiD(unidentified="drop")
        >>> sampler = nqp.Importance(seed=1)
        >>> fit = nqp.fit(design, nqp.datasets.castle_doctrine(), sampler, progress=False)
        >>> fit.variant(errors=nqp.IID()).facts.noise
        IID()
        """
        if drop and self.takes("unidentified"):
            changes["unidentified"] = "drop"
        return self.design.variant(changes)

    def variants(self) -> list[tuple[Message, Message, Design]]:
        """Return the design with other values of arguments that only its kind has.

        Returns
        -------
        list of (Message, Message, Design)
            Name, change, and design of each variant; empty if there are none.
        """
        return list(self.outcome_design.variants(self._panel))

    def takes(self, *names: str) -> bool:
        """Return True if the design has these arguments, so that `variant` can change them.

        Parameters
        ----------
        *names : str
            Names of arguments.
        """
        return self.design.arguments.issuperset(names)

    @property
    def rows(self) -> Panel:
        """Observations that all equations use: with mediators, those with all mediators.

        Raises
        ------
        StudyError
            If the fit has no panel.
        """
        return self.design.rows(self._panel)

    @property
    def tree(self) -> xr.DataTree:
        """The groups as a DataTree for ArviZ, with the convergence diagnostics as attr ``gate``.

        It is created at each access from the same draws. A slash in a name is written as ``%2F`` in
        it, and a percent sign as ``%25``.
        """
        # Nodes of a tree refer to one another: a fit that stored it would never be freed at once.
        named = {name: into_tree(group) for name, group in self.groups.items()}
        tree = xr.DataTree.from_dict(named)
        tree.attrs[v.GATE] = str(self.gate)
        return tree

    @property
    def posterior(self) -> xr.Dataset:
        """Draws of parameters and coefficients (chain, draw, …), outcome units, with the gate."""
        return self.groups["posterior"].assign_coords(self.gate.evidence)

    @property
    def effects(self) -> xr.Dataset:
        """Draws of the effects of cells in the sample: the effects dataset."""
        return self.groups["effects"].copy()

    @property
    def leads(self) -> xr.Dataset | None:
        """Draws of leads as an effects dataset; None if the design has none."""
        return self.groups["leads"].copy() if "leads" in self.groups else None

    @property
    def labels(self) -> Labels:
        """Labels of columns, levels and units, by language."""
        return labels_of(self.effects)

    @property
    def scale(self) -> float:
        """``s``, the scale of the priors, outcome units."""
        return float(self.record["scale"])

    @cached_property
    def model_frame(self) -> ModelFrame:
        """The model frame of the design on the panel.

        Raises
        ------
        StudyError
            If the fit has no panel.
        """
        return model_frame_of(self.design, self._panel, scale=self.scale)

    @property
    def _panel(self) -> Panel:
        if self.panel is None:
            raise StudyError(
                "this fit was saved without its observations",
                hint="nqp.load(path, panel=panel) with the same panel",
            )
        return self.panel

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the draws, the design and the panel's digest."""
        seal = hashlib.sha256(as_before(repr((self.design, self.record["panel_digest"]))).encode())
        for name in ("posterior", "effects"):
            dataset = into_tree(self.groups[name])
            for variable in sorted(map(str, dataset.data_vars)):
                seal.update(np.ascontiguousarray(dataset[variable].values))
        return seal.hexdigest()

    def save(self, path: str | Path, *, rows: bool = True) -> Path:
        """Write the fit to one netCDF file, completely or not at all.

        The file is read back before it is moved to its place. The same fit always gives the same
        bytes.

        Parameters
        ----------
        path : str or Path
            An existing file is replaced.
        rows : bool, default True
            If True, the panel's observations are written; False for confidential data.
        """
        values = {"design": self.design, "sampler": self.sampler}
        facts = {
            "gate": asdict(self.gate), "facts": dict(self.record), "versions": dict(self.versions)
        }  # fmt: skip
        texts = {"notes": encoded(self.notes), "digest": self.digest}
        return write_fit(path, self.groups, self.panel if rows else None, values, facts, texts)

    def _lines(self) -> list[tuple[str, str]]:
        posterior = self.groups["posterior"]
        chains, draws = posterior.sizes[v.CHAIN], posterior.sizes[v.DRAW]
        gate = str(self.gate)
        lines = [
            *self._headline,
            ("design", brief(self.design)),
            ("draws", f"{chains} chains × {draws}, seed {self.sampler.seed}"),
            ("convergence", gate.replace("failed", "FAILED", 1)),
        ]
        if self.record.get("interrupted"):
            lines.append(("note", "sampling was interrupted; the draws so far were kept"))
        if self.record.get("unsealed"):
            lines.append(("note", UNSEALED))
        lines += [("note", note) for note in self.notes]
        return lines

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if name not in _BACKSTAGE]

    def __repr__(self) -> str:
        return facts_text("<Fit>", self._lines())

    def _repr_html_(self) -> str:
        lines = [(name, text) for name, text in self._lines() if name != "convergence"]
        colour = "#1a7f37" if self.gate.passed else "#b42318"
        return facts_html("Fit", lines, badge=f"convergence diagnostics {self.gate}", colour=colour)


@door
def fit(
    design: Design,
    panel: Panel,
    sampler: Sampler | None = None,
    *,
    scale: float | None = None,
    threads: int | None = None,
    progress: bool = True,
) -> Fit:
    """Fit a design to a panel.

    Linear coefficients are integrated out, so that only scales, the autocorrelation and the error
    standard deviation are sampled; coefficients and deviations are then drawn exactly. Stopping
    `NUTS` by the keyboard keeps the draws so far.

    Parameters
    ----------
    sampler : Importance or NUTS, optional
        `Importance` by default, which takes a fraction of a second, or a few seconds for counts.
        For likelihoods without sufficient statistics or Gaussian approximations the default is
        `NUTS`, which samples the PyMC model of `to_pymc`.
    scale : float, optional, outcome units
        ``s``, in which priors are stated, fixed at this value, as for simulated outcomes; computed
        from the outcome by default.
    threads : int, optional
        Number of threads, on which draws do not depend. By default the environment variable
        ``BAYES_NQP_THREADS``, or as many as the machine has available.
    progress : bool, default True
        If True, show a progress bar.

    Returns
    -------
    Fit
        Its repr and every summary state the convergence diagnostics.

    Raises
    ------
    IdentificationError
        If the panel does not identify an effect of the design.
    ConvergenceError
        If there are no draws to keep.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> design = nqp.StaggeredDiD(unidentified="drop")
    >>> fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    >>> fit.gate.passed
    True
    """
    sampler = (sampler or (NUTS() if design.facts.by_rows else Importance())).seeded()
    with within(threads):
        return _run(design, panel, sampler, scale, progress, ExistingDraws())


def fit_again(design: Design, panel: Panel, sampler: Importance, stock: ExistingDraws) -> Fit:
    """Fit a design that shares equations with one already fitted.

    Parameters of shared equations are not drawn again: their draws are at hand.

    Parameters
    ----------
    design : StaggeredDiD, ContinuousExposure or Mediation
        With a Gaussian likelihood.
    sampler : Importance
        With a seed.
    stock : ExistingDraws
        As `reused_draws` gives them; chains are used where they have as many draws.
    """
    return _run(design, panel, sampler, None, False, stock)


def _run(
    design: Design,
    panel: Panel,
    sampler: Sampler,
    scale: float | None,
    progress: bool,
    stock: ExistingDraws,
) -> Fit:
    facts = design.facts
    if facts.by_rows and isinstance(sampler, Importance):
        raise StudyError(
            "'sampler' is Importance, which needs a likelihood with sufficient statistics",
            hint=Message("{} with {}", Hint("sampler", NUTS()), type(facts.inexact[1]).__name__),
        )
    panel = design.prepared(panel)
    model_frame = model_frame_of(design, panel, scale=scale)
    ending = before_all_adopt(model_frame)
    if ending is not None:
        panel, model_frame = ending.panel, model_frame_of(design, ending.panel, scale=scale)
    check_draws(model_frame, sampler)
    notes = model_frame.notes if ending is None else (ending.note, *model_frame.notes)
    if isinstance(sampler, NUTS):
        from bayes_nqp.inference.fitting._rows import ROWS_NOTE, fit_rows

        groups, gate, interrupted = fit_rows(model_frame, sampler, progress)
        notes = (*notes, ROWS_NOTE)
    elif facts.approximated:
        from bayes_nqp.inference.fitting._approximated import fit_approximated

        groups, gate = fit_approximated(model_frame, sampler)
        interrupted = False
    elif facts.joined:
        from bayes_nqp.inference.fitting._joint import fit_joint

        groups, gate, interrupted = fit_joint(model_frame, sampler, progress)
    else:
        drawn, more = draw_equations(model_frame, sampler, stock, progress)
        notes, interrupted = (*notes, *more), False
        groups, gate = build_groups(model_frame, drawn)
    result = fitted(
        design, panel, sampler, model_frame, groups, gate, notes, interrupted=interrupted
    )
    return result if ending is None else replace(result, record={**result.record, **ending.facts})


def fitted(
    design: Design,
    panel: Panel,
    sampler: Sampler,
    model_frame: ModelFrame,
    groups: Mapping[str, xr.Dataset],
    gate: ConvergenceDiagnostics,
    notes: tuple[str, ...],
    *,
    interrupted: bool = False,
) -> Fit:
    """Put draws and where they come from together."""
    if panel.labels:
        groups["effects"].attrs[ATTR] = panel.labels.text
    record: dict[str, str | float] = {
        "panel_digest": panel.digest,
        "scale": model_frame.equations[0].scale,
        "interrupted": float(interrupted),
        "outcome": panel.roles.outcome,
    }
    return Fit(design, panel, sampler, groups, gate, record, versions(), notes)
