"""Files of lists from a real web server with its own authority, a real SFTP server, and a folder."""

import asyncio
import http.server
import io
import os
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncssh
import pytest

from alpr_pipeline.errors import ConfigError, NothingNew, SourceUnavailable, WrongRevision
from alpr_pipeline.matching.fetching import fetch, fetch_changes
from alpr_pipeline.matching.formats import plain
from alpr_pipeline.matching.loading import LoadOrder, load_list
from alpr_pipeline.matching.pulling import Puller
from alpr_pipeline.matching.sources import Source, read_secret
from alpr_pipeline.matching.thresholds import Thresholds
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.hotlists import list_entries
from alpr_pipeline.storage.pulls import list_pulls
from tests.certificates import a_certificate

LIST = b"plate\nDEMO123\n"
MADE = "Tue, 01 Jan 2030 00:00:00 GMT"
NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)


def a_source(url: str, **fields: object) -> Source:
    return Source.model_validate({"name": "state", "list": "stolen", "url": url, "every": "PT1H"} | fields)


@dataclass
class Web:
    """A web server over TLS."""

    url: str
    ca: Path
    content: bytes = LIST
    status: int = 200
    asked: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    base: str = ""


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    pem, private = a_certificate(tmp_path)
    web = Web("", pem)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            web.paths.append(self.path)
            web.asked.append({name.lower(): value for name, value in self.headers.items()})
            unchanged = self.headers.get("If-None-Match") == '"one"'
            self.send_response(304 if unchanged else web.status)
            self.send_header("ETag", '"one"')
            self.send_header("Last-Modified", MADE)
            if web.base:
                self.send_header("Base-Revision", web.base)
            self.send_header("Location", "https://elsewhere.example/")
            self.end_headers()
            if not unchanged:
                self.wfile.write(web.content)

        def log_message(self, *_args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, private)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    web.url = f"https://127.0.0.1:{server.server_port}/lists/stolen.csv?token=hush"
    yield web
    server.shutdown()
    server.server_close()


def test_a_file_comes_from_a_web_server_once(web: Web) -> None:
    """With the time it was made; when it has not changed, it is not sent again."""
    source = a_source(web.url, ca_file=web.ca)
    fetched = fetch(source, "secret-token", "", NOW)
    assert fetched is not None
    assert (fetched.file.read(), fetched.produced_at) == (LIST, datetime(2030, 1, 1, tzinfo=UTC))
    assert fetch(source, "secret-token", fetched.mark, NOW) is None
    assert web.asked[1]["if-none-match"] == '"one"'
    assert web.asked[1]["if-modified-since"] == MADE
    assert web.asked[0]["authorization"] == "Bearer secret-token"


def test_a_name_makes_the_secret_a_password(web: Web) -> None:
    """Basic authentication, over TLS alone."""
    fetch(a_source(web.url, ca_file=web.ca, username="alpr"), "pass", "", NOW)
    assert web.asked[0]["authorization"].startswith("Basic ")


def test_a_server_of_another_authority_is_not_believed(web: Web) -> None:
    """Nothing is sent to it."""
    with pytest.raises(SourceUnavailable, match="certificate of the authority in ca_file"):
        fetch(a_source(web.url), "secret-token", "", NOW)
    assert web.asked == []


@pytest.mark.parametrize(
    ("status", "says"), [(401, "username and secret right"), (302, "redirects are not followed"), (500, "answered 500")]
)
def test_an_answer_that_is_no_file_is_said(web: Web, status: int, says: str) -> None:
    """Without the address's path, its token or the secret."""
    web.status = status
    with pytest.raises(SourceUnavailable, match=says) as caught:
        fetch(a_source(web.url, ca_file=web.ca), "secret-token", "", NOW)
    assert not {"hush", "secret-token", "stolen.csv"} & set(str(caught.value).replace("/", " ").split())


def test_a_file_that_is_too_large_is_not_taken(web: Web) -> None:
    """Nobody fills the disk."""
    web.content = b"x" * 5_000_000
    with pytest.raises(SourceUnavailable, match="larger than 10,000 bytes"):
        fetch(a_source(web.url, ca_file=web.ca, bytes_max=10_000), "", "", NOW)


