"""The proxy of deploy/proxy, really run before a webserver: who comes in, and to what."""

import base64
import contextlib
import http.client
import http.server
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import pytest

CADDYFILE = Path(__file__).resolve().parent.parent.parent / "deploy" / "proxy" / "Caddyfile"
HOST, LOOPBACK = "localhost", "127.0.0.1"
STARTS_WITHIN_S = 180
ASKED = '{"query": "{version}"}'
LAUNCHED = json.dumps(
    {"query": "mutation {setAutoMaterializePaused(paused: true)}", "variables": {}}
)
DEFINITIONS = """
import dagster as dg

@dg.asset
def counted():
    return 1

defs = dg.Definitions([counted])
"""
PASSWORDS = {"anna": "launches", "otto": "looks"}


@dataclass(frozen=True)
class Proxy:
    """A running proxy, and what is behind it.

    Attributes:
        https: Its port.
        http: The port of those who come without TLS.
        behind: Ports of the webservers by what one may do there.
        root: Certificate of its own authority.
        said: File of its log.
    """

    https: int
    http: int
    behind: Mapping[str, int]
    root: Path
    said: Path

    @property
    def trusting(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.root)

    def ask(
        self,
        path: str = "/graphql",
        body: str | None = ASKED,
        headers: Mapping[str, str] | None = None,
        user: str | None = None,
    ) -> HTTPResponse:
        connection = http.client.HTTPSConnection(
            HOST, self.https, timeout=60, context=self.trusting
        )
        told = {"Content-Type": "application/json", **(headers or {})}
        told |= {"Authorization": basic(user, PASSWORDS[user])} if user else {}
        connection.request("POST" if body else "GET", path, body, told)
        return connection.getresponse()


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.fixture(scope="module")
def caddy() -> str:
    found = shutil.which("caddy")
    if found is None:
        pytest.skip("no Caddy: apt-get install caddy")
    return found


@pytest.fixture(scope="module")
def webservers(caddy: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """One that launches and one that looks, of one instance, at their default address."""
    home = tmp_path_factory.mktemp("webservers")
    (home / "definitions.py").write_text(DEFINITIONS)
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    ports = dict(zip(("launch", "look"), free_ports(2), strict=True))
    more = {"launch": [], "look": ["--read-only", "--path-prefix", "/look"]}
    with contextlib.ExitStack() as running:
        for name, port in ports.items():
            command = [sys.executable, "-m", "dagster_webserver", "-f", "definitions.py"]
            command += ["--port", str(port), *more[name]]
            running.enter_context(process(command, home / f"{name}.log", home, DAGSTER_HOME=home))
            # One after the other, since the first one makes the tables.
            wait_until_it_listens(port)
        yield ports


@pytest.fixture(scope="module")
def proxy(caddy: str, webservers: dict[str, int], tmp_path_factory: Any) -> Iterator[Proxy]:
    users = tmp_path_factory.mktemp("users")
    for name, file in (("anna", "launch"), ("otto", "look")):
        hashed = subprocess.check_output(
            [caddy, "hash-password"], input=f"{PASSWORDS[name]}\n", text=True
        )
        (users / file).write_text(f"{name} {hashed.strip()}\n")
    with started(caddy, webservers, users, FOOTFALL_PROXY_USERS=users) as running:
        yield running


@contextlib.contextmanager
def started(caddy: str, behind: dict[str, int], home: Path, **settings: object) -> Iterator[Proxy]:
    https, plain = free_ports(2)
    data, said = home / "data", home / "caddy.log"
    command = [caddy, "run", "--adapter", "caddyfile", "--config", str(CADDYFILE)]
    environment = {
        "XDG_DATA_HOME": data,
        "XDG_CONFIG_HOME": data,
        "FOOTFALL_PROXY_HTTPS": https,
        "FOOTFALL_PROXY_HTTP": plain,
        **{f"FOOTFALL_{name.upper()}": f"{LOOPBACK}:{port}" for name, port in behind.items()},
        **settings,
    }
    with process(command, said, home, **environment):
        root = data / "caddy" / "pki" / "authorities" / "local" / "root.crt"
        wait_until_it_listens(https)
        yield Proxy(https, plain, behind, root, said)


@contextlib.contextmanager
def process(command: list[str], log: Path, folder: Path, **more: object) -> Iterator[None]:
    with log.open("wb") as written:
        one = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **{name: str(value) for name, value in more.items()}},
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    try:
        yield
    finally:
        one.terminate()
        one.wait(timeout=30)


