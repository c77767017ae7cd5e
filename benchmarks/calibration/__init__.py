"""Frequentist coverage of posterior intervals under serial correlation, through refits."""
