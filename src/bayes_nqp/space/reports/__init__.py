"""Sections of reports on spillovers, one a file."""
