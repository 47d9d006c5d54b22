"""Fetch the free fonts of fonts.toml, as TrueType files: `python -m training.plates.fetch_fonts var/fonts`.

Fonts come from the package registries of Debian (`apt-get download`) and npm (`npm pack`), through those ordinary
clients; nothing is installed. A package that cannot be had is named and left out: the renderer draws on whatever is
there.
"""

import argparse
import subprocess
import tarfile
import tempfile
import tomllib
from pathlib import Path

from fontTools.ttLib import TTFont

LIST = Path(__file__).with_name("fonts.toml")


def fetch_debian(packages: list[str], skip: list[str], into: Path) -> int:
    """Unpack the fonts of Debian packages into a folder; return how many files that were."""
    kept = 0
    with tempfile.TemporaryDirectory() as scratch:
        for package in packages:
            if subprocess.run(
                ["apt-get", "download", "-q", package], cwd=scratch, capture_output=True, check=False
            ).returncode:
                print(f"no Debian package {package}")
        for archive in Path(scratch).glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", str(archive), scratch], check=True)
        for file in Path(scratch).rglob("*.[to]tf"):
            if any(word in file.name.lower() for word in skip) or file.is_symlink():
                continue
            (into / f"{file.parent.name}-{file.name}").write_bytes(file.read_bytes())
            kept += 1
    return kept


def fetch_fontsource(packages: list[str], weights: list[int], into: Path) -> int:
    """Unpack Fontsource packages into a folder as TrueType; return how many files that were."""
    kept = 0
    with tempfile.TemporaryDirectory() as scratch:
        for package in packages:
            name = f"@fontsource/{package}"
            done = subprocess.run(
                ["npm", "pack", "--silent", name], cwd=scratch, capture_output=True, text=True, check=False
            )
            if done.returncode:
                print(f"no npm package {name}")
                continue
            kept += unpack_fontsource(Path(scratch) / done.stdout.strip().splitlines()[-1], package, weights, into)
    return kept


def unpack_fontsource(archive: Path, package: str, weights: list[int], into: Path) -> int:
    """Turn the upright Latin faces of the first two listed weights into TrueType files."""
    with tarfile.open(archive) as tar:
        members = {Path(m.name).name: m for m in tar.getmembers()}
        wanted = [f"{package}-latin-{w}-normal.woff2" for w in weights]
        found = [name for name in wanted if name in members][:2]
        for name in found:
            stream = tar.extractfile(members[name])
            if stream is None:
                continue
            font = TTFont(stream)
            font.flavor = None
            font.save(into / f"fontsource-{name.removesuffix('.woff2')}.ttf")
    return len(found)


def main() -> None:
    """Fetch everything that is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    wanted = tomllib.loads(LIST.read_text())
    letters, script = folder / "letters", folder / "script"
    for made in (letters, script):
        made.mkdir(parents=True, exist_ok=True)
    kept = fetch_debian(wanted["debian"]["packages"], wanted["debian"]["skip"], letters)
    kept += fetch_fontsource(sorted(set(wanted["fontsource"]["packages"])), wanted["fontsource"]["weights"], letters)
    kept += fetch_fontsource(wanted["fontsource"]["script"], [400, 700], script)
    print(f"{kept} fonts in {folder}")


if __name__ == "__main__":
    main()
