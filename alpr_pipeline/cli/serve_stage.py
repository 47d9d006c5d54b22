"""The API and the console as a stage."""

import socket
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

import structlog
import uvicorn

from alpr_pipeline.api.app import create_app
from alpr_pipeline.api.certificate import Certificate
from alpr_pipeline.api.feed import HitFeed
from alpr_pipeline.api.services import Services
from alpr_pipeline.bus.bus import Message, Publisher
from alpr_pipeline.capture.definition import load_cameras
from alpr_pipeline.cli.distribution_stage import distribution_stage
from alpr_pipeline.cli.parts import Parts, now
from alpr_pipeline.cli.process import Stage
from alpr_pipeline.cli.pull_stage import pull_stage
from alpr_pipeline.cli.stages import outbox_stage, wait_for_schema
from alpr_pipeline.config.settings import ApiSettings
from alpr_pipeline.errors import ConfigError
from alpr_pipeline.matching.index import Cautions

OPEN_PAGES_S_MAX = 2  # how long the streams of open pages may delay the end

log = structlog.get_logger()


def serve_stages(parts: Parts, told: Callable[[str], None] | None = None) -> list[Stage]:
    """HTTP, and changes of hot lists to the bus. `told` is called with the address once it answers.

    Raises ConfigError when the address cannot be had.
    """
    settings = parts.settings.api
    certificate = certificate_of(settings)
    listener = parts.closing(_listener(settings))
    app = create_app(
        Services(
            parts.database,
            parts.pictures,
            parts.health,
            HitFeed(parts.database),
            now,
            parts.vault,
            parts.audit_folder,
            secure_cookies=settings.secure_cookies,
            upload_bytes_max=settings.upload_bytes_max,
            use_notice=settings.use_notice,
            camera_names=_camera_names(parts.settings.edge.cameras),
            formats=parts.settings.hotlists.formats,
            thresholds=parts.settings.hotlists.thresholds,
            cautions=Cautions(**parts.settings.matching.model_dump(), by_list=parts.settings.hotlists.risks),
            refresh_of=parts.settings.hotlists.refresh_of,
            kept_from_cars=parts.settings.hotlists.kept_from_cars,
            publish=_publishing(parts),
            provider=settings.provider,
            passkeys=settings.passkeys,
            scrape_token=settings.scrape_token.get_secret_value(),
        )
    )
    http = Stage("api", partial(_serve, parts, http_server(app, settings, certificate), listener, told, certificate))
    return [http, outbox_stage(parts), distribution_stage(parts), pull_stage(parts)]


def certificate_of(settings: ApiSettings) -> Certificate | None:
    """Return the certificate of HTTPS, None for HTTP; raise ConfigError when it does not do."""
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    return Certificate(settings.tls_certificate, settings.tls_key)


def http_server(
    app: Callable[..., Any], settings: ApiSettings, certificate: Certificate | None = None
) -> uvicorn.Server:
    """Return what serves the application. Who asks is who a trusted proxy says; anybody else's word is passed over."""
    context = certificate and certificate.context
    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,  # a path may hold a search term
            server_header=False,
            forwarded_allow_ips=[str(network) for network in settings.trusted_proxies],
            timeout_graceful_shutdown=OPEN_PAGES_S_MAX,
            ssl_context_factory=(lambda _config, _default: context) if context else None,
        )
    )


def _serve(
    parts: Parts,
    server: uvicorn.Server,
    listener: socket.socket,
    told: Callable[[str], None] | None,
    certificate: Certificate | None,
    stop: Event,
) -> None:
    wait_for_schema(parts, "api", stop)
    thread = Thread(target=server.run, kwargs={"sockets": [listener]}, name="http", daemon=True)
    thread.start()
    while thread.is_alive() and not server.started:
        stop.wait(0.02)
    address = _address(listener, "https" if certificate else "http")
    log.info("serving", address=address)
    if told:
        told(address)
    while thread.is_alive() and not stop.wait(0.2):
        if certificate:
            certificate.renew()
    server.should_exit = True
    thread.join()
    if not stop.is_set():
        raise ConfigError(f"the HTTP server at {address} ended by itself")


def _publishing(parts: Parts) -> Callable[[str, Sequence[Message]], None]:
    """Return what puts messages on the bus, one thread at a time; the publisher is made when first used."""
    lock = Lock()
    made: list[Publisher] = []

    def publish(topic: str, messages: Sequence[Message]) -> None:
        with lock:
            if not made:
                made.append(parts.closing(parts.bus.publisher()))
            made[0].publish(topic, messages)

    return publish


def _camera_names(folder: Path) -> dict[str, str]:
    """Return what a dispatcher calls the cameras' places; of cameras defined elsewhere the page shows the identity."""
    if not any(folder.glob("*.toml")):
        return {}
    return {camera.camera_id: camera.name for camera in load_cameras(folder)}


def _listener(settings: ApiSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        raise ConfigError(
            f"api: cannot listen on {settings.host}:{settings.port}: {error.strerror}: choose another api.port"
        ) from None


def _address(listener: socket.socket, scheme: str) -> str:
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
