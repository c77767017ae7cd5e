"""The sections of a report, one a file, each a function from a context to blocks."""
