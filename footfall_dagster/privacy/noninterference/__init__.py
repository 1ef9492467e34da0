"""Two runs that may differ only in what nobody is allowed to keep, and what they leave behind.

Belongs here: the parts of `footfall_dagster.privacy.prove`. Does not belong here: what is claimed
from them, which is said there.
"""
