"""An S3-compatible bucket of several parts, as an owner of many disks has it.

Belongs here: SeaweedFS as a master, two volume servers, a filer and its gateway, each a process of
its own on the test's own address; an outage of it. Does not belong here: any test.
"""

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from tests.object_store import KEYS, ObjectStore, weed, write_something

_PORT = 8333
_PATIENCE_S = 90


class Bucket:
    """A running store whose gateway can be taken away for a while.

    Args:
        address: On which all parts listen.
        folder: Of its files.
    """

    def __init__(self, address: str, folder: Path) -> None:
        self.store = ObjectStore(f"http://{address}:{_PORT}")
        self._address = address
        self._folder = folder
        self._parts: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start every part, and wait until an object can be written."""
        master = f"{self._address}:9333"
        self._begin("master", "-port=9333", f"-mdir={self._made('master')}", "-telemetry=false")
        for number in (1, 2):
            self._begin(
                *("volume", f"-port={8080 + number}", f"-mserver={master}", "-max=100"),
                f"-dir={self._made(f'volume{number}')}",
                named=f"volume{number}",
            )
        self._begin("filer", "-port=8888", f"-master={master}", f"-defaultStoreDir={self._folder}")
        self._begin_gateway()
        self._wait()

    @contextmanager
    def answering_503(self) -> Iterator[list[str]]:
        """Have every request answered with 503 for as long as the context lasts; list them."""
        self._end("s3")
        asked: list[str] = []

        class Busy(BaseHTTPRequestHandler):
            def _refuse(self) -> None:
                asked.append(f"{self.command} {self.path}")
                body = b"<Error><Code>ServiceUnavailable</Code></Error>"
                self.send_response(503)
                self.send_header("Content-Length", str(len(body)))
                # Whoever keeps the connection would go on talking to this one afterwards.
                self.send_header("Connection", "close")
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _refuse  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                pass

        busy = ThreadingHTTPServer((self._address, _PORT), Busy)
        thread = Thread(target=busy.serve_forever, daemon=True)
        thread.start()
        try:
            yield asked
        finally:
            busy.shutdown()
            busy.server_close()
            self._begin_gateway()
            self._wait()

    def stop(self) -> None:
        """End every part."""
        for name in list(self._parts):
            self._end(name)

    def _begin_gateway(self) -> None:
        filer = f"-filer={self._address}:8888"
        self._begin("s3", f"-port={_PORT}", filer, "-port.iceberg=0", "-port.lance=0")

    def _begin(self, part: str, *flags: str, named: str | None = None) -> None:
        binary = weed()
        assert binary is not None
        name = named or part
        # Of `weed s3` the flag has another name.
        where = [f"-ip={self._address}"] if part != "s3" else []
        with (self._folder / f"{name}.log").open("ab") as log:
            self._parts[name] = subprocess.Popen(
                [str(binary), part, *where, f"-ip.bind={self._address}", *flags],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                env={**os.environ, **KEYS},
            )

    def _end(self, name: str) -> None:
        process = self._parts.pop(name)
        process.kill()
        process.wait()

    def _made(self, name: str) -> Path:
        (self._folder / name).mkdir()
        return self._folder / name

    def _wait(self) -> None:
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            try:
                with socket.create_connection((self._address, _PORT), timeout=1):
                    pass
                write_something(self.store.endpoint)
                return
            except OSError as error:
                why: Exception = error
                time.sleep(0.5)
        raise RuntimeError(f"the bucket took no object within {_PATIENCE_S} s: {why!r}")


@contextmanager
def bucket_at(address: str) -> Iterator[Bucket]:
    """A bucket of several parts, for as long as the context lasts."""
    with tempfile.TemporaryDirectory() as folder:
        made = Bucket(address, Path(folder))
        try:
            made.start()
            yield made
        finally:
            made.stop()
