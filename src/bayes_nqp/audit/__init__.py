"""Data audit: checks for copied, imputed or leaking columns, and for sample selection.

Checks of mediators and of the sample may import its measurements of columns.
"""

from bayes_nqp.audit._column import Measurements as Measurements
from bayes_nqp.audit._column import column_of as column_of
from bayes_nqp.audit._column import numbers_of as numbers_of
from bayes_nqp.audit._column import slopes_of as slopes_of
from bayes_nqp.audit._column import two_ways_out as two_ways_out
from bayes_nqp.audit._leaks import shared_with as shared_with
