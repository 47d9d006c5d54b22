"""The reference of the command line, rendered from the commands themselves.

python -m tests.tidy.commands > docs/commands.md
"""

from collections.abc import Iterator
from typing import Any

import typer.main

from alpr_pipeline.cli.main import application

HEAD = """# Commands

Every command of `alpr`, as `alpr COMMAND --help` tells it. This page is rendered from the program:
`python -m tests.tidy.commands > docs/commands.md`.
"""


def walk(command: Any, path: str = "alpr") -> Iterator[tuple[str, Any]]:
    """Yield every command that does something, with its full name."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path, command
        return
    for name in sorted(inner):
        yield from walk(inner[name], f"{path} {name}")


def section(path: str, command: Any) -> str:
    """Render one command."""
    words = [f"<{one.name}>" for one in command.params if one.param_type_name == "argument"]
    options = [
        f"- `{', '.join([*one.opts, *one.secondary_opts])}`: {in_one_line(one.help)}"
        for one in command.params
        if one.param_type_name == "option" and not one.hidden
    ]
    head = [
        f"## `{path}`",
        "",
        in_one_line(command.help),
        "",
        f"`{' '.join([path, *(['[options]'] if options else []), *words])}`",
    ]
    return "\n".join([*head, "", *options]).rstrip() + "\n"


def in_one_line(text: str | None) -> str:
    """Return a text without its line breaks."""
    return " ".join((text or "").split())


def commands() -> dict[str, str]:
    """Return the section of every command, by its name."""
    return {path: section(path, command) for path, command in walk(typer.main.get_command(application(())))}


def page() -> str:
    """Return the whole page."""
    return "\n".join([HEAD, *commands().values()])


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201  # its purpose
