"""The profiles and the policy that come with the program."""

import re
from datetime import timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable

from alpr_pipeline.errors import ConfigError
from alpr_pipeline.policy.policy import Policy, parse_policy
from alpr_pipeline.policy.profile import Profile, parse_profile

DEFAULT = "default"  # a whole policy; the others are what a law demands
_SHORT = timedelta(days=1)


def profile_names() -> list[str]:
    """Return the names of the shipped profiles."""
    names = (file.name.removesuffix(".toml") for file in _folder().iterdir() if file.name.endswith(".toml"))
    return sorted(name for name in names if name != DEFAULT)


def shipped_profile(name: str) -> Profile:
    """Return a shipped profile; raise ConfigError that says which there are."""
    if name not in profile_names():
        raise ConfigError(f"no profile is called {name}: there are {', '.join(profile_names())}")
    return parse_profile((_folder() / f"{name}.toml").read_text(encoding="utf-8"), name)


def default_policy_text() -> str:
    """Return the shipped policy as it is written."""
    return (_folder() / f"{DEFAULT}.toml").read_text(encoding="utf-8")


def default_policy() -> Policy:
    """Return the shipped policy."""
    return parse_policy(default_policy_text(), f"profile {DEFAULT}")


def new_policy_text(profile: Profile) -> str:
    """Return the shipped policy fitted to a profile: its law, its state, and no period longer than it allows."""
    text = _set(default_policy_text(), "profile", f'"{profile.name}"')
    text = _set(text, "state", f'"{profile.jurisdiction}"')
    if profile.read_max is None:
        return text
    spool = min(profile.read_max / 3, _SHORT)
    topic = min(profile.read_max - spool, _SHORT)  # a read may wait in the one and then lie in the other
    for name, allowed in (("read", profile.read_max), ("topic", topic), ("spool", spool)):
        text = _set(text, name, f'"{_iso(allowed)}"')
    return text


def _set(text: str, name: str, value: str) -> str:
    return re.sub(rf"^{name} = \"[^\"]*\"", f"{name} = {value}", text, count=1, flags=re.MULTILINE)


def _iso(period: timedelta) -> str:
    return f"P{period.days}D" if period >= _SHORT else f"PT{int(period.total_seconds()) // 60}M"


def _folder() -> Traversable:
    return files("alpr_pipeline.policy") / "profiles"
