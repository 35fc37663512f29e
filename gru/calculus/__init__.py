"""What measures derivatives and rounding. It knows no layer."""
