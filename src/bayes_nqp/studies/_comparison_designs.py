"""The table [beside]: comparison designs, fitted in addition to the study's own design."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bayes_nqp._core.i18n import Message
from bayes_nqp.data.panel import Panel
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.model.designs import Design
from bayes_nqp.output.tables import spatial_fits, table
from bayes_nqp.studies._decode import NONE, design_of, stated_in, with_values
from bayes_nqp.studies._schema import Settings
from bayes_nqp.studies._study_table import Values
from bayes_nqp.studies._words import in_table

_MAIN: Final = Message("Main model")


def designs_beside(settings: Settings, values: Values) -> dict[str, Design]:
    """Decode the comparison designs.

    Each equals [design], except for the keys of its own table, and has no mediators.

    Raises
    ------
    StudyError
        If a key or a value does not exist for the design.
    """
    designs = {}
    for name, changes in settings.beside.items():
        place = f"beside.{name}"
        left_out = {key for key, x in changes.items() if x == NONE and key in settings.design}
        stated = {**settings.design, **changes}
        stated = {key: x for key, x in stated.items() if key not in left_out}
        changed = with_values(stated, values, place)
        with stated_in(place, changes):
            designs[name] = design_of(changed, settings.priors)
    return designs


def check_beside(designs: Mapping[str, Design], panel: Panel) -> None:
    """Test that the data identify the comparison designs.

    Raises
    ------
    NQPError
        As for a plan of the design.
    """
    for name, design in designs.items():
        with in_table(f"beside.{name}"):
            model_frame_of(design, panel)


def heading(settings: Settings, language: str | None = None) -> str:
    """Return the column heading of the study's own design in comparison tables."""
    return _MAIN.in_(language or settings.report.language) if settings.beside else settings.title


def beside_tables(settings: Settings, fitted: Fit, others: Mapping[str, Fit]) -> dict[str, Any]:
    """Tabulate all fits in columns, by file name; spatial fits as spatial models."""
    report, fits = settings.report, spatial_fits({heading(settings): fitted, **others})
    if not others or not fits:
        return {}
    columns = table(
        fits, "spatial", language=report.language, prob=report.prob, weights=report.weights
    )
    frame = columns.to_frame(text=True)
    frame.columns = ["row", *frame.columns[1:]]
    return {"spatial.csv": frame.assign(gate=str(fitted.gate))}
