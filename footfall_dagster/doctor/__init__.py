"""Trying every part that a site stands on, and saying what to do about those that fail.

Belongs here: one trial a part, each of which does what a run would do. Does not belong here: how
they are shown (`footfall_dagster.cli.doctor`), which settings there are
(`footfall_dagster.settings`).
"""
