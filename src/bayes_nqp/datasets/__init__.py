"""Panels to try the library on, and facts that panels are merged with."""

from bayes_nqp.datasets._bank_branching import bank_branching
from bayes_nqp.datasets._castle_doctrine import castle_doctrine
from bayes_nqp.datasets._cohorts import cohorts_from_dates
from bayes_nqp.datasets._medicaid import medicaid
from bayes_nqp.datasets._merge_zones import merge_zones
from bayes_nqp.datasets._merged import MergedZones
from bayes_nqp.datasets._minimum_wage import minimum_wage
from bayes_nqp.datasets._pilot_zones import pilot_zones
from bayes_nqp.datasets._places import match as match
from bayes_nqp.datasets._prefectures import prefectures

__all__ = [
    "MergedZones",
    "bank_branching",
    "castle_doctrine",
    "cohorts_from_dates",
    "medicaid",
    "merge_zones",
    "minimum_wage",
    "pilot_zones",
    "prefectures",
]
