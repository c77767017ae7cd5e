"""Sections of a report, one per file; each is a function from a context to blocks.

Only `output.reports` imports it, when it looks up the sections.
"""
