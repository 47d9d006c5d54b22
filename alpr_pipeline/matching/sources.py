"""Where lists come from by themselves: a folder, a web server, an SFTP server; each with its time and its limits."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from alpr_pipeline.domain.hotlist import ListName
from alpr_pipeline.errors import ConfigError

SCHEMES = ("https", "sftp", "file")
REVISION = "{revision}"  # in an address or a pattern: the revision that changes are of

SourceName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


class Source(BaseModel):
    """One source of one list. It names where credentials are, and holds none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: SourceName
    list_name: ListName = Field(alias="list", description="The list that a file becomes.")
    format: str = Field("plain", pattern=r"^[a-z0-9][a-z0-9-]{0,31}$", description="Of whole lists, or of changes.")
    url: str = Field(max_length=2000, description="https://..., sftp://user@host/path, or file:///a/folder to watch.")
    every: timedelta = Field(ge=timedelta(minutes=1), le=timedelta(days=31), description="How often it is looked at.")
    bytes_max: int = Field(100_000_000, ge=1_000, description="A larger file is not taken.")
    pattern: str = Field("*", max_length=100, description="Of a folder: which files count; the newest is taken.")
    username: str = Field("", max_length=100, description="Of a web server; with a name the secret is its password.")
    secret_file: Path | None = Field(None, description="Holds the password or the token, or what opens key_file.")
    secret_env: str = Field("", max_length=100, description="Or the variable of the environment that holds it.")
    ca_file: Path | None = Field(None, description="Certificate authority of a web server; none: the system's.")
    key_file: Path | None = Field(None, description="Private key for SFTP.")
    known_hosts_file: Path | None = Field(None, description="Of SFTP, needed: which key the server must have.")

    @model_validator(mode="after")
    def _fits_together(self) -> "Source":
        parts = urlsplit(self.url)
        if parts.scheme not in SCHEMES:
            raise ValueError(f"url: begins with {', '.join(f'{scheme}://' for scheme in SCHEMES)}")
        if parts.password or (parts.scheme == "https" and parts.username):
            raise ValueError("url: no credentials here: name secret_file or secret_env (and username)")
        if parts.scheme == "sftp" and not (self.known_hosts_file and parts.hostname and parts.username):
            raise ValueError("sftp: needs a user and a host in url, and known_hosts_file: no server is believed unseen")
        if parts.scheme == "file" and not parts.path.startswith("/"):
            raise ValueError("url: file:/// and the whole path of a folder")
        return self

    @property
    def names_revision(self) -> bool:
        """Whether it has changes, told apart by the revision that they change."""
        return REVISION in (self.pattern if self.scheme == "file" else self.url)

    def asking_for(self, revision: int) -> "Source":
        """Return the source of the changes of a revision."""
        return self.model_copy(update={"url": self.url.replace(REVISION, str(revision))})

    @property
    def scheme(self) -> str:
        """What kind of source it is."""
        return urlsplit(self.url).scheme

    @property
    def place(self) -> str:
        """What a person is told of where it is: no path and no query, which may hold a token."""
        parts = urlsplit(self.url)
        return parts.path if parts.scheme == "file" else f"{parts.scheme}://{parts.hostname}"


def read_secret(source: Source, environment: Mapping[str, str]) -> str:
    """Return a source's password or token, empty where it needs none; raise ConfigError where it is not there."""
    if source.secret_env:
        if not environment.get(source.secret_env):
            raise ConfigError(f"source {source.name}: the environment has no {source.secret_env}")
        return environment[source.secret_env]
    if source.secret_file is None:
        return ""
    try:
        return source.secret_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise ConfigError(f"source {source.name}: secret_file {source.secret_file}: {reason}") from None
