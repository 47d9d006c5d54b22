"""Places a hold on a read, and waits to be killed when the pictures are copied and nothing is committed."""

import sys
import time
from datetime import datetime, timedelta
from uuid import UUID

from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.held_reads import hold_read
from alpr_pipeline.storage.pictures import PictureStore


class Stopping(PictureStore):
    """A store that goes no further when every kind of picture was tried."""

    def copy_to_hit(self, *where: object) -> str | None:
        copied = super().copy_to_hit(*where)  # type: ignore[arg-type]
        if where[3] is list(PictureKind)[-1]:
            sys.stdout.write("copied\n")
            sys.stdout.flush()
            time.sleep(600)
        return copied


def main(url: str, url_of_pictures: str, read_id: str, captured_at: str, at: str) -> None:
    placed_at = datetime.fromisoformat(at)
    with Database(url).connection() as connection:
        hold_read(
            connection,
            Stopping(url_of_pictures),
            UUID(read_id),
            datetime.fromisoformat(captured_at),
            case="26-0001",
            reason="evidence at trial",
            by="somebody",
            at=placed_at,
            review_at=placed_at + timedelta(days=90),
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
