"""The panel: who, when, treated since when, and the outcome; validated once, frozen after."""

from bayes_nqp.panel._build import free_name
from bayes_nqp.panel._cohorts import declared
from bayes_nqp.panel._cross_section import CrossSection, cross_section
from bayes_nqp.panel._panel import Panel
from bayes_nqp.panel._roles import Roles

__all__ = [
    "CrossSection",
    "Panel",
    "Roles",
    "cross_section",
    "declared",
    "free_name",
]
