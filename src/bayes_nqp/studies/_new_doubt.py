"""Why a study that is proposed for a file should not run, though it could."""

from __future__ import annotations

from typing import Final

from bayes_nqp.columns import counted
from bayes_nqp.errors import IdentificationError, NQPError, PanelError
from bayes_nqp.intake import Guess
from bayes_nqp.language import Message, separated
from bayes_nqp.studies._study import Study

_MOST: Final = 0.05
"""Share of rows that may be left out without somebody's word."""


def doubt_of(study: Study, proposal: Guess) -> str:
    """Say why somebody has to look first; "" where nothing is in the way.

    Parameters
    ----------
    study : Study
        As it was validated.
    proposal : Guess
        That it was written from.
    """
    doubt = _nobody(study) or _rows(study, proposal)
    return "" if doubt is None else doubt.in_(proposal.translate.language)


def _nobody(study: Study) -> NQPError | None:
    if (study.panel.cohort_codes < 0).any():
        return None
    return IdentificationError(
        Message("every unit is treated in the end, so that nobody is untreated throughout"),
        hint=Message(
            "add units without the policy; or, if another column says who is treated, name it "
            "with --cohort or --treated; or, if that is how it was, run it as it stands"
        ),
    )


def _rows(study: Study, proposal: Guess) -> NQPError | None:
    panel, unmatched = study.panel, study.prepared.unmatched
    unidentified = int(study.support.query("not identified")["rows"].sum())
    left = panel.n_rows - unidentified
    gone = proposal.rows - left
    if gone <= _MOST * proposal.rows:
        return None
    causes = [Message("{} is missing in {}", *cause) for cause in _missing(panel.dropped)]
    if proposal.unplaced:
        causes.append(Message("no unit or no time in {}", counted(proposal.unplaced, "row")))
    if unmatched is not None and len(unmatched):
        causes.append(Message("no prefecture in {}", counted(int(unmatched["rows"].sum()), "row")))
    if unidentified:
        causes.append(Message("no effect is identified in {}", counted(unidentified, "row")))
    return PanelError(
        Message(
            "{:,} of {:,} rows ({:.0%}) would be left out",
            gone,
            proposal.rows,
            gone / proposal.rows,
        ),
        where=separated(causes),
        hint="complete or correct these cells in the file; or, if these rows may go, run it as it "
        "stands",
    )


def _missing(dropped: dict[str, int]) -> list[tuple[str, Message]]:
    return [(name, counted(count, "row")) for name, count in dropped.items()]
