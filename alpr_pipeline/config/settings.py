"""Every setting. `deploy/alpr.toml` explains each; a test holds the two together.

Settings come from one TOML file and from the environment (`ALPR_DATABASE__URL` is `url` under `[database]`), which
wins. A key that is unknown stops the start: a misspelt setting would otherwise be a default that nobody chose.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from alpr_pipeline.access.identity_provider import IdentityProvider
from alpr_pipeline.access.passkeys import PasskeySite
from alpr_pipeline.access.reconciliation import StaffSettings
from alpr_pipeline.alerting.routing import EmailChannel, MqttChannel, Mutes, Webhook
from alpr_pipeline.alerting.suppression import Suppression
from alpr_pipeline.bus.kafka_settings import KafkaSettings
from alpr_pipeline.domain.hotlist import ListName, Priority
from alpr_pipeline.domain.sureness import risk_for
from alpr_pipeline.domain.web_address import TlsAddress
from alpr_pipeline.errors import ConfigError
from alpr_pipeline.matching.sources import Source
from alpr_pipeline.matching.thresholds import Thresholds

ENVIRONMENT_PREFIX = "ALPR_"
CONFIG_FILE_VARIABLE = "ALPR_CONFIG"
SHIPPED = "shipped"


def _not_everybody(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    if network.prefixlen == 0:
        raise ValueError("this would believe everybody, who then names any address: name the proxies' own networks")
    return network


Network = Annotated[IPvAnyNetwork, AfterValidator(_not_everybody)]
_THIS_MACHINE = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BusKind(StrEnum):
    """Which bus."""

    MEMORY = "memory"
    KAFKA = "kafka"


class DatabaseSettings(_Section):
    """Where reads, hits, lists and accounts are."""

    url: SecretStr = Field(SecretStr(""), description="postgresql://...; empty: a PostgreSQL of its own under `data`.")
    connections_max: int = Field(8, ge=2, le=200, description="Connections that one process holds at most.")


class BusSettings(_Section):
    """The way between the stages."""

    kind: BusKind = Field(BusKind.MEMORY, description="memory: all stages in one process (alpr run). kafka: a city.")
    partitions: int = Field(6, ge=1, le=1000, description="Of reads, pictures and hits: the most workers of a kind.")
    kafka: KafkaSettings = Field(default_factory=KafkaSettings, description="How to reach Kafka.")


class PictureSettings(_Section):
    """Where pictures are."""

    url: str = Field("", description="file:///... or s3://bucket/prefix; empty: the folder `pictures` under `data`.")
    endpoint: str = Field("", pattern="^(https?://.+)?$", description="http(s)://host:port of an S3 not Amazon's.")
    master_key_file: Path | None = Field(
        None, description="Wraps the keys of the pictures; none: `keys/pictures.key` under `data`, made when missing."
    )
    master_key: SecretStr = Field(SecretStr(""), description="The key itself, 32 bytes in base64; wins over the file.")
    master_key_kms: str = Field(
        "",
        max_length=2048,
        pattern="^[A-Za-z0-9:/_-]*$",
        description="Key of AWS KMS that seals the master key; instead of a file.",
    )
    kms_endpoint: TlsAddress = Field("", description="https://host:port of a KMS that is not Amazon's.")

    @model_validator(mode="after")
    def _from_one_place(self) -> Self:
        if self.master_key_kms and (self.master_key_file or self.master_key.get_secret_value()):
            raise ValueError("the master key comes from master_key_kms, or from master_key or its file: name one")
        return self


class EdgeSettings(_Section):
    """The agent at the roadside."""

    cameras: Path = Field(Path("cameras"), description="Folder with one TOML file a camera.")
    spool_bytes_max: int = Field(
        4_000_000_000, ge=10_000_000, description="Size of the spool on disk; beyond it the oldest pictures go first."
    )
    spool_reads_max: int = Field(1_000_000, ge=1_000, description="Reads in the spool; beyond it the oldest go.")
    overview_side_max: int = Field(
        1280, ge=320, le=3840, description="Pixels; overview pictures with a longer side are scaled down."
    )
    overview_quality: int = Field(80, ge=40, le=95, description="JPEG quality of the overview picture.")
    decide_after_ms: int = Field(
        700, ge=100, le=10_000, description="A vehicle is read at the latest so long after its first look."
    )
    repeat_gap_s: float = Field(
        30.0, ge=0, le=3600, description="The same plate at the same camera within this gap is one pass."
    )
    standing_s: float = Field(
        600.0, ge=60, le=86_400, description="A vehicle that stays in view is read anew after so long: lists change."
    )
    trusted_keys: tuple[str, ...] = Field(
        (), max_length=4, description="Public keys that lists are signed with; none: `keys/hotlist.pub` under `data`."
    )
    copy_key_file: Path | None = Field(
        None,
        description="Seals the copy of the lists and the spool; none: `keys/copy.key` under `data`, made when missing.",
    )
    copy_key: SecretStr = Field(SecretStr(""), description="The key itself, 32 bytes in base64; wins over the file.")


class RecognitionSettings(_Section):
    """What finds and reads plates."""

    detector: str = Field(SHIPPED, description="shipped, or the name of a model of open-image-models (is downloaded).")
    reader: str = Field(SHIPPED, description="shipped, or the name of a model of fast-plate-ocr (is downloaded).")
    detection_confidence_min: float = Field(0.1, gt=0, lt=1, description="Fainter detections are not read.")
    read_confidence_min: float = Field(
        0.6, ge=0, lt=1, description="A vehicle whose looks agree less surely than this is not read."
    )


class MatchingSettings(_Section):
    """How reads are held against lists."""

    probability_min: float = Field(0.05, gt=0, lt=1, description="Less probable candidates of a read are not matched.")
    risk_high: float = Field(0.01, ge=0, description="Most risk of a false alarm, entries of high priority.")
    risk_medium: float = Field(0.003, ge=0, description="Likewise, medium priority.")
    risk_low: float = Field(0.001, ge=0, description="Likewise, low priority.")


class ListSettings(_Section):
    """What is special about one list."""

    name: ListName
    refresh_within: timedelta | None = Field(None, gt=timedelta(0), description="Older than this it is overdue.")
    for_cars: bool = Field(True, description="false: cars and poles never get this list.")
    false_alarms_high: float | None = Field(
        None, ge=0, le=10_000, description="Wanted per million reads, high priority; none: by `matching`."
    )
    false_alarms_medium: float | None = Field(None, ge=0, le=10_000, description="Likewise, medium priority.")
    false_alarms_low: float | None = Field(None, ge=0, le=10_000, description="Likewise, low priority.")

    @property
    def risks(self) -> dict[Priority, float]:
        """The most risk of a false alarm by priority, where it is this list's own."""
        wanted = zip(Priority, (self.false_alarms_high, self.false_alarms_medium, self.false_alarms_low), strict=True)
        return {priority: risk_for(count) for priority, count in wanted if count is not None}


