"""The check of rows: whether the data can be what they seem."""

from bayes_nqp.checks.data._by_period import built_by_period as built_by_period
from bayes_nqp.checks.data._column import Measurements as Measurements
from bayes_nqp.checks.data._column import column_of as column_of
from bayes_nqp.checks.data._column import numbers_of as numbers_of
from bayes_nqp.checks.data._column import slopes_of as slopes_of
from bayes_nqp.checks.data._column import two_ways_out as two_ways_out
from bayes_nqp.checks.data._leaks import shared_with as shared_with
