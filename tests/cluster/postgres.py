"""A real PostgreSQL for tests: a cluster of its own in a temporary folder.

Belongs here: starting, stopping and killing it. Does not belong here: any test.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_DEBIANS = Path("/usr/lib/postgresql")
_SERVES_ROOT = "postgres"
"""Who runs it where root runs the tests, as it refuses root."""


@dataclass(frozen=True)
class Postgres:
    """A running server.

    Attributes:
        programs: Folder of its programs.
        folder: Of its data.
        port: On its address.
        host: Its address.
    """

    programs: Path
    folder: Path
    port: int
    host: str = "127.0.0.1"

    @property
    def address(self) -> str:
        """As FOOTFALL_CATALOG has it."""
        return self.address_of("footfall")

    def address_of(self, database: str) -> str:
        """As FOOTFALL_CATALOG or DAGSTER_POSTGRES_URL has it."""
        return f"postgresql://footfall@{self.host}:{self.port}/{database}"

    def create(self, database: str) -> None:
        """Make an empty database."""
        made = ["-h", self.host, "-p", str(self.port), "-U", "footfall", database]
        _as_its_user([str(self.programs / "createdb"), *made])

    def ask(
        self, question: str, *given: object, database: str = "footfall"
    ) -> list[tuple[Any, ...]]:
        """What a database answers its owner; nothing where a statement has no answer."""
        import psycopg2

        with closing(psycopg2.connect(self.address_of(database))) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(question, given or None)
            return cursor.fetchall() if cursor.description else []

    def tables(self, database: str = "footfall") -> list[str]:
        """Names of the tables of a database, but for those of PostgreSQL and of DuckLake."""
        asked = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        return [name for (name,) in self.ask(asked, database=database)]

    def forget_ducklakes(self) -> None:
        """Drop both catalogues of DuckLake, where they are."""
        self.ask("DROP SCHEMA IF EXISTS core, published CASCADE")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        listens = f"-p {self.port} -c listen_addresses={self.host} -c unix_socket_directories="
        self._control("-w", "-l", str(self.folder / "log"), "-o", listens, "start")

    def stop(self) -> None:
        """Stop it at once, as a machine does that is switched off: connections break."""
        self._control("-w", "-m", "immediate", "stop")

    def _control(self, *arguments: str) -> None:
        _as_its_user([str(self.programs / "pg_ctl"), "-D", str(self.folder), *arguments])


def programs() -> Path | None:
    """Where the programs of the newest PostgreSQL are; None where there is none."""
    found = sorted(_DEBIANS.glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("pg_ctl")
    if not found and on_path:
        return Path(on_path).resolve().parent
    return found[-1].parent if found else None


@contextmanager
def running(where: Path, host: str = "127.0.0.1") -> Iterator[Postgres]:
    """A server with an empty database `footfall`, for as long as the context lasts.

    Whoever reaches its address is let in without a password, so that is one of the test's own.
    """
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "data"
        if os.geteuid() == 0:
            owner = pwd.getpwnam(_SERVES_ROOT)
            os.chown(parent, owner.pw_uid, owner.pw_gid)
        _as_its_user([str(where / "initdb"), "-D", str(folder), "-A", "trust", "-U", "footfall"])
        with (folder / "pg_hba.conf").open("a") as allowed:
            allowed.write("host all all samenet trust\n")
        server = Postgres(where, folder, _free_port(host), host)
        server.start()
        try:
            # The name of the database is the user's own, so that nothing else need be said.
            server.create("footfall")
            yield server
        finally:
            server.stop()


def _as_its_user(command: Sequence[str]) -> None:
    user = _SERVES_ROOT if os.geteuid() == 0 else None
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", user=user)


def _free_port(host: str) -> int:
    with socket.socket() as one:
        one.bind((host, 0))
        return int(one.getsockname()[1])
