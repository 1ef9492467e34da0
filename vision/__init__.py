"""From video to boxes, tracks, floor positions and anonymous trajectories, in plain Python.

Belongs here: everything that knows about frames, people and floors, and the contracts of the
datasets made of them. Does not belong here: Dagster, DuckDB, Great Expectations, storage paths.
"""

from vision.quiet import keep_quiet

keep_quiet()
