"""HTTPS with a certificate of the agency's own, and what browsers are told when TLS is there, ours or a proxy's."""

import socket
import ssl
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from alpr_pipeline.api.app import create_app
from alpr_pipeline.api.certificate import Certificate
from alpr_pipeline.cli.serve_stage import certificate_of, http_server
from alpr_pipeline.config.settings import ApiSettings
from alpr_pipeline.errors import ConfigError
from alpr_pipeline.policy.roles import Role
from alpr_pipeline.storage.hits import store_hits
from tests.certificates import a_certificate
from tests.integration.api.conftest import PASSWORD, Api
from tests.made import a_hit, a_read

CREDENTIALS = {"username": f"some-{Role.DISPATCHER}", "password": PASSWORD}


@pytest.fixture
def serve(api: Api) -> Iterator[Callable[..., int]]:
    """Serve the API as `alpr serve` does, and return its port."""
    running = []

    def start(**settings: object) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        known = ApiSettings.model_validate(settings)
        server = http_server(create_app(api.services), known, certificate_of(known))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        running.append((server, thread))
        while not server.started:
            time.sleep(0.01)
        return int(listener.getsockname()[1])

    yield start
    for server, thread in running:
        server.should_exit = server.force_exit = True
        thread.join(10)


def trusting(certificate: Path) -> ssl.SSLContext:
    """A client's context that believes this certificate and no other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(certificate)
    return context


def handshake(port: int, context: ssl.SSLContext) -> tuple[str, str]:
    """The version and the serial number of the certificate that a client gets."""
    with (
        socket.create_connection(("127.0.0.1", port), 10) as raw,
        context.wrap_socket(raw, server_hostname="127.0.0.1") as secured,
    ):
        return str(secured.version()), str(secured.getpeercert(binary_form=True))


def test_the_console_answers_over_tls_and_streams_hits(api: Api, serve: Callable[..., int], tmp_path: Path) -> None:
    """Sign-in, a session that is sent by TLS alone, HSTS, and a hit that comes as it is stored."""
    certificate, key = a_certificate(tmp_path)
    port = serve(tls_certificate=certificate, tls_key=key)
    with httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=trusting(certificate), timeout=20) as client:
        answer = client.post("/api/v1/session", json=CREDENTIALS)
        assert answer.status_code == 200
        assert "; Secure" in answer.headers["set-cookie"]
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        with client.stream("GET", "/api/v1/hits/stream") as stream:
            lines = stream.iter_lines()
            assert next(line for line in lines if line.startswith("event:")) == "event: synchronised"
            hit = a_hit(a_read())
            with api.services.database.connection() as connection:
                store_hits(connection, [hit])
            assert str(hit.hit_id) in next(line for line in lines if line.startswith("data: {"))


def test_old_tls_and_plain_http_get_nothing(serve: Callable[..., int], tmp_path: Path) -> None:
    """TLS 1.2 at least; who speaks HTTP to the port is hung up on."""
    certificate, key = a_certificate(tmp_path)
    port = serve(tls_certificate=certificate, tls_key=key)
    old, middle = trusting(certificate), trusting(certificate)
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    middle.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises((ssl.SSLError, ConnectionError)):
        handshake(port, old)
    assert handshake(port, middle)[0] == "TLSv1.2"
    assert handshake(port, trusting(certificate))[0] == "TLSv1.3"
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"http://127.0.0.1:{port}/healthz")


@pytest.mark.parametrize(
    ("settings", "forwarded", "secure"),
    [
        ({}, {}, False),
        ({}, {"X-Forwarded-Proto": "https"}, True),
        ({"trusted_proxies": []}, {"X-Forwarded-Proto": "https"}, False),  # who says so is no proxy of ours
    ],
)
def test_behind_a_proxy_it_is_the_proxys_tls_that_counts(
    serve: Callable[..., int], settings: dict[str, object], forwarded: dict[str, str], secure: bool
) -> None:
    """A trusted proxy that says https makes the cookie secure and has browsers come by TLS alone."""
    address = f"http://127.0.0.1:{serve(**settings)}/api/v1/session"
    answer = httpx.post(address, json=CREDENTIALS, headers=forwarded, timeout=20)
    assert ("; Secure" in answer.headers["set-cookie"]) is secure
    assert ("strict-transport-security" in answer.headers) is secure


def test_a_proxy_that_says_nothing_is_vouched_for_by_a_setting(start_api: Callable[..., Api]) -> None:
    """`secure_cookies` stands for the TLS of a proxy that does not tell of it."""
    api = start_api(secure_cookies=True)
    answer = httpx.post(f"{api.url}/api/v1/session", json=CREDENTIALS, timeout=20)
    assert "; Secure" in answer.headers["set-cookie"]
    assert answer.headers["strict-transport-security"]


def test_a_renewed_certificate_is_taken_without_a_restart(serve: Callable[..., int], tmp_path: Path) -> None:
    """New connections get it as soon as both files are there; half a renewal changes nothing."""
    certificate, key = a_certificate(tmp_path, "in-force")
    new_certificate, new_key = a_certificate(tmp_path, "new")
    held = Certificate(certificate, key)
    trust = trusting(certificate)
    trust.load_verify_locations(new_certificate)
    listener = socket.create_server(("127.0.0.1", 0))
    port = int(listener.getsockname()[1])

    def served() -> str:
        answering = threading.Thread(target=_answer_one, args=(listener, held.context), daemon=True)
        answering.start()
        found = handshake(port, trust)[1]
        answering.join(10)
        return found

    before = served()
    new_certificate.replace(certificate)
    held.renew()
    assert served() == before
    new_key.replace(key)
    held.renew()
    assert served() != before
    listener.close()


def _answer_one(listener: socket.socket, context: ssl.SSLContext) -> None:
    raw, _ = listener.accept()
    with context.wrap_socket(raw, server_side=True) as secured:
        secured.recv(1)


def _missing(folder: Path) -> tuple[Path, Path]:
    return folder / "nowhere.pem", a_certificate(folder)[1]


def _another_key(folder: Path) -> tuple[Path, Path]:
    return a_certificate(folder, "one")[0], a_certificate(folder, "other")[1]


def _no_pem(folder: Path) -> tuple[Path, Path]:
    certificate, key = a_certificate(folder)
    certificate.write_text("no certificate")
    return certificate, key


def _sealed_key(folder: Path) -> tuple[Path, Path]:
    return a_certificate(folder, passphrase=b"a passphrase")


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (_missing, r"api.tls_certificate: .*nowhere.pem: No such file"),
        (_another_key, "the key is another certificate's"),
        (_no_pem, "not a certificate"),
        (_sealed_key, "passphrase is not taken"),
        (lambda folder: (a_certificate(folder)[0], folder), r"api.tls_key: .*: Is a directory"),
    ],
)
def test_a_certificate_that_does_not_do_stops_the_start(
    tmp_path: Path, files: Callable[[Path], tuple[Path, Path]], says: str
) -> None:
    """And says which file it is, and what it should be; nobody is asked for a passphrase."""
    certificate, key = files(tmp_path)
    with pytest.raises(ConfigError, match=says):
        Certificate(certificate, key)


def test_a_certificate_without_its_key_is_no_setting() -> None:
    """One of both would leave a console in the clear that somebody thinks is not."""
    with pytest.raises(ValueError, match="takes both, tls_certificate and tls_key"):
        ApiSettings(tls_certificate=Path("tls.crt"))
