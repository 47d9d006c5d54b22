"""What the API works with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from fastapi import Request

from alpr_pipeline.access.identity_provider import IdentityProvider
from alpr_pipeline.access.passkeys import PasskeySite
from alpr_pipeline.api.feed import HitFeed
from alpr_pipeline.api.loads import Loads
from alpr_pipeline.bus.bus import Message
from alpr_pipeline.matching.index import Cautions
from alpr_pipeline.matching.thresholds import Thresholds
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.pictures import PictureStore
from alpr_pipeline.storage.vault import Vault
from alpr_pipeline.telemetry.health import Health


@dataclass(frozen=True, slots=True)
class Services:
    """The neighbours of the API and its few settings."""

    database: Database
    pictures: PictureStore
    health: Health
    feed: HitFeed
    now: Callable[[], datetime]
    vault: Vault
    audit_folder: Path  # of the key that signs reports
    secure_cookies: bool = False  # browsers come over TLS, whether a proxy says so or not
    upload_bytes_max: int = 100_000_000
    use_notice: str = ""  # what one accepts by signing in
    camera_names: Mapping[str, str] = field(default_factory=dict)  # what a dispatcher calls each camera's place
    formats: Path = Path("hotlists")  # of hot-list files
    thresholds: Thresholds = field(default_factory=Thresholds)  # when a list as a whole is not believed
    cautions: Cautions = field(default_factory=Cautions)  # how sure a match must be to be told of
    refresh_of: Callable[[str], timedelta] = lambda _name: timedelta(hours=24)  # how old a list may be
    kept_from_cars: frozenset[str] = frozenset()  # lists
    loads: Loads = field(default_factory=Loads)  # that are under way
    publish: Callable[[str, Sequence[Message]], None] | None = None  # puts messages on the bus, from any thread
    provider: IdentityProvider = field(default_factory=IdentityProvider)  # of the agency; without an issuer, none
    passkeys: PasskeySite = field(default_factory=PasskeySite)  # without an origin, none
    scrape_token: str = ""  # lets a Prometheus without an account read /metrics; empty: no such way


def services_of(request: Request) -> Services:
    """Return what the application of a request works with."""
    services: Services = request.app.state.services
    return services


def is_secure(request: Request) -> bool:
    """Return whether a browser is asking over TLS: ours, or that of a proxy that says so or is known to be there."""
    return request.url.scheme == "https" or services_of(request).secure_cookies
