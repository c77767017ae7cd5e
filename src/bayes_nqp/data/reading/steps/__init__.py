"""Convert a file to a table by steps; each module is one step, a key of `[data.read]`.

Only `data.reading` imports this package; other code uses the names that `data.reading` exports.
"""

from bayes_nqp.data.reading.steps._fill_down import filled_periods as filled_periods
from bayes_nqp.data.reading.steps._header import joined_names as joined_names
from bayes_nqp.data.reading.steps._step import BOOKS as BOOKS
from bayes_nqp.data.reading.steps._step import STEPS as STEPS
from bayes_nqp.data.reading.steps._step import Found as Found
from bayes_nqp.data.reading.steps._step import Reading as Reading
from bayes_nqp.data.reading.steps._step import Step as Step
from bayes_nqp.data.reading.steps._step import step as step
