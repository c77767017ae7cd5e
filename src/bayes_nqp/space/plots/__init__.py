"""Maps and plots of spatial dependence, one a file."""
