"""Rows of the robustness table, one kind of change a file.

Only `checks` imports it; rows register themselves with `checks.shared.robustness_row`.
"""
