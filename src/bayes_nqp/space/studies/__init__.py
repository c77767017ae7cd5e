"""The table of a study that states places, weights and spillovers."""
