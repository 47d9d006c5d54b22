"""Hot lists to cars, as a stage."""

from pathlib import Path
from threading import Event

from alpr_pipeline.bus.parcels import Signer
from alpr_pipeline.bus.topics import CARS
from alpr_pipeline.cli.parts import Parts, now
from alpr_pipeline.cli.process import Stage
from alpr_pipeline.cli.stages import repeat, until_done, wait_for_schema
from alpr_pipeline.config.settings import BusKind, Settings
from alpr_pipeline.errors import ConfigError
from alpr_pipeline.storage.distribution import forget_telling, tell_cars
from alpr_pipeline.storage.secret_keys import load_key

WORKER = "hotlist-cars"
PERIOD_S = 0.5
PUBLIC_KEY = Path("keys/hotlist.pub")  # under `data`: a car on the centre's own machine finds it there


def load_signer(settings: Settings) -> Signer:
    """Return the key that signs lists; its public half is left where a car on this machine looks for it."""
    file = settings.hotlists.signing_key_file or settings.data / "keys/hotlist.key"
    # Processes of a city would each make a key of their own, and cars believe none.
    make = settings.hotlists.signing_key_file is None and settings.bus.kind is BusKind.MEMORY
    key = load_key(settings.hotlists.signing_key.get_secret_value(), file, "hotlists.signing_key", make=make)
    signer, public = Signer(key), settings.data / PUBLIC_KEY
    try:
        public.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        public.write_text(signer.public + "\n", encoding="ascii")
    except OSError as error:
        raise ConfigError(f"{public}: {error.strerror}") from None
    return signer


def distribution_stage(parts: Parts) -> Stage:
    """Tells cars what changed, and twice a minute that nothing did. Raises ConfigError without a signing key."""
    bus, database, signer = parts.bus, parts.database, load_signer(parts.settings)
    kept, keep = parts.settings.hotlists.kept_from_cars, parts.policy.retention.car_copy

    def begin() -> None:
        if not bus.oldest_ms(CARS):  # the bus starts empty
            with database.connection() as connection:
                forget_telling(connection)

    def run(stop: Event) -> None:
        wait_for_schema(parts, WORKER, stop)
        until_done(begin, WORKER, stop)
        publisher = bus.publisher()
        repeat(lambda: tell_cars(database, publisher, signer, now(), kept, keep), WORKER, PERIOD_S, stop)
        publisher.close()

    return Stage(WORKER, run)
