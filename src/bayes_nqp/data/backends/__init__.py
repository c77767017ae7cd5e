"""Read tables that stay in a database or a file engine, by their address.

Only this package refers to engines; narwhals reads the engines that it supports. `data.panel` and
all higher packages may import it.
"""

from bayes_nqp.data.backends._address import Address, opened, redacted
from bayes_nqp.data.backends._table import SourceTable
from bayes_nqp.data.backends._unit_files import UnitFiles

__all__ = ["Address", "SourceTable", "UnitFiles", "opened", "redacted"]
