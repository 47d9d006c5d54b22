"""The usage and privacy policy: a file that the machine obeys."""

import tomllib

from pydantic import BaseModel, ConfigDict, ValidationError

from alpr_pipeline.errors import ConfigError
from alpr_pipeline.policy.retention import Retention


class Policy(BaseModel):
    """The policy of one agency."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    retention: Retention


def parse_policy(text: str, name: str) -> Policy:
    """Return the policy that a TOML text holds; raise ConfigError that names the file and every fault in it."""
    try:
        return Policy.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: not TOML: {error}") from None
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise ConfigError(f"{name}: {faults}") from None
