"""Hosts of a test's own: network namespaces on one bridge, each with its own name and files.

Belongs here: making hosts, running programs on them, switching one off, cutting one off from an
address. Does not belong here: which programs (`tests.cluster.ray_hosts`), nor any test.

Only addresses of these hosts and of the bridge are ever spoken to. All of it is gone with the
context, however a test ends; what a killed test left is removed by the next.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_BRIDGE = "ffbr"
_NETWORK = "10.203.0"
HOME = Path("/mnt")
"""Where each host has its own files; /tmp is below it as well."""
_NOBODY = "02:00:00:00:00:99"
"""A hardware address that no host has: what is sent to it is lost without a word."""
DATABASE, BUCKET = f"{_NETWORK}.2", f"{_NETWORK}.3"
"""Addresses of the bridge, on which the tests' own PostgreSQL and bucket listen."""


def trouble() -> str | None:
    """Why no hosts can be made here; None where they can."""
    if os.geteuid() != 0:
        return "hosts of a test's own need root, for network namespaces"
    lacking = [name for name in ("ip", "unshare", "mount") if shutil.which(name) is None]
    if lacking:
        return f"no {', '.join(lacking)}: apt-get install iproute2 util-linux"
    return None


@dataclass(frozen=True)
class Host:
    """A host: what runs on it sees its own network interface, name, /tmp and `HOME`.

    Attributes:
        name: As `hostname` says it.
        address: On the bridge.
        folder: What it sees as `HOME`.
    """

    name: str
    address: str
    folder: Path

    @property
    def _namespace(self) -> str:
        return f"ff-{self.name}"

    def start(
        self, command: Sequence[str], environment: Mapping[str, str], log: str
    ) -> "subprocess.Popen[bytes]":
        """Start a program on it, whose output goes to `<log>.log` in its folder."""
        alone = (
            f'mount --bind "$1" {HOME} && mount --bind {HOME}/tmp /tmp && hostname "$2" && '
            'shift 2 && exec "$@"'
        )
        inside = ["unshare", "--mount", "--uts", "sh", "-c", alone, "sh"]
        with (self.folder / f"{log}.log").open("ab") as output:
            return subprocess.Popen(
                [
                    *("ip", "netns", "exec", self._namespace),
                    *(*inside, str(self.folder), self.name, *command),
                ],
                env=dict(environment),
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
            )

    def processes(self) -> dict[int, str]:
        """Ids of what runs on it, and the command of each."""
        found = {}
        for pid in _ip("netns", "pids", self._namespace).split():
            try:
                told = Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue
            found[int(pid)] = told.replace(b"\0", b" ").decode(errors="replace")
        return found

    def switch_off(self) -> None:
        """Kill all that runs on it, at once and without a word, and what starts meanwhile."""
        while running := self.processes():
            for pid in running:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue

    @contextmanager
    def cut_from(self, address: str) -> Iterator[None]:
        """Lose whatever it sends to an address, for as long as the context lasts."""
        neighbour = ("neigh", "replace", address, "lladdr", _NOBODY, "dev", "eth0")
        _ip("-n", self._namespace, *neighbour, "nud", "permanent")
        try:
            yield
        finally:
            _ip("-n", self._namespace, "neigh", "del", address, "dev", "eth0")


@contextmanager
def hosts(names: Sequence[str], folder: Path) -> Iterator[list[Host]]:
    """Hosts of these names, which reach each other and the bridge, and nothing else."""
    made = [
        Host(name, f"{_NETWORK}.{number}", folder / name) for number, name in enumerate(names, 10)
    ]
    _remove(made)
    try:
        _ip("link", "add", _BRIDGE, "type", "bridge")
        for address in (f"{_NETWORK}.1", DATABASE, BUCKET):
            _ip("addr", "add", f"{address}/24", "dev", _BRIDGE)
        _ip("link", "set", _BRIDGE, "up")
        for host in made:
            (host.folder / "tmp").mkdir(parents=True)
            _connect(host)
        yield made
    finally:
        _remove(made)


def _connect(host: Host) -> None:
    namespace, outside = f"ff-{host.name}", f"ff-{host.name}"
    _ip("netns", "add", namespace)
    _ip("link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", namespace)
    _ip("link", "set", outside, "master", _BRIDGE, "up")
    _ip("-n", namespace, "addr", "add", f"{host.address}/24", "dev", "eth0")
    for device in ("lo", "eth0"):
        _ip("-n", namespace, "link", "set", device, "up")


def _remove(made: Sequence[Host]) -> None:
    there = set(_ip("netns", "list").split())
    for host in made:
        if f"ff-{host.name}" in there:
            host.switch_off()
            _ip("netns", "del", f"ff-{host.name}")
    # A link goes with its namespace, but some time later.
    for link in (*(f"ff-{host.name}" for host in made), _BRIDGE):
        if Path(f"/sys/class/net/{link}").exists():
            subprocess.run(["ip", "link", "del", link], capture_output=True, check=False)


def _ip(*arguments: str) -> str:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ip {' '.join(arguments)} failed: {done.stderr.strip()}")
    return done.stdout
