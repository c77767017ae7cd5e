"""Reference entries of checks: statistic, thresholds, remedy and literature."""

from __future__ import annotations

from dataclasses import dataclass

from bayes_nqp._core.i18n import NOTHING, Message


@dataclass(frozen=True, slots=True)
class Guide:
    """Reference entry of a check, from which pages, reports and advice are written.

    Parameters
    ----------
    statistic : Message
        Computed statistic, in one to three sentences.
    thresholds : Message
        Rule of the verdict, with the numbers of the code as parts.
    failure : Message
        Meaning of a failure for the estimate, in one sentence.
    remedy : Message
        First remedy: an instruction in one sentence, without a final period, which follows "Next:
        ".
    code : str, default ""
        Python of the remedy that runs with ``panel``, ``design`` and ``fit`` in scope.
    literature : str, default ""
        Authors and years, separated by semicolons.
    limits : Message, optional
        Violations that the check does not detect.
    """

    statistic: Message
    thresholds: Message
    failure: Message
    remedy: Message
    code: str = ""
    literature: str = ""
    limits: Message = NOTHING
