"""The tests of a submission, to be run from an installed package: `pytest --pyargs gru.verification --submission=FILE`.

`test_submission` has one test a check, `examinations` what is found in a session of pytest, and `boundary` what pytest
may read beside the submission. The hooks and fixtures are in `gru.pytest_plugin`.
"""
