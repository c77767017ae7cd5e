"""Panels to try the library on, and facts that panels are merged with."""

from bayes_nqp.datasets._castle_doctrine import castle_doctrine
from bayes_nqp.datasets._pilot_zones import pilot_zones
from bayes_nqp.datasets._prefectures import prefectures

__all__ = ["castle_doctrine", "pilot_zones", "prefectures"]
