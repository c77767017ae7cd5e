"""Extension with spatial terms, checks, estimands, tables, plots and sections of reports.

Each folder extends the package of the same name. `studio` and `cli` may import it; the core finds
its files through the registries, apart from the imports that `pyproject.toml` lists.
"""

from bayes_nqp.model import designs as designs  # first: it names terms that are made from it
