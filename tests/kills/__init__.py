"""Runs that are killed at random moments, and what they leave.

Belongs here: the process that is killed (`victim`), killing it and looking at what is left
(`harness`). Does not belong here: any test; a sample runs in tests/integration, all in tests/long.
"""
