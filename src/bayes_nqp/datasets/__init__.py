"""Panels to try the library on."""

from bayes_nqp.datasets._castle_doctrine import castle_doctrine

__all__ = ["castle_doctrine"]
