"""The project's own tests; `verification/` is the suite that the project stands on."""
