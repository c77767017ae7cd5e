"""Pages of the studio, one a file; each is a function from a view to the body of the page.

Only `studio` imports it, when it looks up the pages.
"""
