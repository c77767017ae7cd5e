"""Spillover effects and paths between neighbours, as estimands."""
