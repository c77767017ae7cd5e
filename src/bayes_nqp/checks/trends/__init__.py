"""Checks of trends: how treated units would have moved, before adoption and after it."""

from bayes_nqp.checks.trends._averaged import Averaged, averaged
from bayes_nqp.checks.trends._earned import DRIFTING
from bayes_nqp.checks.trends._leads import tail_of
from bayes_nqp.checks.trends._parallel import holm, parted

__all__ = ["DRIFTING", "Averaged", "averaged", "holm", "parted", "tail_of"]
