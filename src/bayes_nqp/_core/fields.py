"""Names of the studio's pages and fields, quoted in messages."""

from __future__ import annotations

from typing import Final

from bayes_nqp._core.i18n import Message

COLUMNS: Final = Message("Columns")
UNIT: Final = Message("Unit")
TIME: Final = Message("Time")
OUTCOME: Final = Message("Outcome")
FIRST_TREATED: Final = Message("First treated period")
TREATED: Final = Message("Treated or not, for each observation")
MAY_END: Final = Message("Treated or not, if the policy may end")
GROUPS: Final = Message("Groups to compare")
PILOT_ZONES: Final = Message("The policy is the cross-border e-commerce pilot zones")
AS_IT_STANDS: Final = Message("Use the file without changes")
LEAVE_OUT: Final = Message("Exclude effects that the data cannot identify")
COVARIATES: Final = Message("Covariate", context="field")
MEDIATORS: Final = Message("Mediator", context="field")
FILE: Final = Message("File", context="field")
STUDY: Final = Message("Study")
