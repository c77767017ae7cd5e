"""From draws to effects and estimands, which all outputs read."""
