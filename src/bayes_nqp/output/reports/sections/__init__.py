"""Sections of a report, one a file; each is a function from a context to blocks of content.

Only `output.reports` imports it, when it looks up the sections.
"""
