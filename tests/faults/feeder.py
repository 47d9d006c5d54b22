"""Stands in for the camera half of an edge agent: known reads through the real spool and the real uplink.

    python -m tests.faults.feeder SPOOL BOOTSTRAP COUNT JOURNAL

The journal says up to which read the spool has taken over; killed and started again, it goes on behind it. A read's
identity is made of its number, so one that was spooled twice is the same read.
"""

import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from uuid import UUID, uuid5

from alpr_pipeline.bus.kafka import KafkaBus
from alpr_pipeline.bus.kafka_settings import KafkaSettings
from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.domain.read import PlateRead
from alpr_pipeline.edge.spool import Spool
from alpr_pipeline.edge.uplink import Uplink
from tests.made import a_picture, a_read

LISTED = "DEMO123"
LISTED_EVERY = 10
_NUMBERS = UUID(int=42)


def numbered_read(number: int, start: datetime) -> PlateRead:
    """Return the read of a number, the same each time."""
    plate = LISTED if number % LISTED_EVERY == 0 else f"T{number:06}"
    return a_read(plate, read_id=uuid5(_NUMBERS, str(number)), captured_at=start + timedelta(milliseconds=number))


def main() -> None:
    """Append until COUNT is reached, then let the uplink drain, until killed or drained."""
    spool_path, bootstrap, count, journal_path = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])
    start = datetime.fromisoformat(sys.argv[5])
    spool = Spool(spool_path, timedelta(days=1))
    stop, bus = Event(), KafkaBus(KafkaSettings(bootstrap=bootstrap, ack_timeout_s=5))
    uplink = Uplink(spool, bus.publisher)
    sender = Thread(target=uplink.run, args=(stop,), daemon=True)
    sender.start()
    with journal_path.open("a+") as journal:
        journal.seek(0)
        for number in range(len(journal.read().split()), count):
            read = numbered_read(number, start)
            spool.append(read, [a_picture(read.read_id, PictureKind.PLATE, captured_at=read.captured_at)])
            journal.write(f"{number}\n")
            journal.flush()
            uplink.wake()
            time.sleep(0.005)
    while sender.is_alive():
        time.sleep(0.1)


if __name__ == "__main__":
    main()
