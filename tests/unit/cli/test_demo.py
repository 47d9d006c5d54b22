"""What the demo may touch."""

import socket
from pathlib import Path

from alpr_pipeline.cli.demo import demo_settings
from alpr_pipeline.config.settings import ApiSettings, Settings


def test_the_demo_has_everything_of_its_own() -> None:
    """Whatever database and store an agency's settings name, the demo writes its cars to neither."""
    settings = Settings.model_validate(
        {
            "database": {"url": "postgresql://city/alpr"},
            "pictures": {"url": "s3://city"},
            "edge": {"cameras": "/etc/cams"},
        }
    )
    demo = demo_settings(settings)
    assert demo.database.url.get_secret_value() == ""
    assert demo.pictures_url == Path("var/demo/pictures").absolute().as_uri()
    assert demo.edge.cameras.name == "demo"


def test_the_demo_finds_another_port_when_the_usual_one_is_taken() -> None:
    """A newcomer whose port 8080 is busy still sees a hit; a port that was asked for is kept."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        nobody_asked = Settings(api=ApiSettings.model_construct(set(), port=port))
        assert demo_settings(nobody_asked).api.port == 0
        asked = Settings.model_validate({"api": {"port": port}})
        assert demo_settings(asked).api.port == port
