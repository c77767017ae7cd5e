"""Tables: the one place, with plots and reports, where draws become intervals."""

from bayes_nqp.tables._contrasts_table import contrasts_table
from bayes_nqp.tables._event_study_table import event_study_table
from bayes_nqp.tables._mediation_table import channel_comparison, mediation_table
from bayes_nqp.tables._specification_table import specification_table
from bayes_nqp.tables._steps import three_step, two_step
from bayes_nqp.tables._summary import summary

__all__ = [
    "channel_comparison",
    "contrasts_table",
    "event_study_table",
    "mediation_table",
    "specification_table",
    "summary",
    "three_step",
    "two_step",
]
