"""Pictures, one per file, each a function that returns the matplotlib figure.

They neither show nor save anything: a notebook shows what its cell returns, and
``figure.savefig(path)`` writes a file.
"""

from bayes_nqp.plots._adoption import adoption
from bayes_nqp.plots._calibration import calibration
from bayes_nqp.plots._channels import channels
from bayes_nqp.plots._check import check
from bayes_nqp.plots._decomposition import decomposition
from bayes_nqp.plots._event_study import event_study
from bayes_nqp.plots._evidence_confounding import confounding
from bayes_nqp.plots._evidence_sensitivity import sensitivity
from bayes_nqp.plots._forest import forest
from bayes_nqp.plots._league import league
from bayes_nqp.plots._moderation import moderation
from bayes_nqp.plots._paths import paths
from bayes_nqp.plots._shrinkage import shrinkage

__all__ = [
    "adoption",
    "calibration",
    "channels",
    "check",
    "confounding",
    "decomposition",
    "event_study",
    "forest",
    "league",
    "moderation",
    "paths",
    "sensitivity",
    "shrinkage",
]