def wait_until_it_listens(port: int) -> None:
    until = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            socket.create_connection((LOOPBACK, port), timeout=1).close()
            return
        time.sleep(0.2)
    pytest.fail(f"nothing listens at port {port}")


def free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as held:
        taken = [held.enter_context(socket.socket()) for _ in range(number)]
        for one in taken:
            one.bind((LOOPBACK, 0))
        return [one.getsockname()[1] for one in taken]


@pytest.mark.parametrize("path", ["/", "/graphql", "/server_info", "/look/graphql", "/look/"])
def test_nobody_comes_in_without_a_password(proxy: Proxy, path: str) -> None:
    answer = proxy.ask(path)
    assert answer.status == 401
    assert answer.read() == b""


@pytest.mark.parametrize(
    ("path", "user", "password"),
    [
        ("/graphql", "anna", "wrong"),
        ("/graphql", "otto", PASSWORDS["otto"]),
        ("/look/../graphql", "otto", "wrong"),
        ("/look/graphql", "anna", PASSWORDS["anna"]),
    ],
)
def test_a_password_is_good_where_it_was_given_for(
    proxy: Proxy, path: str, user: str, password: str
) -> None:
    assert proxy.ask(path, headers={"Authorization": basic(user, password)}).status == 401


def test_whoever_may_launch_is_answered(proxy: Proxy) -> None:
    answer = proxy.ask(user="anna")
    assert answer.status == 200
    assert "version" in json.load(answer)["data"]
    page = proxy.ask("/", None, user="anna")
    assert page.status == 200
    assert b"<html" in page.read().lower()
    assert "data" in json.load(proxy.ask(body=LAUNCHED, user="anna"))


def test_whoever_may_look_changes_nothing(proxy: Proxy) -> None:
    assert "version" in json.load(proxy.ask("/look/graphql", user="otto"))["data"]
    page = proxy.ask("/look/", None, user="otto")
    assert page.status == 200
    assert b"/look/" in page.read()
    refused = json.load(proxy.ask("/look/graphql", LAUNCHED, user="otto"))
    assert "errors" in refused or "Unauthorized" in json.dumps(refused)


def test_answers_are_hardened(proxy: Proxy) -> None:
    headers = proxy.ask("/", None, user="anna").headers
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Server"] is None


def test_what_another_site_makes_a_browser_ask_is_refused(proxy: Proxy) -> None:
    for path, user in (("/graphql", "anna"), ("/look/graphql", "otto")):
        assert proxy.ask(path, headers={"Origin": "https://evil.test"}, user=user).status == 403
        own = {"Origin": f"https://{HOST}:{proxy.https}"}
        assert proxy.ask(path, headers=own, user=user).status == 200


def test_a_picture_on_a_page_of_another_site_launches_nothing(proxy: Proxy) -> None:
    # A browser asks for it with the login, and without saying which site has it do so.
    asked = "?" + urllib.parse.urlencode({"query": json.loads(LAUNCHED)["query"]})
    for path, user in (("/graphql", "anna"), ("/look/graphql", "otto"), ("/graphql/", "anna")):
        for accepted in ("image/*", "*/*"):
            answer = proxy.ask(path + asked, None, {"Accept": accepted}, user)
            assert answer.status == 403, path


def test_whoever_comes_without_tls_is_sent_to_it(proxy: Proxy) -> None:
    connection = http.client.HTTPConnection(HOST, proxy.http, timeout=30)
    connection.request("GET", "/runs", headers={"Authorization": basic("anna", "launches")})
    answer = connection.getresponse()
    assert answer.status == 308
    # Its port is another one only where something before it forwards the usual one.
    assert answer.headers["Location"] == f"https://{HOST}/runs"


