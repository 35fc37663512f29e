"""The chapter's GRU: its equations (1)–(24), its cell, its sequence and its forms."""
