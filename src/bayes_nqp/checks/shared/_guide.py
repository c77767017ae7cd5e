"""What a reader needs to know about a check: statistic, thresholds, remedy and literature."""

from __future__ import annotations

from dataclasses import dataclass

from bayes_nqp._core.i18n import NOTHING, Message


@dataclass(frozen=True, slots=True)
class Guide:
    """Reference entry of a check, from which pages, reports and advice are written.

    Parameters
    ----------
    statistic : Message
        What is computed, in one to three sentences.
    thresholds : Message
        Rule of the verdict, with the numbers of the code as parts.
    failure : Message
        What a failure means for the estimate, in one sentence.
    remedy : Message
        What to try first: an instruction in one sentence, without a final period, which follows
        "Next: ".
    code : str, default ""
        Python of the remedy that runs with ``panel``, ``design`` and ``fit`` in scope.
    literature : str, default ""
        Authors and years, separated by semicolons.
    limits : Message, optional
        What the check does not detect.
    """

    statistic: Message
    thresholds: Message
    failure: Message
    remedy: Message
    code: str = ""
    literature: str = ""
    limits: Message = NOTHING
