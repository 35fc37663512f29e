"""The plain recurrent network: its equations and its cell."""
