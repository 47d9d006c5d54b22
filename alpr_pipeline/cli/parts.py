"""What the stages share, made from the settings when first asked for, and let go of together."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from alpr_pipeline.bus.bus import Bus
from alpr_pipeline.bus.kafka import KafkaBus
from alpr_pipeline.bus.memory import MemoryBus
from alpr_pipeline.bus.topics import HITS, PICTURES, READS, pipeline_topics
from alpr_pipeline.config.settings import BusKind, Settings
from alpr_pipeline.errors import ConfigError
from alpr_pipeline.matching.matcher import WORKER as MATCHER
from alpr_pipeline.oversight.profiles import default_policy, shipped_profile
from alpr_pipeline.policy.check import check, faults
from alpr_pipeline.policy.policy import Policy, parse_policy
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.embedded import EmbeddedPostgres
from alpr_pipeline.storage.pictures import PictureStore
from alpr_pipeline.storage.writer import PICTURES_WORKER, RECORDS_WORKER
from alpr_pipeline.telemetry.health import Health

# Who must have committed a message before the in-memory bus calls it safe, and the spool forgets it.
AWAITED = {
    READS: frozenset({RECORDS_WORKER, MATCHER}),
    HITS: frozenset({RECORDS_WORKER}),
    PICTURES: frozenset({PICTURES_WORKER}),
}


def now() -> datetime:
    """Tell the time. The one clock of the program; everything below takes it as an argument."""
    return datetime.now(UTC)


class Parts:
    """The parts of one process. Use as a context manager."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.health = Health()
        self._closing: list[Callable[[], None]] = []

    def __enter__(self) -> "Parts":
        return self

    def __exit__(self, *_error: object) -> None:
        while self._closing:
            self._closing.pop()()

    @cached_property
    def policy(self) -> Policy:
        """The usage and privacy policy in force."""
        return read_policy(self.settings.policy)

    @cached_property
    def database(self) -> Database:
        """The database; one of its own, started here, where none is named."""
        url = self.settings.database.url.get_secret_value() or self._own_postgres()
        database = Database(url, self.settings.database.connections_max)
        self._closing.append(database.close)
        self.health.watch("database", database.check)
        return database

    @cached_property
    def pictures(self) -> PictureStore:
        """The picture store."""
        pictures = PictureStore(self.settings.pictures_url)
        self._closing.append(pictures.close)
        self.health.watch("pictures", pictures.check)
        return pictures

    @cached_property
    def bus(self) -> Bus:
        """The bus, with its topics."""
        kafka = self.settings.bus.kind is BusKind.KAFKA
        bus: Bus = KafkaBus(self.settings.bus.kafka) if kafka else MemoryBus(AWAITED)
        self._closing.append(bus.close)
        self.health.watch("bus", bus.check)
        return bus

    def create_topics(self) -> None:
        """Make the topics that are missing and give all of them the policy's retention."""
        self.bus.create_topics(pipeline_topics(self.policy.retention, self.settings.bus.partitions))

    def _own_postgres(self) -> str:
        server = EmbeddedPostgres(self.settings.data / "postgres")
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
    if file is None:
        return default_policy()
    try:
        return parse_policy(file.read_text(encoding="utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"policy {file}: {getattr(error, 'strerror', None) or error}") from None
