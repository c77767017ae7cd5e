"""The check of rows: whether the data can be what they seem."""
