"""What processes ask of the network, seen by the kernel: an empty namespace, and a record of calls.

Belongs here: running a command without any network, running one while each of its network calls is
written down, reading that record. Does not belong here: which command.

The record is strace's, so that native code, threads and children are in it as well as Python. It
does not see into a resolver that a process reaches by a local socket, so such a socket counts as
one that leaves. io_uring would go by it, so it is made to fail, and programs fall back to calls:
libuv does, on which Dagster's webserver runs.
"""

import ipaddress
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

_CALLS = "connect,sendto,sendmsg,sendmmsg,io_uring_setup,execve"
_FAMILY = re.compile(r"sa_family=(\w+)([^}]*)")
_PORT = re.compile(r"sin6?_port=htons\((\d+)\)")
_ADDRESS = re.compile(r'(?:inet_addr\(|inet_pton\(AF_INET6, )"([^"]+)"')
_LOCAL_FAMILIES = frozenset({"AF_NETLINK", "AF_UNSPEC"})
_DNS = 53


def without_network() -> list[str]:
    """What to put before a command for it to have no network; may skip the test."""
    for prefix in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"]):
        if shutil.which(prefix[0]) and _works([*prefix, "true"]):
            return prefix
    pytest.skip("no network namespace may be made here: run as root, or allow user namespaces")


def recorded_in(record: Path) -> list[str]:
    """What to put before a command to have its network calls written to `record`; may skip."""
    # The filter lets every other call pass at full speed.
    prefix = ["strace", "-f", "--seccomp-bpf", "-qq", "-s", "64", "-e", f"trace={_CALLS}"]
    prefix += ["-e", "inject=io_uring_setup:error=ENOSYS", "-o"]
    if not (shutil.which("strace") and _works([*prefix, "/dev/null", "true"])):
        pytest.skip("no strace, or it may not trace here: apt-get install strace")
    return [*prefix, str(record)]


@dataclass(frozen=True)
class Calls:
    """The network calls of a command and of all that it started."""

    lines: tuple[str, ...]

    @classmethod
    def read(cls, record: Path) -> "Calls":
        """Read what `recorded_in` had written."""
        return cls(tuple(record.read_text(errors="replace").splitlines()))

    @property
    def leaving(self) -> list[str]:
        """Calls that ask for anything but this machine itself."""
        return [line for line in self.lines if _leaves(line)]

    @property
    def to_loopback(self) -> list[str]:
        """Calls to an internet address that is this machine."""
        return [line for line in self.lines if "sa_family=AF_INET" in line and not _leaves(line)]

    def started(self, *words: str) -> bool:
        """Whether some process was started whose command line has all of `words`."""
        return any("execve(" in line and all(word in line for word in words) for line in self.lines)


def _works(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _leaves(line: str) -> bool:
    if "execve(" in line:
        return False
    return any(not _is_local(family, rest) for family, rest in _FAMILY.findall(line))


def _is_local(family: str, rest: str) -> bool:
    if family == "AF_UNIX":
        return "resolve" not in rest
    if family in {"AF_INET", "AF_INET6"}:
        address, port = _ADDRESS.search(rest), _PORT.search(rest)
        # A resolver asks other hosts, though it may listen here.
        return bool(
            address
            and port
            and int(port[1]) != _DNS
            and ipaddress.ip_address(address[1]).is_loopback
        )
    return family in _LOCAL_FAMILIES
