"""The LSTM that the chapter compares its GRU with: its equations, its cell, its sequence and its forms."""