def test_a_server_that_is_away_is_said() -> None:
    """With its name and the kind of failure."""
    with pytest.raises(SourceUnavailable, match=r"source state \(https://127\.0\.0\.1\): ConnectError"):
        fetch(a_source("https://127.0.0.1:1/list.csv"), "", "", NOW)


def test_a_web_server_is_asked_for_the_changes_of_a_revision(web: Web) -> None:
    """Of which revision it has them it may say, and is believed; none yet is nothing new, and no failure of another."""
    source = a_source(web.url + "&since={revision}", ca_file=web.ca, format="changes")
    assert fetch_changes(source, "", 7, NOW).base == 7
    assert web.paths == ["/lists/stolen.csv?token=hush&since=7"]
    web.base = "6"
    assert fetch_changes(source, "", 7, NOW).base == 6
    web.status = 404
    with pytest.raises(NothingNew, match="has no changes of revision 7 yet"):
        fetch_changes(source, "", 7, NOW)
    web.status = 500
    with pytest.raises(SourceUnavailable, match="answered 500"):
        fetch_changes(source, "", 7, NOW)


def test_changes_of_another_revision_from_a_web_server_leave_the_list(web: Web, database: Database) -> None:
    """What the server says they change is what counts; then what fits is taken."""
    whole = LoadOrder("stolen", plain(), "ada", NOW - timedelta(days=9))
    load_list(database, io.BytesIO(LIST.replace(b"\n", b",authority\n", 1).replace(b"123", b"123,Demo Police")), whole)
    source = a_source(web.url + "&since={revision}", ca_file=web.ca, format="changes")
    puller = Puller(database, [source], {}, Path("hotlists"), Thresholds())
    web.content, web.base = b"action,plate,authority\nadd,DEMO124,Demo Police\n", "4"
    with pytest.raises(WrongRevision, match="changes revision 4, in force is 1: send the list as a whole"):
        puller.pull("state", NOW)
    web.base = "1"
    puller.pull("state", NOW)
    with pytest.raises(WrongRevision, match="in force is 2"):  # the server goes on saying 1
        puller.pull("state", NOW)
    with database.connection() as connection:
        assert sorted(entry.plate for entry in list_entries(connection, "stolen")) == ["DEMO123", "DEMO124"]
        assert "in force is 2" in list_pulls(connection)[0].error


@dataclass
class Sftp:
    """An SFTP server, and the files that a client needs."""

    url: str
    folder: Path
    known_hosts: Path
    key: Path


@pytest.fixture
def sftp(tmp_path: Path) -> Iterator[Sftp]:
    host_key, user_key = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    root = tmp_path / "root"
    root.mkdir()
    (root / "list.csv").write_bytes(LIST)
    user_key.write_private_key(tmp_path / "user_key", passphrase="opens", rounds=1, ignore_few_rounds=True)
    (tmp_path / "authorized").write_bytes(user_key.export_public_key())

    class Door(asyncssh.SSHServer):
        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == ("alpr", "pass")

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def listen() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=Door,
            server_host_keys=[host_key],
            authorized_client_keys=str(tmp_path / "authorized"),
            sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=bytes(root)),
        )

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result(20)
    port = server.get_port()
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{port} {host_key.export_public_key().decode()}")
    yield Sftp(f"sftp://alpr@127.0.0.1:{port}/list.csv", root, known, tmp_path / "user_key")
    loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


def test_a_file_comes_over_sftp_once(sftp: Sftp) -> None:
    """By a key that the secret opens; by its size and time one sees that it has not changed."""
    source = a_source(sftp.url, known_hosts_file=sftp.known_hosts, key_file=sftp.key)
    fetched = fetch(source, "opens", "", NOW)
    assert fetched is not None
    assert fetched.file.read() == LIST
    assert fetch(source, "opens", fetched.mark, NOW) is None
    (sftp.folder / "list.csv").write_bytes(LIST + b"DEMO124\n")
    assert fetch(source, "opens", fetched.mark, NOW) is not None


def test_changes_come_over_sftp_by_their_revision(sftp: Sftp) -> None:
    """The file of the revision in force is looked for, and no other."""
    url = sftp.url.replace("list.csv", "changes-{revision}.csv")
    source = a_source(url, known_hosts_file=sftp.known_hosts, key_file=sftp.key, format="changes")
    (sftp.folder / "changes-7.csv").write_bytes(LIST)
    fetched = fetch_changes(source, "opens", 7, NOW)
    assert (fetched.base, fetched.file.read()) == (7, LIST)
    with pytest.raises(NothingNew, match="has no changes of revision 8 yet"):
        fetch_changes(source, "opens", 8, NOW)


