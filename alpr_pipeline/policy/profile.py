"""What the law of a place demands of a policy, as data with its source."""

import tomllib
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from alpr_pipeline.errors import ConfigError
from alpr_pipeline.policy.policy import AgencyKind, Key, State


class Profile(BaseModel):
    """One jurisdiction's rules. A rule that is not set is not made by its law."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Key
    title: Annotated[str, StringConstraints(min_length=1)]
    jurisdiction: State
    source: str = Field(description="The sections that the rules come from.")
    url: str
    verified: Literal["text", "second-hand"] = Field(
        description="text: the section itself was read; second-hand: an agency's or publisher's account of it was."
    )
    note: str = ""
    read_max: timedelta | None = Field(None, description="Longest period for a read that hit nothing.")
    audit_min: timedelta | None = Field(None, description="Shortest period for records of access.")
    audit_every_max: timedelta | None = Field(None, description="Longest time between audits of use.")
    hotlist_refresh_max: timedelta | None = Field(None, description="Oldest that a list may be.")
    report_every: timedelta | None = Field(None, description="How often public statistics are due.")
    partner_kinds: tuple[AgencyKind, ...] | None = Field(None, description="Who may receive data.")
    partners_in_state: bool = False
    elements: bool = Field(False, description="The seven elements of Civil Code 1798.90.51 are law here.")


def parse_profile(text: str, name: str) -> Profile:
    """Return the profile that a TOML text holds; raise ConfigError that names it and every fault."""
    try:
        return Profile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"profile {name}: not TOML: {error}") from None
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise ConfigError(f"profile {name}: {faults}") from None
