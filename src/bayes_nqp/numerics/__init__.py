"""Linear algebra, densities and samplers, which know neither panels nor designs."""
