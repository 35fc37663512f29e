"""Attacks, and what must come of each: nothing that a submission does or says can be a fault of ours."""
