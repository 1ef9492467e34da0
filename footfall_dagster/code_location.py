"""What workspace.yaml loads: the definitions of the site that the environment names.

Belongs here: the one line that reads the environment at import. Does not belong here: anything
else; `footfall_dagster.definitions` puts the parts together.
"""

from footfall_dagster.definitions import build_definitions
from footfall_dagster.settings import Settings

defs = build_definitions(Settings())