class HotlistSettings(_Section):
    """Hot lists as they are loaded."""

    formats: Path = Field(Path("hotlists"), description="Folder with one TOML file a format.")
    thresholds: Thresholds = Field(
        default_factory=Thresholds, description="When a list as a whole is refused, and the former one stays."
    )
    signing_key_file: Path | None = Field(
        None,
        description="Signs lists for cars; none: `keys/hotlist.key` under `data`, made by `alpr run`.",
    )
    signing_key: SecretStr = Field(SecretStr(""), description="The key itself, 32 bytes in base64; wins over the file.")
    refresh_within: timedelta = Field(
        timedelta(hours=24), gt=timedelta(0), description="A list that is older than this is overdue."
    )
    lists: tuple[ListSettings, ...] = Field((), max_length=1000, description="Lists about which something is special.")
    sources: tuple[Source, ...] = Field((), max_length=200, description="Where lists come from by themselves.")

    @property
    def kept_from_cars(self) -> frozenset[str]:
        """The lists that cars never get."""
        return frozenset(one.name for one in self.lists if not one.for_cars)

    @property
    def risks(self) -> dict[str, dict[Priority, float]]:
        """The most risk of a false alarm by list and priority, where it is a list's own."""
        return {one.name: one.risks for one in self.lists if one.risks}

    def refresh_of(self, list_name: str) -> timedelta:
        """Return how old a list may be before it is overdue."""
        own = next((one.refresh_within for one in self.lists if one.name == list_name), None)
        return own or self.refresh_within


class AlertingSettings(_Section):
    """Who is told of hits besides the console."""

    suppression: Suppression = Field(default_factory=Suppression, description="Which hits are one event.")
    mutes: Mutes = Field(default_factory=Mutes, description="What nobody is told of, but for the highest priority.")
    webhooks: tuple[Webhook, ...] = Field((), max_length=50, description="Who is told over HTTP, signed.")
    mqtt: tuple[MqttChannel, ...] = Field((), max_length=50, description="Who is told over MQTT.")
    email: tuple[EmailChannel, ...] = Field((), max_length=50, description="Who is told by mail.")


