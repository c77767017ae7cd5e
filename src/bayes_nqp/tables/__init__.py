"""Tables: the one place, with plots and reports, where draws become intervals."""

from bayes_nqp.tables._contrasts_table import contrasts_table
from bayes_nqp.tables._event_study_table import event_study_table
from bayes_nqp.tables._specification_table import specification_table
from bayes_nqp.tables._summary import summary

__all__ = ["contrasts_table", "event_study_table", "specification_table", "summary"]
