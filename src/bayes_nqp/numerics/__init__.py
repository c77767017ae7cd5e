"""Linear algebra, densities and samplers, without reference to panels or designs.

`data` and all higher packages may import it.
"""
