"""The panel: who, when, treated since when, and the outcome; validated once, frozen after."""

from bayes_nqp.panel._panel import Panel
from bayes_nqp.panel._roles import Roles

__all__ = ["Panel", "Roles"]
