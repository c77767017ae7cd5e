"""A study that was read and found to fit its data."""

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
from bayes_nqp.checks import suiting
from bayes_nqp.data.backends import Address
from bayes_nqp.data.column_inference import advice
from bayes_nqp.data.panel import Panel
from bayes_nqp.data.spatial_weights import SpatialWeights
from bayes_nqp.effects.estimands import ESTIMANDS
from bayes_nqp.inference.model_frame import identification, model_frame_of
from bayes_nqp.model.designs import Design
from bayes_nqp.numerics.sampling import Sampler
from bayes_nqp.output.plots import PLOTS
from bayes_nqp.output.reports import SECTIONS, remarks, writers
from bayes_nqp.output.tables import KINDS
from bayes_nqp.studies._check_options import check_checks, check_columns, check_options
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


@door
@dataclass(frozen=True, eq=False, repr=False)
class Study:
    """A study file, and what it stands for.

    Parameters
    ----------
    path : Path
        The file.
    settings : Settings
        What it says.
    prepared : Prepared
        The panel, and what was made on the way to it.
    sampler : Importance, NUTS or None
        None for the library's own choice.
    notes : tuple of str
        What to know before running it: units under two names, what the design leaves out of the
        panel, and why, and what formats of the report do not hold whole.
    beside : mapping of str to Design
        Further designs by their names.

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
        """Spatial weights by the names that the study gives them."""
        return self.prepared.values.get("weights", {})

    @property
    def translate(self) -> Translator:
        """Words of the report's language, and the panel's labels in it."""
        return Translator(self.settings.report.language, self.panel.labels)

    @property
    def source(self) -> Path | None:
        """The file of the data; None for a dataset or simulation of the library, or a table."""
        return source_of(self.settings.data, self.path.parent)

    @property
    def address(self) -> Address | None:
        """Where the table is that stays in its engine; None where rows are read."""
        return address_of(self.settings.data, self.path.parent)

    @property
    def files(self) -> dict[tuple[str, ...], Path]:
        """The files that tables besides [data] name, by the keys on the way."""
        return {
            (name, *keys): self.path.parent / str(reduce(getitem, keys, table.model_dump()))
            for name, table in self.settings.plugins.items()
            for keys in table.file_keys
        }

    @property
    def factors(self) -> tuple[str, ...]:
        """The strata, and factors of terms, by which contrasts are reported."""
        return tuple(name for name in self.by if name in _factors(self.panel, self.design))

    @property
    def by(self) -> tuple[str, ...]:
        """What effects are reported by: the file's ``by``, or all factors and the cohort.

        The period instead of the cohort where exposure is continuous.
        """
        wanted = self.settings.report.by
        if wanted is not None:
            return tuple(wanted)
        last = v.COHORT if self.staggered else v.TIME
        return (*_factors(self.panel, self.design), last)

    @property
    def base(self) -> Any:
        """The design of the outcome: without its channels, if it has any."""
        return self.design.outcome_design

    @property
    def staggered(self) -> bool:
        """Whether units adopt something at some time; they do not under continuous exposure."""
        return self.design.facts.adopted

    @property
    def mediators(self) -> tuple[str, ...]:
        """The channels; empty if the study has none."""
        return self.design.facts.mediators(self.panel)

    @property
    def checks(self) -> tuple[str, ...]:
        """The checks that run: those that the file names, or all that suit the design."""
        wanted = self.settings.checks.run
        if wanted is not None:
            return tuple(wanted)
        return tuple(suiting(self.design, self.panel))

    @property
    def check_options(self) -> Mapping[str, Mapping[str, Any]]:
        """Options by the name of the check, as values."""
        return check_options(self.settings.checks, self.checks, self.prepared.values)

    @cached_property
    def support(self) -> pd.DataFrame:
        """Which cells' effects the data identify, as `nqp.identification` lists them."""
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
    """Read a study and see whether it can run, without sampling.

    Parameters
    ----------
    path : str or Path
        A .toml file.

    Raises
    ------
    StudyError
        If the file, a key or a value cannot be understood.
    PanelError
        If the data cannot be read or are malformed.
    IdentificationError
        If the data cannot identify what the design asks for.

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
    _check_output(settings)
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
                "'report.by' names 'cohort', and nobody adopts anything under continuous exposure",
                hint='by = ["time"], or strata',
            )
        if name not in groups:
            raise StudyError(
                Message("'report.by' names {!r}, which is no stratum", name),
                hint=nearest(name, groups),
            )
    twice = advice(panel.roles.unit, panel.frame[panel.roles.unit])
    notes = (*((twice,) if twice else ()), *model_frame.notes)
    notes += remarks(settings.report.formats, settings.title)
    return Study(path, settings, data_prepared, design, sampler, notes, beside)


def _factors(panel: Panel, design: Design) -> tuple[str, ...]:
    """Strata, and factors that terms of the design add."""
    return (*panel.roles.strata, *design.facts.moving)


def _design(settings: Settings, values: Values) -> Design:
    """Decode the design, with values in the place of their names."""
    table = with_values(settings.design, values, "design")
    channels = settings.channels
    if channels is None or channels.links is None:
        return design_of(table, settings.priors, channels)
    (links,) = with_values({"weights": channels.links}, values, "channels").values()
    return design_of(table, settings.priors, channels, links)


_UNKNOWN = {
    "report.formats": Message("'{}' names {!r}, which is no format"),
    "report.sections": Message("'{}' names {!r}, which is no section"),
    "report.estimands": Message("'{}' contains {!r}, which is not an estimand"),
    "figures.draw": Message("'{}' names {!r}, which is no plot"),
    "tables.show": Message("'{}' names {!r}, which is no kind of table"),
}


def _check_output(settings: Settings) -> None:
    """See that formats, sections, estimands, figures and tables are there."""
    for key, names, registry in (
        ("report.formats", settings.report.formats, writers),
        ("report.sections", settings.report.sections, SECTIONS.keys),
        ("report.estimands", settings.report.estimands, ESTIMANDS.keys),
        ("figures.draw", settings.figures.draw, PLOTS.keys),
        ("tables.show", settings.tables.show, KINDS.keys),
    ):
        for name in names or ():
            if name not in registry():
                raise StudyError(_UNKNOWN[key].fill(key, name), hint=nearest(name, registry()))


def _check_draws(settings: Settings, data_prepared: Prepared) -> None:
    """See whether the weights of an index can be drawn, before anything is sampled."""
    draws = settings.index.draws if settings.index is not None else 0
    if not draws or data_prepared.index is None:
        return
    if draws < 2:
        raise StudyError("'index.draws' is 1", hint="0 for none, or 2 and more, such as 20")
    weights = data_prepared.index.recipe.weights
    if not weights.estimated:
        raise StudyError(
            Message(
                "'index.draws' is {}, and no data can change {}", draws, type(weights).__name__
            ),
            hint="draws = 0, or weights that the data give, such as Entropy",
        )
