"""What every entry of a site's files has in common.

Belongs here: that one base. Does not belong here: any field.
"""

from pydantic import BaseModel, ConfigDict


class Entry(BaseModel):
    """Base of every model: unknown fields are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)
