"""`ray up` and `ray down` with the cluster file of deploy/ray, over SSH."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from footfall_dagster.fair_use import Place
from tests.cluster.hosts import HOME, Host, hosts
from tests.cluster.hosts import trouble as hosts_trouble
from tests.cluster.ray_hosts import REPOSITORY, TOKEN, wait_for

ENVIRONMENT = "/etc/footfall/environment"
"""Where a host has its settings, as the cluster file and docs/deploy.md say."""
DESCRIBED = {
    "head": "192.0.2.10",
    "worker1": "192.0.2.11",
    "worker2": "192.0.2.12",
    "worker3": "192.0.2.13",
}
"""Hosts of the cluster file."""
BIN = Path(sys.executable).parent
_SSHD = "/usr/sbin/sshd"


@dataclass(frozen=True)
class Hosts:
    """Hosts that have what docs/deploy.md asks for, and no Ray yet.

    Attributes:
        desk: From which the others are reached over SSH.
        described: The others, by their names in `DESCRIBED`.
    """

    desk: Host
    described: dict[str, Host]

    def ray(self, *arguments: str) -> str:
        """What `ray` prints at the desk."""
        told = {
            "HOME": str(HOME),
            "PATH": f"{BIN}:/usr/bin:/bin",
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": TOKEN,
            "RAY_API_SERVER_ADDRESS": f"http://{self.described['head'].address}:8265",
        }
        log = f"ray-{arguments[0]}"
        (self.desk.folder / f"{log}.log").unlink(missing_ok=True)
        command = [*_at_home(self.desk), str(BIN / "ray"), *arguments]
        process = self.desk.start(command, told, log)
        status = process.wait(timeout=300)
        said = (self.desk.folder / f"{log}.log").read_text()
        assert status == 0, said
        return said

    def alive(self) -> dict[str, dict[str, float]]:
        """Resources of the hosts that Ray takes for alive, by address."""
        said = self.ray("list", "nodes", "--format=json", "--detail", "--filter", "state=ALIVE")
        nodes = json.loads(said[said.index("[") :])
        return {node["node_ip"]: node["resources_total"] for node in nodes}

    def raylets(self, name: str) -> list[int]:
        """Ids of Ray's processes that make a host one of the cluster."""
        running = self.described[name].processes()
        return [
            pid for pid, told in running.items() if "raylet/raylet" in told or "gcs_server" in told
        ]


def _slots(host: Host) -> dict[str, int]:
    return {"keeper": 2} if host.name == "head" else {"vision": 1, "marts": 1}


def _serve_ssh(host: Host, head: str, keys: Path) -> None:
    """Have a host as docs/deploy.md describes it: SSH, its environment, and `ray` on the path."""
    shutil.copytree(keys, host.folder / "keys")
    (host.folder / "bin").mkdir()
    (host.folder / "bin" / "ray").symlink_to(BIN / "ray")
    (host.folder / "environment").write_text(
        f"PATH={BIN}:$PATH\n"
        "RAY_AUTH_MODE=token\n"
        f"RAY_AUTH_TOKEN={TOKEN}\n"
        f"RAY_API_SERVER_ADDRESS=http://{head}:8265\n"
        f"FOOTFALL_HOST={host.address}\n"
        f"FOOTFALL_SLOTS='{json.dumps(_slots(host))}'\n"
    )
    options = {
        "AuthorizedKeysFile": f"{HOME}/keys/user.pub",
        "HostKey": f"{HOME}/keys/host",
        "ListenAddress": host.address,
        "PermitRootLogin": "yes",
        "PidFile": "none",
        "StrictModes": "no",
        "UsePAM": "no",
    }
    # Processes of its own: what stops Ray there stops whatever it can see.
    alone = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    sshd = [_SSHD, "-D", "-e", "-f", "/dev/null"]
    told = [f"-o{name}={value}" for name, value in options.items()]
    command = [*_at_home(host), *alone, *sshd, *told]
    host.start(command, {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, "sshd")


def _at_home(host: Host) -> list[str]:
    """Before a command: has its user's home, and what /usr/local/bin holds, among the host's files.

    SSH asks /etc/passwd where a home is, and a shell that it starts has no path of ours.
    """
    (host.folder / "bin").mkdir(exist_ok=True)
    users = Path("/etc/passwd").read_text()
    (host.folder / "passwd").write_text(users.replace(":/root:", f":{HOME}:", 1))
    mounts = f"mount --bind {HOME}/passwd /etc/passwd && mount --bind {HOME}/bin /usr/local/bin"
    return ["sh", "-c", f'{mounts} && exec "$@"', "sh"]


def _trouble() -> str | None:
    """Why none of this can be here; None where it can."""
    if not (BIN / "ray").is_file():
        return "no Ray: pip install .[dev]"
    lacking = [name for name in ("ssh", "ssh-keygen", "rsync", _SSHD) if not shutil.which(name)]
    if lacking:
        return f"no {', '.join(lacking)}: apt-get install openssh-server rsync"
    return hosts_trouble()


@pytest.fixture
def reached(tmp_path: Path) -> Iterator[Hosts]:
    """Hosts with SSH and the environment, and one from which they are reached."""
    if why := _trouble():
        pytest.skip(why)
    Path("/run/sshd").mkdir(exist_ok=True)
    keys = tmp_path / "keys"
    keys.mkdir()
    for name in ("host", "user"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(keys / name)]
        subprocess.run(command, check=True)
    with hosts(["desk", *DESCRIBED], tmp_path / "hosts") as (desk, *others):
        described = dict(zip(DESCRIBED, others, strict=True))
        for host in others:
            _serve_ssh(host, described["head"].address, keys)
        file = (REPOSITORY / "deploy" / "ray" / "cluster.yaml").read_text()
        for name, host in described.items():
            file = file.replace(DESCRIBED[name], host.address)
        for said, here in (
            (ENVIRONMENT, f"{HOME}/environment"),
            ("ssh_user: footfall", "ssh_user: root"),
            ("~/.ssh/id_ed25519", f"{HOME}/user"),
        ):
            assert said in file
            file = file.replace(said, here)
        shutil.copy(keys / "user", desk.folder)
        (desk.folder / "cluster.yaml").write_text(file)
        yield Hosts(desk, described)


def test_one_command_starts_all_hosts_and_another_one_ends_them(reached: Hosts):
    file = f"{HOME}/cluster.yaml"
    addresses = {host.address for host in reached.described.values()}
    reached.ray("up", "--yes", file)
    wait_for(lambda: set(reached.alive()) == addresses, 120, 2)
    alive = reached.alive()
    for host in reached.described.values():
        resources = alive[host.address]
        declared = {name: resources[name] for name in Place if name in resources}
        assert declared == _slots(host)

    # A host whose Ray has died is begun again by the head.
    gone = reached.raylets("worker3")
    for pid in gone:
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: set(reached.raylets("worker3")) - set(gone), 180, 2)
    wait_for(lambda: set(reached.alive()) == addresses, 120, 2)

    reached.ray("down", "--yes", file)
    assert not reached.raylets("head")
    # Workers go once they miss the head.
    for worker in ("worker1", "worker2", "worker3"):
        wait_for(lambda worker=worker: not reached.raylets(worker), 180, 2)
