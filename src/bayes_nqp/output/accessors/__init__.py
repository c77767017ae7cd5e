"""Methods of fits, panels, check results and tables, one a file; each is one public call.

No module imports it: `_core.validation` finds its files when a method is used.
"""
