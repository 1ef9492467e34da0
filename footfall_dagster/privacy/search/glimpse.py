"""What bytes hold that may have been decoded by accident: only what is no accident is told.

Belongs here: judging bytes that come of a guess at how a text was encoded. Does not belong here:
looking into bytes that are known to be bytes (`content`).
"""

from footfall_dagster.privacy.search import pictures, raw_bytes

PACKED = (
    b"\x1f\x8b\x08",
    b"\x78\x9c",
    b"\x78\xda",
    b"BZh",
    b"\xfd7zXZ\0",
    b"\x28\xb5\x2f\xfd",
    b"\x93NUMPY",
    b"PK\x03\x04",
    b"\x80\x04\x95",
)
"""How files begin into which one should look further."""


def held(content: bytes, *, only_floats: bool = False) -> dict[str, float]:
    """Kinds of what `content` holds beyond doubt, and how sure one can be."""
    found = {kind: sure for kind, (_, sure) in pictures.look(content).items() if sure >= 0.8}
    return found | raw_bytes.look(content, sealed=False, only_floats=only_floats)
