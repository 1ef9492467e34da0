"""The Dagster code location: definitions, jobs, schedules, sensors, resources, checks, commands.

Belongs here: everything that binds the assets to storage, time and people. Does not belong here:
what an asset computes (`assets`, `vision`, `sql`).
"""

from vision.quiet import keep_quiet

keep_quiet()
