"""Extension: spatial terms, checks, estimands, tables, plots and sections of reports."""

from bayes_nqp.model import designs as designs  # first: it names terms that are made from it