def test_its_certificate_is_of_its_own_authority_and_of_its_name(proxy: Proxy) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(proxy, ssl.create_default_context(), HOST)
    assert shake_hands(proxy, proxy.trusting, HOST) in {"TLSv1.2", "TLSv1.3"}


def shake_hands(proxy: Proxy, context: ssl.SSLContext, name: str) -> str | None:
    with (
        socket.create_connection((LOOPBACK, proxy.https), timeout=30) as plain,
        context.wrap_socket(plain, server_hostname=name) as sealed,
    ):
        return sealed.version()


def test_subscriptions_come_through_by_websocket(proxy: Proxy) -> None:
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect

    def subscribe(path: str, **headers: str) -> Any:
        return connect(
            f"wss://{HOST}:{proxy.https}{path}",
            ssl=proxy.trusting,
            subprotocols=["graphql-ws"],  # type: ignore[list-item]
            additional_headers=headers,
            open_timeout=60,
        )

    for path, user in (("/graphql", "anna"), ("/look/graphql", "otto")):
        with subscribe(path, Authorization=basic(user, PASSWORDS[user])) as one:
            one.send(json.dumps({"type": "connection_init", "payload": {}}))
            assert json.loads(one.recv(timeout=60))["type"] == "connection_ack"
        with pytest.raises(InvalidStatus, match="401"):
            subscribe(path)


def test_webservers_listen_on_the_loopback_only(proxy: Proxy) -> None:
    for name, port in proxy.behind.items():
        assert addresses_of(port) == {LOOPBACK}, name


def addresses_of(port: int) -> set[str]:
    """Where something listens at a port, as Linux tells it."""
    found = set()
    for table in ("tcp", "tcp6"):
        lines = Path("/proc/net", table).read_text().splitlines()[1:]
        for local, state in ((line.split()[1], line.split()[3]) for line in lines):
            address, _, number = local.partition(":")
            if state == "0A" and int(number, 16) == port:
                told = bytes.fromhex(address)[::-1]
                found.add(socket.inet_ntoa(told) if table == "tcp" else address)
    return found


def test_no_password_is_in_the_log_of_the_proxy(proxy: Proxy) -> None:
    proxy.ask(user="anna")
    said = proxy.said.read_text()
    assert "/graphql" in said
    for name, password in PASSWORDS.items():
        assert basic(name, password).removeprefix("Basic ") not in said
        assert password not in said.replace("/look", "")


class _SignedOn(http.server.BaseHTTPRequestHandler):
    """Answers as oauth2-proxy does: by a cookie, of people of a group."""

    def do_GET(self) -> None:
        asked = self.path.partition("?")
        if asked[0] == "/oauth2/auth":
            known = self.headers.get("Cookie") == "session=annas"
            self.send_response(
                202 if known and "footfall-launch" in asked[2] else 403 * known or 401
            )
        else:
            self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_a_single_sign_on_lets_people_in(
    caddy: str, webservers: dict[str, int], tmp_path: Path
) -> None:
    server = http.server.ThreadingHTTPServer((LOOPBACK, 0), _SignedOn)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = {
        "FOOTFALL_PROXY_LOGIN": "single_sign_on",
        "FOOTFALL_SSO": f"{LOOPBACK}:{server.server_port}",
    }
    try:
        with started(caddy, webservers, tmp_path, **settings) as proxy:
            unknown = proxy.ask("/runs", None)
            assert unknown.status == 302
            assert unknown.headers["Location"].startswith("/oauth2/sign_in?rd=https://")
            assert proxy.ask("/oauth2/sign_in", None).status == 200
            known = {"Cookie": "session=annas"}
            assert "version" in json.load(proxy.ask(headers=known))["data"]
            assert proxy.ask("/look/graphql", headers=known).status == 403
    finally:
        server.shutdown()
        server.server_close()
