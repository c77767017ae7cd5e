"""Study that was read and matches its data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, reduce
from operator import getitem
from pathlib import Path
from typing import Any

import pandas as pd

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import StudyError, nearest, speaking
from bayes_nqp._core.i18n import Message, Translator
from bayes_nqp._core.validation import door
from bayes_nqp.checks import CHECKS, suiting
from bayes_nqp.data.backends import Address
from bayes_nqp.data.column_inference import advice
from bayes_nqp.data.panel import Panel
from bayes_nqp.data.spatial_weights import SpatialWeights
from bayes_nqp.inference.model_frame import identification, model_frame_of
from bayes_nqp.model.designs import Design
from bayes_nqp.numerics.sampling import Sampler
from bayes_nqp.output.reports import SECTIONS, exhibits, remarks
from bayes_nqp.output.tables import baseline_steps
from bayes_nqp.studies._check_options import (
    check_checks,
    check_columns,
    check_options,
    checks_with_options,
)
from bayes_nqp.studies._check_output import check_output
from bayes_nqp.studies._comparison_designs import check_beside, designs_beside
from bayes_nqp.studies._data import Prepared, prepared
from bayes_nqp.studies._decode import design_of, sampler_of, with_values
from bayes_nqp.studies._parse import parse
from bayes_nqp.studies._plugins import values_of
from bayes_nqp.studies._schema import Settings
from bayes_nqp.studies._source import source_of
from bayes_nqp.studies._source_table import address_of
from bayes_nqp.studies._study_table import Values
from bayes_nqp.studies._toml import read
from bayes_nqp.studies._words import in_toml

_GROUPS = (v.COHORT, v.TIME, v.STRATUM)
_ALWAYS = ("convergence", "identification")
"""Checks of every paper."""


@door
@dataclass(frozen=True, eq=False, repr=False)
class Study:
    """Study file and its contents.

    Parameters
    ----------
    path : Path
        File of the study.
    settings : Settings
        Contents of the file.
    prepared : Prepared
        The panel and the by-products of making it.
    sampler : Importance, NUTS or None
        None for the default of the package.
    notes : tuple of str
        Information before a run: units with two names, observations that the design excludes with
        the reasons, and formats of the report that do not contain everything.
    beside : mapping of str to Design
        Comparison designs by name.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> study = nqp.studies.validate(nqp.studies.find("castle_doctrine"))
    >>> study.panel.roles.outcome
    'l_homicide'
    """

    path: Path
    settings: Settings
    prepared: Prepared
    design: Design
    sampler: Sampler | None
    notes: tuple[str, ...] = ()
    beside: Mapping[str, Design] = field(default_factory=dict)

    @property
    def panel(self) -> Panel:
        """The panel."""
        return self.prepared.panel

    @property
    def weights(self) -> Mapping[str, SpatialWeights]:
        """Spatial weights by their names in the study."""
        return self.prepared.values.get("weights", {})

    @property
    def translate(self) -> Translator:
        """Translator of the report's language, with the panel's labels."""
        return Translator(self.settings.report.language, self.panel.labels)

    @property
    def source(self) -> Path | None:
        """File of the data; None for a dataset, a simulation or a database table."""
        return source_of(self.settings.data, self.path.parent)

    @property
    def address(self) -> Address | None:
        """Address of a table that stays in its engine; None if rows are read into memory."""
        return address_of(self.settings.data, self.path.parent)

    @property
    def files(self) -> dict[tuple[str, ...], Path]:
        """Files that tables other than [data] name, by the path of keys."""
        return {
            (name, *keys): self.path.parent / str(reduce(getitem, keys, table.model_dump()))
            for name, table in self.settings.plugins.items()
            for keys in table.file_keys
        }

    @property
    def factors(self) -> tuple[str, ...]:
        """Strata and factors of terms, by which contrasts are reported."""
        return tuple(name for name in self.by if name in _factors(self.panel, self.design))

    @property
    def by(self) -> tuple[str, ...]:
        """Groupings of the reported effects: the key ``by``, or all factors and the cohort.

        For a continuous treatment, the period replaces the cohort.
        """
        wanted = self.settings.report.by
        if wanted is not None:
            return tuple(wanted)
        last = v.COHORT if self.staggered else v.TIME
        return (*_factors(self.panel, self.design), last)

    @property
    def base(self) -> Any:
        """Design of the outcome, without its mediators."""
        return self.design.outcome_design

    @property
    def staggered(self) -> bool:
        """True if units adopt the policy at some time; False for a continuous treatment."""
        return self.design.facts.adopted

    @property
    def mediators(self) -> tuple[str, ...]:
        """Mediators; empty if the study has none."""
        return self.design.facts.mediators(self.panel)

    @property
    def sections(self) -> list[str] | None:
        """Sections of the report in order; None for all that apply."""
        if (paper := self.settings.paper) is None:
            return self.settings.report.sections
        return exhibits() if paper.exhibits is None else paper.exhibits

    @property
    def baseline(self) -> dict[str, Any] | None:
        """Options of the baseline regressions, by default those of a paper; None for none."""
        if (stated := self.settings.baseline) is not None:
            return stated.model_dump()
        return {} if "baseline" in (self.sections or ()) and self.settings.paper else None

    @property
    def checks(self) -> tuple[str, ...]:
        """Checks that run: those in the file; or all that apply, and those with a table.

        A paper runs the checks of its exhibits instead of all that apply.
        """
        wanted = self.settings.checks.run
        if wanted is not None:
            return tuple(wanted)
        usual = {*suiting(self.design, self.panel)}
        stated = {*checks_with_options(self.settings.checks)}
        if self.settings.paper is not None:
            stated |= {*_ALWAYS}.union(*(SECTIONS[name].checks for name in self.sections or ()))
            usual &= stated
        usual |= {x for x in stated if CHECKS[x].offered(self.design, self.panel)}
        return tuple(name for name in CHECKS if name in usual)

    @property
    def check_options(self) -> Mapping[str, Mapping[str, Any]]:
        """Decoded options by the name of the check."""
        return check_options(self.settings.checks, self.checks, self.prepared.values)

    @cached_property
    def support(self) -> pd.DataFrame:
        """Identification of the effect of each cell, as listed by `nqp.identification`."""
        return identification(self.base, self.design.rows(self.panel))

    def __repr__(self) -> str:
        identified = self.support["identified"]
        lines = [
            f"<Study {self.settings.title!r}>",
            f"  file    {self.path}",
            f"  design  {self.design!r}",
            f"  cells   {int(identified.sum())} of {len(identified)} identified",
            f"  checks  {', '.join(self.checks) or 'none'}",
            repr(self.panel),
        ]
        return "\n".join(lines)


@door
@speaking("toml")
def validate(path: str | Path) -> Study:
    """Read a study and test if it can run, without sampling.

    Parameters
    ----------
    path : str or Path
        A .toml file.

    Raises
    ------
    StudyError
        If the file, a key or a value is invalid.
    PanelError
        If the data cannot be read or are malformed.
    IdentificationError
        If the data cannot identify the effects of the design.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> study = nqp.studies.validate(nqp.studies.find("castle_doctrine"))
    >>> study.panel.n_units
    50
    """
    path = Path(path)
    settings = parse(read(path), path.name)
    for table in settings.plugins.values():
        table.check_keys(path.parent)
    nobody = values_of(settings.plugins)
    design, _ = _design(settings, nobody), designs_beside(settings, nobody)
    sampler = sampler_of(settings.sampler)
    check_checks(settings.checks, design, nobody)
    check_output(settings)
    data_prepared = prepared(settings, path.parent)
    panel = data_prepared.panel
    _check_draws(settings, data_prepared)
    check_columns(settings.checks, panel)
    values = data_prepared.values
    design = _design(settings, values) if any(values.values()) else design
    beside = designs_beside(settings, values)
    with in_toml("design"):
        model_frame = model_frame_of(design, panel)
    check_beside(beside, panel)
    for name in settings.report.by or ():
        groups = (*_factors(panel, design), *_GROUPS)
        if name == v.COHORT and not design.facts.adopted:
            raise StudyError(
                "'report.by' contains 'cohort', but a continuous treatment has no adoption cohorts",
                hint='write by = ["time"], or strata',
            )
        if name not in groups:
            raise StudyError(
                Message("'report.by' contains {!r}, which is not a stratum of the study", name),
                hint=nearest(name, groups),
            )
    if settings.baseline is not None:
        baseline_steps(settings.baseline.steps, panel, (), "baseline.steps")
    twice = advice(panel.roles.unit, panel.frame[panel.roles.unit])
    notes = (*((twice,) if twice else ()), *model_frame.notes)
    notes += remarks(settings.report.formats, settings.title)
    return Study(path, settings, data_prepared, design, sampler, notes, beside)


def _factors(panel: Panel, design: Design) -> tuple[str, ...]:
    """Return the strata, and the factors that terms of the design add."""
    return (*panel.roles.strata, *design.facts.moving)


def _design(settings: Settings, values: Values) -> Design:
    """Decode the design, with names replaced by values."""
    table = with_values(settings.design, values, "design")
    channels = settings.channels
    if channels is None or channels.links is None:
        return design_of(table, settings.priors, channels)
    (links,) = with_values({"weights": channels.links}, values, "channels").values()
    return design_of(table, settings.priors, channels, links)


def _check_draws(settings: Settings, data_prepared: Prepared) -> None:
    """Test that the weights of an index can be drawn, before any sampling."""
    draws = settings.index.draws if settings.index is not None else 0
    if not draws or data_prepared.index is None:
        return
    if draws < 2:
        raise StudyError(
            "'index.draws' is 1",
            hint="write 0 for no draws, or an integer of at least 2, such as 20",
        )
    weights = data_prepared.index.recipe.weights
    if not weights.estimated:
        raise StudyError(
            Message(
                "'index.draws' is {}, but {} does not depend on the data",
                draws,
                type(weights).__name__,
            ),
            hint="write draws = 0, or use weights that are estimated from the data, such "
            "as Entropy",
        )
