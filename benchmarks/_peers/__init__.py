"""Estimators of other packages, on the same simulated panels."""
