"""How much a search may spend on one file before it says that it could not read it.

Belongs here: bounds. Does not belong here: what happens when one is reached (`account`, `api`).
"""

from dataclasses import dataclass

_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a search.

    Attributes:
        file_bytes: Largest file that is opened as what it is; holes do not count. A larger one is
            looked through in pieces and is noted as unread.
        unpacked_bytes: Most that may come out of one file, containers in it included.
        piece_bytes: Most that one member or stream may unpack to.
        depth: Containers inside containers.
        members: Members of one container.
        file_seconds: Longest that one file may take.
        memory_bytes: Address space of the process that reads.
        findings: Most findings noted of one file.
    """

    file_bytes: int = 256 * _MIB
    unpacked_bytes: int = 1024 * _MIB
    piece_bytes: int = 192 * _MIB
    depth: int = 8
    members: int = 20_000
    file_seconds: float = 180.0
    memory_bytes: int = 8192 * _MIB
    findings: int = 20


DEFAULT = Limits()
