"""Everything about code that is not trusted: the contract, the worker process, the protocol, the limits.

`contract` says what is asked and what comes back. `process.SubmissionProcess` puts jobs to a file in a
process of its own, `trusted.TrustedCells` to a class of ours in this one. The examining process never
imports a submission.
"""
