"""Pages of the studio, one per file; each is a function from a view to the body of the page.

Only `studio` imports it, when it looks up the pages.
"""
