"""What the stages share, made from the settings when first asked for, and let go of together."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from alpr_pipeline.bus.bus import Bus
from alpr_pipeline.bus.topics import HITS, PICTURES, READS, pipeline_topics
from alpr_pipeline.config.settings import BusKind, Settings
from alpr_pipeline.errors import ConfigError
from alpr_pipeline.policy.check import check, faults
from alpr_pipeline.policy.policy import Policy, parse_policy
from alpr_pipeline.policy.shipped import default_policy, shipped_profile
from alpr_pipeline.telemetry.health import Health

if TYPE_CHECKING:  # a car needs no database, a matcher no pictures: each process loads what it works with
    from alpr_pipeline.storage.database import Database
    from alpr_pipeline.storage.pictures import PictureStore
    from alpr_pipeline.storage.vault import Vault


class Closable(Protocol):
    """Something to let go of at the end."""

    def close(self) -> None:
        """Let go of it."""


Part = TypeVar("Part", bound=Closable)


def now() -> datetime:
    """Tell the time. The one clock of the program; everything below takes it as an argument."""
    return datetime.now(UTC)


class Parts:
    """The parts of one process. Use as a context manager.

    With `visiting`, a database of one's own may be used while another process has it: for commands that come and go.
    """

    def __init__(self, settings: Settings, *, visiting: bool = False) -> None:
        self.settings = settings
        self.health = Health()
        self._visiting = visiting
        self._closing: list[Callable[[], None]] = []

    def __enter__(self) -> "Parts":
        return self

    def __exit__(self, *_error: object) -> None:
        while self._closing:
            self._closing.pop()()

    def closing(self, part: Part) -> Part:
        """Return a part, to be closed at the end, in the opposite order."""
        self._closing.append(part.close)
        return part

    @cached_property
    def policy(self) -> Policy:
        """The usage and privacy policy in force."""
        return read_policy(self.settings.policy)

    @cached_property
    def database(self) -> "Database":
        """The database; one of its own, started here, where none is named."""
        from alpr_pipeline.storage.database import Database

        url = self.settings.database.url.get_secret_value() or self._own_postgres()
        database = self.closing(Database(url, self.settings.database.connections_max))
        self.health.watch("database", database.check)
        return database

    @cached_property
    def pictures(self) -> "PictureStore":
        """The picture store."""
        from alpr_pipeline.storage.picture_keys import PictureKeys
        from alpr_pipeline.storage.pictures import PictureStore

        keys = PictureKeys(self.database, self._master_key)
        pictures = self.closing(
            PictureStore(self.settings.pictures_url, keys=keys, endpoint=self.settings.pictures.endpoint)
        )
        self.health.watch("pictures", pictures.check)
        return pictures

    @cached_property
    def vault(self) -> "Vault":
        """What seals small secrets: the same in every process of a site."""
        from alpr_pipeline.storage.vault import Vault

        return Vault(self._master_key)

    def kept_vault(self) -> "Vault":
        """The vault, for what must be opened later too: raise ConfigError when its key is not kept anywhere yet."""
        from alpr_pipeline.storage.vault import Vault

        return Vault(self._load_master_key(make=False))

    @property
    def audit_folder(self) -> Path:
        """Where checkpoints and the key that signs them, and reports, are kept: not in the database."""
        return self.settings.audit.checkpoints or self.settings.data / "audit"

    @cached_property
    def _master_key(self) -> bytes:
        return self._load_master_key(make=True)

    def _load_master_key(self, *, make: bool) -> bytes:
        pictures = self.settings.pictures
        if pictures.master_key_kms:
            from alpr_pipeline.storage.kms import KeyService, master_key

            return master_key(self.database, KeyService(pictures.master_key_kms, pictures.kms_endpoint), make=make)
        from alpr_pipeline.storage.secret_keys import load_key

        file = pictures.master_key_file or self.settings.data / "keys/pictures.key"
        return load_key(pictures.master_key.get_secret_value(), file, "pictures.master_key", make=make)

    @cached_property
    def bus(self) -> Bus:
        """The bus."""
        bus = self.closing(self._open_bus())
        self.health.watch("bus", bus.check)
        return bus

    def create_topics(self) -> None:
        """Make the topics that are missing and give all of them the policy's retention."""
        self.bus.create_topics(pipeline_topics(self.policy.retention, self.settings.bus.partitions))

    def _open_bus(self) -> Bus:
        if self.settings.bus.kind is BusKind.KAFKA:
            from alpr_pipeline.bus.kafka import KafkaBus

            return KafkaBus(self.settings.bus.kafka)
        from alpr_pipeline.bus.memory import MemoryBus
        from alpr_pipeline.matching.matcher import WORKER as MATCHER
        from alpr_pipeline.storage.writer import PICTURES_WORKER, RECORDS_WORKER

        # Who must have committed a message before the bus calls it safe, and the spool forgets it.
        return MemoryBus(
            {
                READS: frozenset({RECORDS_WORKER, MATCHER}),
                HITS: frozenset({RECORDS_WORKER}),
                PICTURES: frozenset({PICTURES_WORKER}),
            }
        )

    def _own_postgres(self) -> str:
        from alpr_pipeline.storage.embedded import EmbeddedPostgres

        server = EmbeddedPostgres(self.settings.data / "postgres")
        if self._visiting and (url := server.running_url()):
            return url
        url = server.start()
        self._closing.append(server.stop)
        return url


def read_policy(file: Path | None) -> Policy:
    """Return the policy to run under; raise ConfigError that names every rule of law which it does not keep."""
    policy = read_policy_file(file)
    failed = faults(check(policy, shipped_profile(policy.profile), now().date()))
    if failed:
        rules = "; ".join(f"{finding.rule} ({finding.source}): {finding.text}" for finding in failed)
        raise ConfigError(f"{file or 'the shipped policy'} may not be used: {rules}: see `alpr policy check`")
    return policy


def read_policy_file(file: Path | None) -> Policy:
    """Return the policy of a file, or the shipped one, whether it keeps the law or not."""
    return default_policy() if file is None else parse_policy(read_policy_text(file), str(file))


def read_policy_text(file: Path) -> str:
    """Return a policy as it is written."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"policy {file}: {getattr(error, 'strerror', None) or error}") from None
