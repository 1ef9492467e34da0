"""Files that are no video to anybody but their maker: what they are, and what to export instead.

Belongs here: first bytes and endings of such files, and advice. Does not belong here: whether a
file can be read after all; this is asked only about what cannot (`vision.exports.worker`).

Many makers' files are ordinary streams in a thin wrapper, and FFmpeg reads them (Dahua's DHAV,
plain Hikvision, CloudSee's HXVS). So nothing is refused for its name or its first bytes alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

HEAD_BYTES = 64 * 1024
"""How much of the beginning of a file `recognised` wants to see."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A kind of file that cannot be read.

    Attributes:
        kind: One word for it.
        reason: Why it is set aside: a word of column `reason` of `camera_exports`.
        name: What it is, for people.
        advice: How to get video out of the system that wrote it.
        endings: Of names, lower case; only where no first bytes are known.
    """

    kind: str
    reason: Literal["encrypted", "proprietary"]
    name: str
    advice: str
    endings: tuple[str, ...] = ()


_UNPACK = "Unpack it where it is exported, so that the video files themselves reach the folder."

KINDS: Mapping[str, Foreign] = MappingProxyType(
    {
        known.kind: known
        for known in (
            Foreign(
                "hikvision",
                "encrypted",
                "a Hikvision recording that is encrypted, or coded for its own player only",
                "Switch stream encryption off on the recorder (Network > Platform Access), or give "
                "its verification code when downloading, and download as MP4. Leave H.264+ and "
                "H.265+ off if files still cannot be read.",
            ),
            Foreign(
                "dahua",
                "encrypted",
                "a Dahua recording (.dav) whose stream is encrypted",
                "Switch audio and video encryption off on the recorder (Security), or export as "
                "MP4 instead of DAV. Plain .dav files are read as they are.",
            ),
            Foreign(
                "protected_mp4",
                "encrypted",
                "an MP4 file whose tracks are encrypted",
                "Export without a password or key.",
            ),
            Foreign(
                "encrypted_zip",
                "encrypted",
                "a ZIP archive with a password",
                "Export without a password. " + _UNPACK,
            ),
            Foreign("zip", "proprietary", "a ZIP archive", _UNPACK),
            Foreign("seven_zip", "proprietary", "a 7-Zip archive", _UNPACK),
            Foreign("rar", "proprietary", "a RAR archive", _UNPACK),
            Foreign("gzip", "proprietary", "a gzip archive", _UNPACK),
            Foreign(
                "program",
                "proprietary",
                "a program that carries its own player, as exacqVision, AxxonSoft, Nx Witness and "
                "others export it",
                "Nothing here ever runs it. Choose MP4, MKV, MOV or AVI in place of EXE when "
                "exporting.",
            ),
            Foreign(
                "sqlite",
                "proprietary",
                "an SQLite database, an index that lies beside recordings",
                "Export video from the system that wrote it; a copy of its storage is not one.",
            ),
            Foreign(
                "milestone",
                "proprietary",
                "part of a Milestone XProtect database",
                "In XProtect Smart Client export as Media player format (MKV or MP4), not as "
                "XProtect format.",
                (".blk", ".xprotect", ".scp"),
            ),
            Foreign(
                "genetec",
                "proprietary",
                "a Genetec Security Center recording",
                "In Security Desk export as MP4 or ASF, or convert it there (Convert files); "
                "G64x and G64 open in Genetec's player alone.",
                (".g64", ".g64x"),
            ),
            Foreign(
                "avigilon",
                "proprietary",
                "an Avigilon native export",
                "In Avigilon Control Center export as AVI or MP4, not as Native (AVE).",
                (".ave", ".avk"),
            ),
            Foreign(
                "exacq",
                "proprietary",
                "a file of exacqVision's own storage",
                "In exacqVision Client export as MP4, MOV or AVI; files of its storage are no "
                "exports.",
                (".ps", ".psi"),
            ),
            Foreign(
                "bosch",
                "encrypted",
                "an encrypted export of Bosch BVMS",
                "In BVMS Operator Client export as MP4 or MOV, without encryption.",
                (".enc",),
            ),
            Foreign(
                "hanwha",
                "proprietary",
                "a Hanwha (Samsung) Wisenet backup",
                "Back up as AVI or MP4, not as SEC.",
                (".sec",),
            ),
            Foreign(
                "network_optix",
                "proprietary",
                "a multi-camera export of Nx Witness, DW Spectrum or Wisenet Wave",
                "Export each camera by itself, as MKV, MP4 or AVI.",
                (".nov",),
            ),
            Foreign(
                "geutebrueck",
                "proprietary",
                "a Geutebrück recording",
                "In G-View export as MP4 or AVI, not as GBF.",
                (".gbf",),
            ),
            Foreign(
                "march_networks",
                "proprietary",
                "a March Networks evidence file",
                "In Command Client export as MP4 or AVI, not as CME.",
                (".cme",),
            ),
            Foreign(
                "panasonic",
                "proprietary",
                "a Panasonic (i-PRO) recorder's file",
                "Download as MP4, or convert it with the viewer that the recorder offers.",
                (".n3r",),
            ),
        )
    }
)
"""Every kind that is known, by its word."""

_FIRST_BYTES = (
    (b"IMKH", "hikvision"),
    (b"4HKH", "hikvision"),
    (b"DHAV", "dahua"),
    (b"DHII", "dahua"),
    (b"7z\xbc\xaf\x27\x1c", "seven_zip"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\x1f\x8b\x08", "gzip"),
    (b"MZ", "program"),
    (b"SQLite format 3\x00", "sqlite"),
)
_ZIP, _ZIP_ENCRYPTED = b"PK\x03\x04", 1
_ENDINGS = {ending: known for known in KINDS.values() for ending in known.endings}


def recognised(head: bytes, name: str) -> Foreign | None:
    """What a file that cannot be read as video is, or None.

    Args:
        head: Its first `HEAD_BYTES`, or all of it.
        name: Its name; the ending counts where the bytes say nothing.
    """
    if head.startswith(_ZIP):
        return KINDS["encrypted_zip" if len(head) > 6 and head[6] & _ZIP_ENCRYPTED else "zip"]
    if head[4:8] == b"ftyp" and b"encv" in head:
        return KINDS["protected_mp4"]
    for first, kind in _FIRST_BYTES:
        if head.startswith(first):
            return KINDS[kind]
    dot = name.rfind(".")
    return _ENDINGS.get(name[dot:].lower()) if dot >= 0 else None
