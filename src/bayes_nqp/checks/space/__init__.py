"""Checks of space: whether neighbours are alike beyond what the model has of them."""
