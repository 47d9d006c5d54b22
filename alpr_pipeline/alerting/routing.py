"""Who is told of a hit: channels with what they want to hear of. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, AnyHttpUrl, BaseModel, ConfigDict, Field

from alpr_pipeline.domain.camera import CameraId
from alpr_pipeline.domain.hit import Hit
from alpr_pipeline.domain.hotlist import ListName, Priority, Reason
from alpr_pipeline.domain.web_address import tls_or_own_machine
from alpr_pipeline.errors import AlprError
from alpr_pipeline.policy.roles import Role

Address = Annotated[str, Field(pattern=r"^[^@\s,;<>]{1,64}@[^@\s,;<>]{1,190}$")]


class Channel(BaseModel):
    """Somebody who is told, and of what. A part that is empty leaves nothing out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$", description="As the dead-letter view calls it.")
    priorities: tuple[Priority, ...] = Field((), description="Of entries; empty: all.")
    reasons: tuple[Reason, ...] = ()
    lists: tuple[ListName, ...] = ()
    cameras: tuple[CameraId, ...] = ()
    agency: str = Field("", max_length=80, description="Whose channel it is: entries for other agencies are not told.")
    roles: tuple[Role, ...] = Field(
        (), description="Of all who read it: an entry for some roles is told to these alone."
    )
    after_s: Annotated[int, Field(ge=0, le=86_400)] = Field(
        0, description="Escalation: told only when nobody has looked at the hit so many seconds after the pass."
    )


def _in_private(url: AnyHttpUrl) -> AnyHttpUrl:
    tls_or_own_machine(str(url))
    return url


class Webhook(Channel):
    """Told over HTTP."""

    url: Annotated[AnyHttpUrl, AfterValidator(_in_private)] = Field(
        description="Where to: https, or this very machine; the message holds a plate."
    )
    secret_file: Path = Field(description="File with the secret that signs the messages, 24 characters or more.")


class MqttChannel(Channel):
    """Told over MQTT 5, at least once (QoS 1), never retained."""

    host: str = Field(min_length=1, max_length=253)
    port: int = Field(8883, ge=1, le=65_535)
    topic: str = Field("alpr/hits", min_length=1, max_length=200, pattern=r"^[^#+\x00]+$")
    tls: bool = Field(True, description="False only on a network that nobody else is on: the message holds a plate.")
    ca_file: Path | None = Field(None, description="Whom to trust, where not the machine's own authorities.")
    username: str = Field("", max_length=200)
    password_file: Path | None = None
    expires_s: int = Field(3600, ge=1, le=86_400, description="The broker drops what nobody fetched by then.")


class EmailChannel(Channel):
    """Told by mail, which lies in many places: without the plate, unless it is wanted."""

    host: str = Field(min_length=1, max_length=253)
    port: int = Field(587, ge=1, le=65_535)
    starttls: bool = Field(True, description="False only for a server on this very machine.")
    username: str = Field("", max_length=200)
    password_file: Path | None = None
    sender: Address
    to: Annotated[tuple[Address, ...], Field(min_length=1, max_length=20)]
    with_plate: bool = Field(False, description="Whether the mail holds the plate; else one looks at the console.")
    console: str = Field("", pattern=r"^(https?://\S+)?$", max_length=200, description="Address of the console.")


class Mutes(BaseModel):
    """Lists and cameras that nobody is told of. The highest priority is never muted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lists: tuple[ListName, ...] = ()
    cameras: tuple[CameraId, ...] = ()


@dataclass(frozen=True, slots=True)
class Letter:
    """One telling of a hit, the same over all attempts but for its time."""

    delivery_id: str
    at: datetime
    hit: Hit
    escalated: bool


class NotDelivered(AlprError):
    """A message was not taken; the same may be tried again."""


Send = Callable[[Letter], None]  # raises NotDelivered, which says why
AnyChannel = TypeVar("AnyChannel", bound=Channel)


def muted(hit: Hit, *all_mutes: Mutes) -> bool:
    """Return whether nobody is to be told of a hit."""
    if hit.entry.priority is Priority.HIGH:
        return False
    return any(hit.entry.list_name in mutes.lists or hit.read.camera_id in mutes.cameras for mutes in all_mutes)


def told_of(hit: Hit, channels: Iterable[AnyChannel]) -> list[AnyChannel]:
    """Return who wants to hear of a hit, and may."""
    return [channel for channel in channels if _wants(channel, hit) and _may(channel, hit)]


def _wants(channel: Channel, hit: Hit) -> bool:
    entry = hit.entry
    return (
        (not channel.priorities or entry.priority in channel.priorities)
        and (not channel.reasons or entry.reason in channel.reasons)
        and (not channel.lists or entry.list_name in channel.lists)
        and (not channel.cameras or hit.read.camera_id in channel.cameras)
    )


def _may(channel: Channel, hit: Hit) -> bool:
    """Return whether an entry is for everybody who reads a channel; what names nobody may be anybody."""
    audience = hit.entry.audience
    if audience is None:
        return True
    for_roles = not audience.roles or (channel.roles and set(channel.roles) <= set(audience.roles))
    return bool(for_roles) and (not audience.agencies or channel.agency in audience.agencies)
