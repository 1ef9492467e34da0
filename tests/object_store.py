"""A real S3-compatible store for tests: SeaweedFS, whole, on ports of its own.

Belongs here: starting and stopping it, and putting files into it. Does not belong here: any test.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KEYS = {
    "AWS_ACCESS_KEY_ID": "recorder",
    "AWS_SECRET_ACCESS_KEY": "recorders-secret",
    "AWS_REGION": "us-east-1",
    # Else a machine's role would be asked for over the network.
    "AWS_EC2_METADATA_DISABLED": "true",
}
_PATIENCE_S = 90


@dataclass(frozen=True)
class ObjectStore:
    """A running store.

    Attributes:
        endpoint: Where it answers.
        process: That serves it; None where there are several.
    """

    endpoint: str
    process: int | None = None

    @property
    def files(self) -> Any:
        """An fsspec file system that writes to it."""
        import s3fs

        return s3fs.S3FileSystem(
            client_kwargs={"endpoint_url": self.endpoint}, use_listings_cache=False
        )

    @contextmanager
    def silent_for(self, seconds: float) -> Iterator[None]:
        """Let it answer nothing for so long from now on, and whoever asks wait."""
        assert self.process is not None
        os.kill(self.process, signal.SIGSTOP)
        again = threading.Timer(seconds, os.kill, (self.process, signal.SIGCONT))
        again.start()
        try:
            yield
        finally:
            again.join()


def weed() -> Path | None:
    """SeaweedFS, where it is installed: beside the interpreter, or on the path."""
    beside = Path(sys.executable).parent / "weed"
    found = str(beside) if beside.is_file() else shutil.which("weed")
    return Path(found) if found else None


@contextmanager
def running(binary: Path, identities: Path | None = None) -> Iterator[ObjectStore]:
    """A store with its files in a temporary folder, for as long as the context lasts.

    Args:
        binary: SeaweedFS.
        identities: File that says who may do what, `KEYS` among them; None lets only those in.
    """
    with tempfile.TemporaryDirectory() as folder:
        ports = _free_ports(4)
        names = ("s3.port", "master.port", "volume.port", "filer.port")
        flags = [f"-{name}={port}" for name, port in zip(names, ports, strict=True)]
        # Components also listen for gRPC at their port and 10000 more, unless they are told where.
        grpc = zip(("s3", "master", "volume", "filer"), _free_ports(4), strict=True)
        flags += [f"-{name}.port.grpc={port}" for name, port in grpc]
        flags += [f"-s3.config={identities}"] if identities is not None else []
        process = subprocess.Popen(
            [
                *(str(binary), "server", "-s3", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
                *(f"-dir={folder}", "-volume.max=200", "-master.volumeSizeLimitMB=64"),
                # It would have these two at ports that may be somebody else's.
                *("-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false", *flags),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            # A bucket takes seven volumes otherwise, and the store is full after some thirty.
            env={**os.environ, **KEYS, "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"},
        )
        try:
            endpoint = f"http://127.0.0.1:{ports[0]}"
            _wait(endpoint, process)
            yield ObjectStore(endpoint, process.pid)
        finally:
            # It would take its time to end well, and nothing of it is wanted any more.
            process.kill()
            process.wait()


def _free_ports(number: int) -> list[int]:
    sockets = [socket.socket() for _ in range(number)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def _wait(endpoint: str, process: "subprocess.Popen[bytes]") -> None:
    """Until the store takes an object, which it does some seconds after it answers."""
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"SeaweedFS ended by itself with code {process.returncode}")
        try:
            urllib.request.urlopen(f"{endpoint}/healthz", timeout=2).close()
            write_something(endpoint)
            return
        except (OSError, urllib.error.URLError):
            time.sleep(0.3)
    raise RuntimeError(f"SeaweedFS took no object within {_PATIENCE_S} s")


def write_something(endpoint: str) -> None:
    """Write an object; raises OSError or what the client has where the store takes none yet."""
    files = ObjectStore(endpoint).files
    if not files.exists("ready"):
        files.mkdir("ready")
    files.pipe("ready/now", b"now")
