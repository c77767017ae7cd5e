"""From a design and a panel to draws: the model frame, the PyMC model and fitting."""
