"""The command line: it parses arguments, calls the library and reports errors.

Only `__main__` imports it.
"""

from bayes_nqp.cli._app import app, main

__all__ = ["app", "main"]
