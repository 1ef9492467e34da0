"""Files in which programs keep numbers: npy, safetensors, and pickles, which are never executed.

Belongs here: finding the arrays and strings in them. Does not belong here: whether they are vectors
(`numbers`), zip archives of them (`archives`).
"""

import io
import json
import pickletools
import re
from collections.abc import Callable
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from footfall_dagster.privacy.search.account import Account
from footfall_dagster.privacy.search.numbers import VECTOR, judge

Examine = Callable[[bytes, str], None]
ARRAY = "stored array"
_MOST_OPCODES = 2_000_000
_TELLING = 12
"""Opcodes by which a pickle of the oldest protocol is known."""
_LINES = frozenset({"GLOBAL", "INST", "UNICODE", "STRING", "INT", "LONG", "FLOAT"})
"""Opcodes that a line of text is easily taken for: a letter, then anything."""
_IMPORTED = re.compile(r"[A-Za-z_][\w.]* [A-Za-z_]\w*")
_SAFETENSORS = re.compile(rb"^.{6}\0\0\s*\{.{0,200000}\"data_offsets\"", re.DOTALL)


def open_npy(content: bytes, place: str, account: Account, examine: Examine) -> None:
    """An array file; an array of more than a few numbers has no business in a day's results."""
    try:
        array = np.lib.format.read_array(
            io.BytesIO(content), allow_pickle=False, max_header_size=10_000
        )
    except (ValueError, OSError, EOFError, SyntaxError, MemoryError):
        account.find(f"{place} > npy", ARRAY, 0.6)
        examine(content[10:], f"{place} > npy, bytes")
        return
    judge_array(array, f"{place} > npy", account)
    examine(
        content[len(content) - len(content) + _npy_end(content, array) :], f"{place} > after npy"
    )


def _npy_end(content: bytes, array: "NDArray[np.generic]") -> int:
    stream = io.BytesIO(content)
    major, _ = np.lib.format.read_magic(stream)
    length = 2 if major == 1 else 4
    return stream.tell() + length + int.from_bytes(stream.read(length), "little") + array.nbytes


def judge_array(array: "NDArray[np.generic]", place: str, account: Account) -> None:
    """Note an array, with a better name if its values tell what it is."""
    verdict = None
    if array.dtype.kind in "fiub" and array.size:
        flat = array.reshape(-1)
        verdict = judge(flat, single=array.dtype.itemsize <= 4)
        if array.ndim == 3 and array.dtype == np.uint8:
            account.find(place, "pixels", 0.8)
    if verdict:
        account.find(place, *verdict)
    elif array.size >= 16:
        account.find(place, ARRAY, 0.6)


def is_safetensors(content: bytes) -> bool:
    """Whether a header of tensors stands where safetensors has it."""
    return _SAFETENSORS.match(content[:220_000]) is not None


def open_safetensors(content: bytes, place: str, account: Account, examine: Examine) -> None:
    """Tensors after a header in JSON."""
    length = int.from_bytes(content[:8], "little")
    account.find(f"{place} > safetensors", ARRAY, 0.7)
    examine(content[8 : 8 + length], f"{place} > safetensors, header")
    examine(content[8 + length :], f"{place} > safetensors, tensors")
    try:
        names = json.loads(content[8 : 8 + length])
    except (ValueError, RecursionError):
        account.miss(f"{place} > safetensors, header")
        return
    if isinstance(names, dict) and len(names) > account.limits.members:
        account.miss(f"{place} > safetensors, tensors beyond the limit")


def is_pickle(content: bytes) -> bool:
    """Whether bytes begin as a pickle and hold its end."""
    if content[:1] == b"\x80" and content[1:2] in b"\x02\x03\x04\x05" and b"." in content:
        return True
    # The oldest protocol is text: a few opcodes must follow one another.
    if content[:1] not in b"(}]lcIFVSLJKMNG" or b"." not in content[-8:] or len(content) < 40:
        return False
    names = []
    try:
        for opcode, argument, _ in islice(pickletools.genops(content[:4096]), _TELLING + 1):
            if opcode.name in {"GLOBAL", "INST"} and not _IMPORTED.fullmatch(str(argument)):
                return False
            names.append(opcode.name)
    except Exception:  # Any error says that it is none.
        return False
    # Something is made of what a pickle names; lines of text only follow each other.
    return len(names) <= _TELLING or not _LINES.issuperset(names)


def open_pickle(content: bytes, place: str, account: Account, examine: Examine) -> None:
    """Numbers, bytes and strings that a pickle would build, read off its opcodes."""
    place = f"{place} > pickle"
    numbers: list[float] = []
    texts: list[bytes] = []
    stream = io.BytesIO(content)
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(stream)):
            if count > _MOST_OPCODES:
                account.miss(f"{place}, opcodes beyond the limit")
                break
            if isinstance(argument, float) or (
                isinstance(argument, int) and "INT" in opcode.name and abs(argument) < 2**53
            ):
                numbers.append(float(argument))
            elif isinstance(argument, bytes | bytearray) and len(argument) >= 16:
                examine(bytes(argument), f"{place}, bytes")
            elif isinstance(argument, str):
                if len(argument) >= 64 and not argument.isprintable():
                    examine(argument.encode("latin-1", "ignore"), f"{place}, text as bytes")
                texts.append(argument.encode(errors="replace"))
                if "numpy" in argument or "torch" in argument:
                    account.find(place, ARRAY, 0.6)
    except Exception:  # A broken or hostile pickle raises whatever it likes.
        account.miss(place)
        examine(content[2:], f"{place}, unread bytes")
        return
    if numbers and (verdict := judge(np.array(numbers))):
        account.find(place, verdict[0], verdict[1])
    elif len(numbers) >= 48 and len(set(numbers)) >= 24:
        account.find(place, VECTOR, 0.4)
    examine(b"\n".join(texts), f"{place}, text")
    examine(content[stream.tell() :], f"{place}, after the end")
