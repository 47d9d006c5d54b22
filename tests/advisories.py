"""What is known against the pinned packages, by pip-audit: python -m tests.advisories requirements/run.lock known.json.

pip-audit ends with status 0 and "No known vulnerabilities found" also when no database of advisories could be asked: it
passes over each package that it gets no answer for. So the answer is read package by package, and a release that is
known to be vulnerable is asked for beside them: a mirror may answer without advisories. Status 1: something is known.
Status 3: not checked, which is no pass.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CANARY = "jinja2==2.11.2"  # CVE-2020-28493, CVE-2024-22195 and others
FOUND, NOT_CHECKED = 1, 3

Ask = Callable[[Sequence[str]], list[dict[str, Any]]]


class NoAnswer(Exception):
    """No database of advisories could be asked."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of it: the status of the command, and what to tell."""

    status: int
    text: str


def pip_audit(arguments: Sequence[str]) -> list[dict[str, Any]]:
    """Return what pip-audit says of each package; raise NoAnswer when it says nothing."""
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "--disable-pip",
        "--progress-spinner",
        "off",
        "-f",
        "json",
        *arguments,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        told: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise NoAnswer(f"pip-audit ended with status {done.returncode}: {last}") from None
    return told


def judge(lock: Path, ask: Ask = pip_audit) -> tuple[Verdict, list[dict[str, Any]]]:
    """Return the verdict on what a lock pins, and what was answered."""
    try:
        told = ask(["--require-hashes", "-r", str(lock)])
        skipped = [one for one in told if "skip_reason" in one]
        if skipped or not told:
            why = skipped[0]["skip_reason"] if skipped else "there are none"
            return _not_checked(f"no answer for {len(skipped)} of {len(told)} packages ({why})"), told
        if not _canary_is_found(ask):
            return _not_checked(f"the database answers, and knows nothing against {CANARY}: it has no advisories"), told
    except NoAnswer as reason:
        return _not_checked(str(reason)), []
    known = [f"{one['name']} {one['version']}: {each['id']}" for one in told for each in one["vulns"]]
    if known:
        return Verdict(FOUND, "KNOWN VULNERABILITIES: " + "; ".join(known)), told
    return Verdict(0, f"nothing is known against {len(told)} packages"), told


def _not_checked(why: str) -> Verdict:
    return Verdict(
        NOT_CHECKED,
        f"NOT CHECKED for known vulnerabilities: {why}. It is no pass: run `make supply` where pypi.org is reached",
    )


def _canary_is_found(ask: Ask) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "canary.txt"
        file.write_text(CANARY + "\n", encoding="utf-8")
        return any(one.get("vulns") for one in ask(["--no-deps", "-r", str(file)]))


if __name__ == "__main__":
    verdict, answered = judge(Path(sys.argv[1]))
    report = {"checked": verdict.status != NOT_CHECKED, "verdict": verdict.text, "dependencies": answered}
    Path(sys.argv[2]).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(verdict.text, file=sys.stderr)  # noqa: T201  # a command prints
    sys.exit(verdict.status)
