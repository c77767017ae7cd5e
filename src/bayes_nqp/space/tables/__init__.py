"""Tables of spatial dependence and spillover effects, one kind a file."""
