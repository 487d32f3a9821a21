"""Fetch what others made, check it, and put into `static/` the little of it that we serve.

For maintainers: `python tools/vendor.py` with Node's `npm` at hand. It reads `vendor.toml`, downloads each package in
the exact version named there, refuses it if its SHA-512 differs, and writes

- the two weights of the typeface as one small WOFF2 file each for the pages, and as full TTF files for PDF and
  pictures (Pillow), with the licence;
- the icon sprite, one `<symbol>` with one `<path>` an icon, with the licence;
- `.br` and `.gz` beside every text file, so that the server compresses nothing.
"""

import base64
import gzip
import hashlib
import re
import subprocess
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import brotli
from fontTools.merge import Merger
from fontTools.subset import Options, Subsetter, parse_unicodes
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parent.parent


class WrongPackage(Exception):
    """A package arrived whose digest is not the one we decided on."""


def main() -> None:
    """Rebuild every vendored file."""
    plan = tomllib.loads((ROOT / "vendor.toml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        build_fonts(plan["fonts"], fetch(plan["fonts"], Path(folder)))
        build_sprite(plan["icons"], fetch(plan["icons"], Path(folder)))


def fetch(package: dict[str, Any], folder: Path) -> Path:
    """Download and unpack one package into `folder`; the path of its files is answered.

    :raises WrongPackage: if its bytes are not those we chose
    """
    wanted = f"{package['name']}@{package['version']}"
    answer = subprocess.run(["npm", "pack", "--silent", wanted], cwd=folder, check=True, capture_output=True, text=True)
    archive = folder / answer.stdout.strip().splitlines()[-1]
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if package["integrity"] != f"sha512-{digest}":
        raise WrongPackage(f"{wanted} has the digest sha512-{digest}")
    unpacked = folder / archive.stem
    with tarfile.open(archive) as tar:
        tar.extractall(unpacked, filter="data")
    return unpacked / "package"


def build_fonts(plan: dict[str, Any], package: Path) -> None:
    """Write `be-vietnam-pro-<weight>.woff2` for the pages and `BeVietnamPro-<Name>.ttf` for print."""
    into = _clean_folder(plan["into"])
    _copy_licence(package, into)
    letters = parse_unicodes(",".join(plan["letters"].split()))
    for weight, name in plan["weights"].items():
        parts = {
            script: package / "files" / f"be-vietnam-pro-{script}-{weight}-normal.woff2"
            for script in ("latin", "latin-ext", "vietnamese")
        }
        page = _merge([_trim(parts[script], letters) for script in ("latin", "vietnamese")])
        page.flavor = "woff2"
        page.save(into / f"be-vietnam-pro-{weight}.woff2")
        _merge([_as_ttf(part) for part in parts.values()]).save(into / f"BeVietnamPro-{name}.ttf")


def _as_ttf(path: Path) -> Path:
    font = TTFont(path)
    font.flavor = None
    target = path.with_suffix(".ttf")
    font.save(target)
    return target


def _trim(path: Path, letters: list[int]) -> Path:
    font = TTFont(_as_ttf(path))
    options = Options()
    options.hinting = False
    options.layout_features = ["kern", "mark", "ccmp"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=letters)
    subsetter.subset(font)
    target = path.with_suffix(".sub.ttf")
    font.save(target)
    return target


def _merge(paths: list[Path]) -> TTFont:
    return Merger().merge([str(path) for path in paths])


def build_sprite(plan: dict[str, Any], package: Path) -> None:
    """Write `icons.svg`: symbols of 24×24, stroked; the ids of filled ones end in `-filled`."""
    into = _clean_folder(plan["into"])
    _copy_licence(package, into)
    symbols = [_symbol(package, "outline", name) for name in sorted(plan["outline"])]
    symbols += [_symbol(package, "filled", name) for name in sorted(plan["filled"])]
    sprite = '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"
    _write_text(into / "icons.svg", sprite)


def _symbol(package: Path, style: str, name: str) -> str:
    drawing = (package / "icons" / style / f"{name}.svg").read_text(encoding="utf-8")
    # The first path of each drawing is an empty box that other programs need and a page does not.
    paths = [d for d in re.findall(r'<path[^>]*? d="([^"]+)"', drawing) if d != "M0 0h24v24H0z"]
    ident = f"{name}-filled" if style == "filled" else name
    return f'<symbol id="{ident}" viewBox="0 0 24 24"><path d="{"".join(paths)}"/></symbol>'


def _clean_folder(name: str) -> Path:
    folder = ROOT / name
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    return folder


def _copy_licence(package: Path, into: Path) -> None:
    (into / "LICENSE").write_bytes((package / "LICENSE").read_bytes())


def _write_text(path: Path, text: str) -> None:
    data = text.encode()
    path.write_bytes(data)
    path.with_name(path.name + ".br").write_bytes(brotli.compress(data, quality=11))
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(data, compresslevel=9, mtime=0))


if __name__ == "__main__":
    main()
