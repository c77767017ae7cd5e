"""Independent tasks on other processes and machines, with the answers of this one."""

from bayes_nqp.dispatch._dispatch import Dispatch
from bayes_nqp.dispatch._freight import pickled
from bayes_nqp.dispatch._workers import crew, workers

__all__ = ["Dispatch", "crew", "pickled", "workers"]
