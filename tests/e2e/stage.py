"""A running API that a test can stop and start again, and hits for it to show."""

import socket
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn

from alpr_pipeline.access.passkeys import PasskeySite
from alpr_pipeline.api.app import create_app
from alpr_pipeline.api.feed import HitFeed
from alpr_pipeline.api.services import Services
from alpr_pipeline.domain.hit import Hit
from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.domain.verification import Act, Refutation, Refuted, Seen
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.hits import HitPicture, attach_pictures, store_hits, take_step
from alpr_pipeline.storage.pictures import PictureStore
from alpr_pipeline.storage.vault import Vault
from alpr_pipeline.telemetry.health import Health
from tests.e2e.demo_pictures import demo_pass
from tests.made import a_hit, a_read, an_entry

NOTICE = "This system holds restricted law-enforcement information. Its use is monitored, recorded and audited."


@dataclass
class Stage:
    """The API on one port, and the stores behind it."""

    database: Database
    pictures: PictureStore
    audit_folder: Path
    port: int = 0
    _running: tuple[uvicorn.Server, threading.Thread] | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def named_url(self) -> str:
        """The same by name: browsers make passkeys for names alone."""
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        """Start the API; on the port it had, if it ran before."""
        listener = socket.create_server(("127.0.0.1", self.port), reuse_port=False)
        self.port = listener.getsockname()[1]
        services = Services(
            self.database,
            self.pictures,
            Health(),
            HitFeed(self.database),
            lambda: datetime.now(UTC),
            Vault(bytes(32)),
            self.audit_folder,
            use_notice=NOTICE,
            camera_names={"bridge-north": "Bridge Street, northbound"},
            passkeys=PasskeySite(origin=self.named_url),
        )
        server = uvicorn.Server(uvicorn.Config(create_app(services), log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        self._running = server, thread

    def stop(self) -> None:
        """Stop it at once, as a crash would: open streams break."""
        if self._running:
            server, thread = self._running
            server.should_exit = server.force_exit = True
            thread.join(10)
            self._running = None

    def see(
        self,
        plate: str = "4DEM027",
        *,
        listed: str | None = None,
        read: dict[str, Any] | None = None,
        probability: float = 0.973,
        picture: bool = True,
        ago_s: float = 0,
        **entry: Any,
    ) -> Hit:
        """Let a vehicle of the demo clip pass: store its hit and then its pictures, as the writer does."""
        seen = demo_pass(plate)
        read_fields = {
            "captured_at": datetime.now(UTC) - timedelta(seconds=ago_s),
            "region": seen.region,
            "box": seen.box,
            "position": {"latitude": 38.5816, "longitude": -121.4944},
            "looks": 7,
        } | (read or {})
        hit = a_hit(
            a_read(plate, **read_fields), self._entry(listed or plate, seen.region, entry), probability=probability
        )
        with self.database.connection() as connection:
            store_hits(connection, [hit])
        if picture:
            self.show(hit)
        return hit

    def close(self, hit: Hit) -> None:
        """Let a colleague close a hit as misread."""
        self.step(hit, Seen(), Refuted(reason=Refutation.MISREAD))

    def step(self, hit: Hit, *acts: Act) -> None:
        """Let a colleague take steps with a hit."""
        with self.database.connection() as connection:
            for act in acts:
                take_step(connection, hit.hit_id, act, by="other-dispatcher", at=datetime.now(UTC))

    def show(self, hit: Hit) -> None:
        """Let the pictures of a hit arrive."""
        seen = demo_pass(hit.read.plate)
        kinds = {PictureKind.PLATE: seen.crop, PictureKind.OVERVIEW: seen.overview}
        self.pictures.put_objects([(f"hits/{hit.hit_id}-{kind}.jpg", jpeg) for kind, jpeg in kinds.items()])
        with self.database.connection() as connection:
            attach_pictures(connection, [HitPicture(hit.hit_id, k, f"hits/{hit.hit_id}-{k}.jpg") for k in kinds])

    def _entry(self, plate: str, region: str, fields: dict[str, Any]) -> Any:
        now = datetime.now(UTC)
        return an_entry(
            plate,
            **{
                "issuer": region,
                "authority": "Demo Police Department",
                "reference": "DEMO-26-0001",
                "vehicle": "silver sedan",
                "valid_from": now - timedelta(days=3),
                "valid_until": now + timedelta(days=30),
            }
            | fields,
        )
