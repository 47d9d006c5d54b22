"""The keys of a car: the one that seals its copy of the hot lists, and those that it believes the centre by."""

from pathlib import Path

from alpr_pipeline.bus.parcels import Trust
from alpr_pipeline.cli.distribution_stage import PUBLIC_KEY
from alpr_pipeline.config.settings import Settings
from alpr_pipeline.edge.hotlist_copy import HotlistCopy
from alpr_pipeline.errors import ConfigError
from alpr_pipeline.storage.secret_keys import load_key

COPY = Path("edge/hotlist.db")  # under `data`


def open_copy(settings: Settings) -> HotlistCopy:
    """Return the car's copy of the lists. A key that was named must be there; one that goes by default may be made."""
    return HotlistCopy(settings.data / COPY, car_key(settings))


def car_key(settings: Settings) -> bytes:
    """Return the key that seals what lies in the car: the copy of the lists, and what waits for the bus."""
    path, named = settings.data / COPY, settings.edge.copy_key_file
    file = named or settings.data / "keys/copy.key"
    make = named is None and not (path.exists() and path.stat().st_size)  # a new key would open no copy that is there
    return load_key(settings.edge.copy_key.get_secret_value(), file, "edge.copy_key", make=make)


def trusted(settings: Settings) -> Trust:
    """Return the keys that lists are signed with."""
    if settings.edge.trusted_keys:
        return Trust(settings.edge.trusted_keys)
    file = settings.data / PUBLIC_KEY
    try:
        return Trust([file.read_text(encoding="ascii")])
    except FileNotFoundError:
        raise ConfigError(
            f"edge.trusted_keys: not given, and {file} is not there: `alpr keys show` at the centre prints the key"
        ) from None
