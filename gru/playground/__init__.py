"""The page on which a cell is written and examined in a browser: its files, and what runs inside it.

`folder` makes the files, `serve` hands them to a browser on this machine, `judge` runs in the page. It is no place to
grade: what runs in a page can change what the page says.
"""
