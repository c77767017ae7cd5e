"""Run independent tasks in other processes and on other machines.

Results equal those of a single process. Every package may import it.
"""

from bayes_nqp._core.parallel._dispatch import Dispatch
from bayes_nqp._core.parallel._payload import pickled
from bayes_nqp._core.parallel._workers import crew, workers

__all__ = ["Dispatch", "crew", "pickled", "workers"]
