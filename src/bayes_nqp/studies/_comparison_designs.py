"""[beside]: further designs of a study, fitted to stand beside its own."""

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
    """Decode further designs: each is [design], but for what its table says; without channels.

    Raises
    ------
    StudyError
        If a key or a value is not one of the design's.
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
    """See that the data can answer what further designs ask.

    Raises
    ------
    NQPError
        As a plan of the design does.
    """
    for name, design in designs.items():
        with in_table(f"beside.{name}"):
            model_frame_of(design, panel)


def heading(settings: Settings) -> str:
    """Head the column of the study's own design, where others stand beside it."""
    return _MAIN.in_(settings.report.language) if settings.beside else settings.title


def beside_tables(settings: Settings, fitted: Fit, others: Mapping[str, Fit]) -> dict[str, Any]:
    """Tabulate all fits in columns, by file name: where one is of space, as spatial models are."""
    report, fits = settings.report, spatial_fits({heading(settings): fitted, **others})
    if not others or not fits:
        return {}
    columns = table(
        fits, "spatial", language=report.language, prob=report.prob, weights=report.weights
    )
    frame = columns.to_frame(text=True)
    frame.columns = ["row", *frame.columns[1:]]
    return {"spatial.csv": frame.assign(gate=str(fitted.gate))}
