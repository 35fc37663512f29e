"""Every derivative (8)–(24) against finite differences, in the order of the chapter."""
