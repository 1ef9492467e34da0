"""The search: the second line behind the wall, which knows no contract.

Belongs here: looking for pictures and vectors in files of any kind. Does not belong here: what may
stand right of the wall (`vision.contracts`, `footfall_dagster.privacy.closed_list`).
"""

from footfall_dagster.privacy.search.api import search
from footfall_dagster.privacy.search.limits import DEFAULT, Limits
from footfall_dagster.privacy.search.readers import Reader

__all__ = ["DEFAULT", "Limits", "Reader", "search"]
