"""Independent tasks on other processes and machines, with the answers of this one."""

from bayes_nqp._core.parallel._dispatch import Dispatch
from bayes_nqp._core.parallel._payload import pickled
from bayes_nqp._core.parallel._workers import crew, workers

__all__ = ["Dispatch", "crew", "pickled", "workers"]
