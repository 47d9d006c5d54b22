"""What stands in deploy/: each file is checked by the tool that will read it, and fits the program's settings."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from alpr_pipeline.cli.main import COMMANDS
from alpr_pipeline.config.settings import load_settings

DEPLOY = Path("deploy")
BIN = Path(sys.executable).parent
SECRETS = {"ALPR_DATABASE_PASSWORD": "demo", "ALPR_MASTER_KEY": "demo", "ALPR_S3_SECRET": "demo"} | {
    "ALPR_SIGNING_KEY": "demo",
    "ALPR_TRUSTED_KEYS": '["demo"]',
    "ALPR_COPY_KEY": "demo",
}


def compose() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def manifests() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()))


def pods() -> dict[str, dict[str, Any]]:
    """The pods of the manifests, by the name of what makes them."""
    return {
        one["metadata"]["name"]: one["spec"]["template"]["spec"]
        for one in manifests()
        if "template" in one.get("spec", {})
    }


def test_the_image_is_made_as_it_should_be() -> None:
    """Hadolint finds nothing in the Dockerfile, and the program runs as a user without rights."""
    subprocess.run([BIN / "hadolint", DEPLOY / "Dockerfile"], check=True)
    assert "\nUSER 10001:10001\n" in (DEPLOY / "Dockerfile").read_text()


def test_the_manifests_fit_kubernetes_own_schema() -> None:
    """A misspelt key would be passed over by some clusters and refused by others."""
    subprocess.run([BIN / "kubernetes-validate", "--strict", "--quiet", DEPLOY / "kubernetes.yaml"], check=True)


def test_pods_are_confined_and_ask_the_stage_how_it_is() -> None:
    """No root, no writable root file system, no capability; a stage that serves has probes."""
    for name, pod in pods().items():
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert container["securityContext"]["readOnlyRootFilesystem"] is True, name
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}, name
        assert name == "alpr-migrate" or {"startupProbe", "livenessProbe", "readinessProbe"} <= set(container), name


def test_every_command_is_one_of_ours() -> None:
    """Every stage behind the bus is deployed, in both ways."""
    stages = {"migrate", "serve", "match", "write", "purge"}
    assert {pod["containers"][0]["args"][0] for pod in pods().values()} == stages
    ours = {service["command"][0] for service in compose()["services"].values() if service["image"] == "alpr-pipeline"}
    assert ours == {*stages, "edge"} <= set(COMMANDS)


def test_the_cluster_settings_load(tmp_path: Path) -> None:
    """The settings file in the manifests holds no unknown key."""
    file = tmp_path / "alpr.toml"
    file.write_text(manifests()[0]["data"]["alpr.toml"])
    assert load_settings(file, {}).bus.kafka.replicas == 3


@pytest.mark.parametrize(
    "service", [name for name, one in compose()["services"].items() if one["image"] == "alpr-pipeline"]
)
def test_the_environment_of_a_service_loads(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every variable is a setting that the program knows, with a value that it takes."""
    for name, value in compose()["services"][service]["environment"].items():
        filled = value
        for secret, text in SECRETS.items():
            filled = text if filled.startswith(f"${{{secret}") else filled
        monkeypatch.setenv(name, filled)
    assert load_settings(None, os.environ).bus.kind == "kafka"


def test_services_wait_for_services_that_exist() -> None:
    """And volumes are declared."""
    whole = compose()
    for name, service in whole["services"].items():
        assert set(service.get("depends_on", {})) <= set(whole["services"]), name
        volumes = {mount.split(":")[0] for mount in service.get("volumes", []) if not mount.startswith(".")}
        assert volumes <= set(whole["volumes"]), name


def test_who_signs_reports_and_who_signs_checkpoints_share_the_key() -> None:
    """In both ways of deploying, `serve` and `purge` have the same lasting folder where the settings say it is."""
    folder = "/var/lib/alpr/audit"  # `audit` under `data`, as the image has it
    mounts = [compose()["services"][name]["volumes"] for name in ("serve", "purge")]
    assert mounts == [[f"audit:{folder}"]] * 2
    for name in ("alpr-serve", "alpr-purge"):
        (container,) = pods()[name]["containers"]
        (mount,) = [one for one in container["volumeMounts"] if one["mountPath"] == folder]
        (volume,) = [one for one in pods()[name]["volumes"] if one["name"] == mount["name"]]
        assert (volume["persistentVolumeClaim"]["claimName"], mount["subPath"]) == ("alpr-audit", "audit")
    (claim,) = [one for one in manifests() if one["kind"] == "PersistentVolumeClaim"]
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]  # two pods of `serve` and one of `purge`, on several nodes


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd on this machine to check its unit")
def test_the_unit_of_the_edge_agent_is_sound_and_confined(tmp_path: Path) -> None:
    """Systemd understands every line, and calls the exposure low."""
    unit = tmp_path / "alpr-edge.service"
    unit.write_text((DEPLOY / "alpr-edge.service").read_text().replace("/opt/alpr/bin/alpr", str(BIN / "alpr")))
    found = subprocess.run(["systemd-analyze", "verify", unit], check=True, capture_output=True, text=True)
    assert "alpr-edge" not in found.stderr
    subprocess.run(["systemd-analyze", "security", "--offline=yes", "--threshold=25", unit], check=True)
