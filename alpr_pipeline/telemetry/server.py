"""The small HTTP server on which a stage without an API of its own tells how it is."""

import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from alpr_pipeline.errors import ConfigError
from alpr_pipeline.telemetry.health import Health


class TelemetryServer:
    """Answers /metrics, /healthz and /readyz. None of them tells more than counts and names of neighbours."""

    def __init__(self, host: str, port: int, health: Health) -> None:
        try:
            self._server = ThreadingHTTPServer((host, port), _answering(health))
        except OSError as error:
            raise ConfigError(
                f"telemetry: cannot listen on {host}:{port}: {error.strerror}: choose another port"
            ) from None
        self._thread = Thread(target=self._server.serve_forever, name="telemetry", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port it got."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _answering(health: Health) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # http.server's name
            if self.path == "/metrics":
                self._answer(HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest())
            elif self.path == "/healthz":
                self._answer_json(HTTPStatus.OK, {"alive": True})
            elif self.path == "/readyz":
                away = health.away()
                status = HTTPStatus.SERVICE_UNAVAILABLE if away else HTTPStatus.OK
                self._answer_json(status, {"ready": not away, "away": dict(away)})
            else:
                self._answer_json(HTTPStatus.NOT_FOUND, {"error": "here are /metrics, /healthz and /readyz"})

        def log_message(self, *_arguments: object) -> None:
            """Say nothing: a probe every few seconds is no event."""

        def _answer_json(self, status: HTTPStatus, body: object) -> None:
            self._answer(status, "application/json", json.dumps(body).encode())

        def _answer(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
