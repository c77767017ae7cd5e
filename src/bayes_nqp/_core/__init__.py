"""Shared foundations: exceptions, validation, plug-ins, messages, files and names of dimensions.

Every package may import it, and it imports none of them.
"""