def test_a_password_will_do_over_sftp(sftp: Sftp) -> None:
    """Where the other side has no keys."""
    assert fetch(a_source(sftp.url, known_hosts_file=sftp.known_hosts), "pass", "", NOW) is not None


def test_a_server_with_another_key_is_not_believed(sftp: Sftp) -> None:
    """Nor one that nobody has named: no key is taken over unseen."""
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    place = sftp.known_hosts.read_text().split()[0]
    for known in (f"{place} {other}", ""):
        sftp.known_hosts.write_text(known)
        with pytest.raises(SourceUnavailable, match="its host key is not the one in"):
            fetch(a_source(sftp.url, known_hosts_file=sftp.known_hosts), "pass", "", NOW)


def test_what_goes_wrong_over_sftp_is_said(sftp: Sftp) -> None:
    """A wrong password, a wrong passphrase, a path that is not there, a file that is too large."""
    with_key = {"known_hosts_file": sftp.known_hosts, "key_file": sftp.key}
    for source, secret, says in (
        (a_source(sftp.url, known_hosts_file=sftp.known_hosts), "wrong", "does not let us in"),
        (a_source(sftp.url, **with_key), "wrong", "does not let us in"),
        (a_source(sftp.url.replace("list.csv", "none.csv"), **with_key), "opens", "is it there, and the path right"),
    ):
        with pytest.raises(SourceUnavailable, match=says) as caught:
            fetch(source, secret, "", NOW)
        assert "wrong" not in str(caught.value)
    (sftp.folder / "list.csv").write_bytes(b"x" * 2_000)
    with pytest.raises(SourceUnavailable, match="larger than 1,000 bytes"):
        fetch(a_source(sftp.url, bytes_max=1_000, **with_key), "opens", "", NOW)


def test_the_newest_whole_file_of_a_folder_is_taken(tmp_path: Path) -> None:
    """One that is being written is left until it rests; others are passed over; the folder is not changed."""
    source = a_source(f"file://{tmp_path}", pattern="*.csv")
    assert fetch(source, "", "", NOW) is None
    for name, content, age_s in (("a.csv", b"old", 60), ("b.csv", LIST, 30), ("c.csv", b"half", 0), ("d.txt", b"x", 9)):
        (tmp_path / name).write_bytes(content)
        at = NOW.timestamp() - age_s
        os.utime(tmp_path / name, (at, at))
    fetched = fetch(source, "", "", NOW)
    assert fetched is not None
    assert (fetched.file.read(), fetched.produced_at) == (LIST, NOW - timedelta(seconds=30))
    assert fetch(source, "", fetched.mark, NOW) is None
    assert len(list(tmp_path.iterdir())) == 4


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    """A share that is not mounted is no empty folder."""
    with pytest.raises(SourceUnavailable, match="is no folder, or not there"):
        fetch(a_source(f"file://{tmp_path}/none"), "", "", NOW)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://lists.example/a.csv", "begins with https://"),
        ("https://alpr:pass@lists.example/a.csv", "no credentials here"),
        ("sftp://alpr@lists.example/a.csv", "known_hosts_file"),
        ("file://drop", "whole path"),
    ],
)
def test_a_source_that_is_not_safe_is_none(url: str, says: str) -> None:
    """The settings are refused at the start."""
    with pytest.raises(ValueError, match=says):
        a_source(url)


def test_a_secret_comes_from_a_file_or_the_environment(tmp_path: Path) -> None:
    """Where it is not there, the start says where it was looked for."""
    (tmp_path / "secret").write_text("hush\n")
    url = "https://lists.example/a.csv"
    assert read_secret(a_source(url, secret_file=tmp_path / "secret"), {}) == "hush"
    assert read_secret(a_source(url, secret_env="STATE"), {"STATE": "hush"}) == "hush"
    assert read_secret(a_source(url), {}) == ""
    for wrong in ({"secret_env": "STATE"}, {"secret_file": tmp_path / "none"}):
        with pytest.raises(ConfigError, match="source state"):
            read_secret(a_source(url, **wrong), {})
