"""Who is told of a hit: channels with what they want to hear of. Pure."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field

from alpr_pipeline.domain.camera import CameraId
from alpr_pipeline.domain.hit import Hit
from alpr_pipeline.domain.hotlist import ListName, Priority, Reason


class Webhook(BaseModel):
    """Somebody who is told over HTTP. A part that is empty leaves nothing out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$", description="As the dead-letter view calls it.")
    url: AnyHttpUrl = Field(description="Where to. Use https: the message holds a plate.")
    secret_file: Path = Field(description="File with the secret that signs the messages, 24 characters or more.")
    priorities: tuple[Priority, ...] = Field((), description="Of entries; empty: all.")
    reasons: tuple[Reason, ...] = ()
    lists: tuple[ListName, ...] = ()
    cameras: tuple[CameraId, ...] = ()
    after_s: Annotated[int, Field(ge=0, le=86_400)] = Field(
        0, description="Escalation: told only when nobody has acknowledged the hit so many seconds after the pass."
    )


class Mutes(BaseModel):
    """Lists and cameras that nobody is told of. The highest priority is never muted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lists: tuple[ListName, ...] = ()
    cameras: tuple[CameraId, ...] = ()


def muted(hit: Hit, mutes: Mutes) -> bool:
    """Return whether nobody is to be told of a hit."""
    if hit.entry.priority is Priority.HIGH:
        return False
    return hit.entry.list_name in mutes.lists or hit.read.camera_id in mutes.cameras


def told_of(hit: Hit, webhooks: Iterable[Webhook]) -> list[Webhook]:
    """Return who wants to hear of a hit."""
    return [webhook for webhook in webhooks if _wants(webhook, hit)]


def _wants(webhook: Webhook, hit: Hit) -> bool:
    entry = hit.entry
    return (
        (not webhook.priorities or entry.priority in webhook.priorities)
        and (not webhook.reasons or entry.reason in webhook.reasons)
        and (not webhook.lists or entry.list_name in webhook.lists)
        and (not webhook.cameras or hit.read.camera_id in webhook.cameras)
    )
