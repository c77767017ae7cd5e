"""Whether there are more units than periods."""

from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared import HOLDS, Finding, asks
from bayes_nqp.inference.fitting import ROWS, Fit


@asks("Are there more units than periods?", place=25, needs=(ROWS,))
def wide_enough(fit: Fit, *, least: int = 1) -> Finding:
    """Units a period.

    Parameters
    ----------
    least : int, default 1
        Of them.
    """
    ratio = fit.panel.n_units / fit.panel.periods
    assert ratio > least
    return Finding(HOLDS, Message("{:.1f} units a period", ratio), Message("There are enough."))
