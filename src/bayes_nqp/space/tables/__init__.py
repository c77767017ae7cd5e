"""Tables of spatial dependence and spillover effects, one a file.

`bayes_nqp.output.tables` finds its files and may import it.
"""

from bayes_nqp.space.tables._dependence import LISA_TYPES as LISA_TYPES
