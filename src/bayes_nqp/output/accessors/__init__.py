"""Thin doors on values: one attribute a file, each the call that does the work, public as it is."""
