"""Tables that an engine keeps: where they are, and what is asked of them.

No other room knows an engine by its name: what narwhals takes lazily is read, and an address is
opened here.
"""

from bayes_nqp.data.backends._address import Address, opened, redacted
from bayes_nqp.data.backends._table import SourceTable, UnitFiles

__all__ = ["Address", "SourceTable", "UnitFiles", "opened", "redacted"]