class ApiSettings(_Section):
    """The API and the console."""

    host: str = Field("127.0.0.1", description="Address to listen on. Any other wants TLS: below, or a proxy's.")
    port: int = Field(8080, ge=0, le=65535, description="0: any free port.")
    tls_certificate: Path | None = Field(
        None, description="PEM file of the certificate and its chain: HTTPS without a proxy; read again when renewed."
    )
    tls_key: Path | None = Field(None, description="PEM file of its private key, without a passphrase.")
    trusted_proxies: tuple[Network, ...] = Field(
        _THIS_MACHINE,
        max_length=50,
        description="Whose X-Forwarded-For is believed: networks of proxies. []: nobody's.",
    )
    secure_cookies: bool = Field(
        False, description="true behind a proxy that speaks TLS and does not say so in X-Forwarded-Proto."
    )
    upload_bytes_max: int = Field(100_000_000, ge=1_000, description="Largest hot-list file.")
    use_notice: str = Field(
        "This system holds restricted law-enforcement information. Its use is monitored, recorded and audited. "
        "Unauthorised use is prohibited and may be punished under criminal and civil law. By signing in you consent to "
        "monitoring and recording.",
        min_length=1,
        max_length=2000,
        description="What one accepts by signing in (CJIS Security Policy, AC-8).",
    )
    provider: IdentityProvider = Field(
        default_factory=IdentityProvider, description="The agency's identity provider, by OpenID Connect."
    )
    passkeys: PasskeySite = Field(default_factory=PasskeySite, description="Signing in with passkeys (WebAuthn).")
    scrape_token: SecretStr = Field(
        SecretStr(""), description="Lets a Prometheus without an account read /metrics; empty: no such way."
    )

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("TLS takes both, tls_certificate and tls_key: name the other one too, or neither")
        return self


class AuditSettings(_Section):
    """The proof of the audit trail."""

    checkpoints: Path | None = Field(
        None, description="Folder of the signed checkpoints and their key; none: `audit` under `data`."
    )


class RetentionSettings(_Section):
    """Where copies lie that the policy's periods hold for too."""

    backups: tuple[Path, ...] = Field(
        (), max_length=50, description="Folders of backups: dumps of the database, copies of pictures."
    )


class TelemetrySettings(_Section):
    """What a process says of itself."""

    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="DEBUG, INFO, WARNING or ERROR.")
    log_json: bool = Field(False, description="true: one JSON object a line, for machines.")
    host: str = Field("127.0.0.1", description="Where /metrics, /healthz and /readyz of each process listen.")
    port: int = Field(0, ge=0, le=65535, description="0: only `alpr serve` and `alpr run` answer, on their own port.")


class Settings(BaseSettings):
    """All of them."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=ENVIRONMENT_PREFIX, env_nested_delimiter="__", env_ignore_empty=True
    )

    data: Path = Field(Path("var"), description="Folder for everything that this machine keeps.")
    policy: Path | None = Field(None, description="The agency's usage and privacy policy; none: the profile `default`.")
    database: DatabaseSettings = DatabaseSettings()
    bus: BusSettings = BusSettings()
    pictures: PictureSettings = PictureSettings()
    edge: EdgeSettings = EdgeSettings()
    recognition: RecognitionSettings = RecognitionSettings()
    matching: MatchingSettings = MatchingSettings()
    hotlists: HotlistSettings = HotlistSettings()
    alerting: AlertingSettings = AlertingSettings()
    api: ApiSettings = ApiSettings()
    staff: StaffSettings = StaffSettings()
    audit: AuditSettings = AuditSettings()
    retention: RetentionSettings = RetentionSettings()
    telemetry: TelemetrySettings = TelemetrySettings()

    @property
    def pictures_url(self) -> str:
        """The picture store, wherever it was said to be."""
        return self.pictures.url or (self.data / "pictures").absolute().as_uri()


def load_settings(file: Path | None, environment: Mapping[str, str]) -> Settings:
    """Return the settings of a file and the environment; raise ConfigError that names every fault and its place."""
    if file is not None and not file.is_file():
        raise ConfigError(f"settings file {file} does not exist")
    _refuse_unknown(environment)
    try:
        return _reading(file)()
    except ValidationError as error:
        faults = "\n".join(f"  {_place(fault['loc'])}: {fault['msg']}" for fault in error.errors())
        raise ConfigError(f"{file or 'environment'}: wrong settings:\n{faults}") from None
    except ValueError as error:  # not TOML
        raise ConfigError(f"settings file {file}: {error}") from None


def _reading(file: Path | None) -> type[Settings]:
    """Return Settings that read this file. pydantic-settings takes its sources from the class."""

    class SettingsOfFile(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # the signature is pydantic-settings'
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            if file is None:
                return (env_settings,)
            return (env_settings, TomlConfigSettingsSource(settings_cls, toml_file=file, deep_merge=True))

    return SettingsOfFile


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    """Raise ConfigError for a variable that looks like a setting and is none; pydantic-settings would pass over it."""
    known = {f"{ENVIRONMENT_PREFIX}{name.upper()}" for name in Settings.model_fields}
    for variable in environment:
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable == CONFIG_FILE_VARIABLE:
            continue
        if variable.split("__")[0] not in known:
            raise ConfigError(f"environment variable {variable} is no setting: see deploy/alpr.toml")


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, location)) or "settings"
