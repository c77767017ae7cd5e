"""The command line: thin, and quick to answer."""

from bayes_nqp.cli._app import app, main

__all__ = ["app", "main"]
