"""Change the arithmetic of money and goods line by line and see whether a test notices: ``make mutants``.

mutmut changes one thing at a time in a copy of the project under ``var/mutants`` (a sign, a bound, an argument) and
runs the tests named here for the module, on SQLite. What no test notices is listed at the end; ``docs/mutants.md``
says what became of each. mutmut is installed from the package index into an environment of its own.

    python tools/mutants.py                        # all modules, some hours
    python tools/mutants.py kernel.money books.shares
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

VERSION = "3.8.1"
ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "var" / "mutants"
PYTEST = ["-k", "not postgresql", "-m", "not race", "-o", "tmp_path_retention_count=100000"]
#: Module → the tests that hold it, quick ones.
TESTS = {
    "kernel.money": "tests/kernel/test_money.py tests/books/test_shares.py",
    "books.shares": "tests/books/test_shares.py",
    "books.selling": "tests/books/test_selling.py",
    "books.journal": "tests/books/test_journal.py",
    "books.commission": "tests/books/test_commission.py",
    "books.withholding": "tests/storefront/test_withholding.py",
    "storefront.totals": "tests/storefront/test_totals.py",
    "kernel.amounts": "tests/storefront/test_by_weight.py",
    "storefront.shipping": "tests/storefront/test_shipping.py",
    "storefront.bookkeeping": "tests/storefront/test_bookkeeping.py",
    "stock.fefo": "tests/stock/test_fefo.py",
    "stock.ledger": "tests/stock/test_ledger.py tests/stock/test_holding.py tests/stock/test_production.py",
    "stock.allocation": "tests/stock/test_allocation.py",
}


def main() -> None:
    """Run the modules that were named, or all."""
    modules = sys.argv[1:] or list(TESTS)
    unknown = sorted(set(modules) - set(TESTS))
    if unknown:
        sys.exit(f"no tests are named for {', '.join(unknown)}; there are: {', '.join(TESTS)}")
    mutmut = _environment()
    survivors = {module: _run(module, mutmut) for module in modules}
    for module, lines in survivors.items():
        print(f"{module}: {len(lines)} survive")
        print("".join(f"  {line}\n" for line in lines), end="")


def _run(module: str, mutmut: Path) -> list[str]:
    work = FOLDER / module
    shutil.rmtree(work, ignore_errors=True)
    _copy(work)
    subject = module.split(".")[0]
    others = sorted(path.name for path in work.iterdir() if path.name not in (subject, "pyproject.toml"))
    (work / "setup.cfg").write_text(
        "[mutmut]\n"
        f"source_paths = {subject}\n"
        f"only_mutate = {module.replace('.', '/')}.py\n"
        f"also_copy =\n{_listed(others)}"
        f"pytest_add_cli_args =\n{_listed(PYTEST)}"
        f"pytest_add_cli_args_test_selection =\n{_listed(TESTS[module].split())}"
        "track_dependencies = false\n"
        "use_git_change_detection = false\n"
    )
    env = {**os.environ, "OCOP_TEST_POSTGRES": "postgresql://nowhere", "TMPDIR": str(work / "tmp")}
    (work / "tmp").mkdir()
    began = time.monotonic()
    with (work / "run.log").open("w") as log:
        command = [str(mutmut), "run", "--max-children", "1"]
        ended = subprocess.run(command, check=False, cwd=work, env=env, stdout=log, stderr=subprocess.STDOUT)
    if ended.returncode:
        sys.exit(f"{module}: mutmut stopped; see {work / 'run.log'}")
    said = subprocess.run(
        [str(mutmut), "results", "--all", "true"], cwd=work, env=env, check=True, capture_output=True, text=True
    )
    results = [line.strip() for line in said.stdout.splitlines() if ": " in line]
    left = [line for line in results if not line.endswith((": killed", ": timeout", ": caught by type check"))]
    print(f"{module}: {len(results)} mutants, {len(results) - len(left)} killed, {time.monotonic() - began:.0f} s")
    return left


def _copy(work: Path) -> None:
    """Copy what git knows, or would."""
    names = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\0")
    for name in names:
        source = ROOT / name
        if name and source.is_file():
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, work / name)


def _listed(values: list[str]) -> str:
    return "".join(f"    {value}\n" for value in values)


def _environment() -> Path:
    """Give mutmut, in an environment that sees the project's packages too."""
    folder = FOLDER / "env"
    note = folder / "installed"
    if not note.exists() or note.read_text() != VERSION:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        python = folder / "bin" / "python"
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", f"mutmut=={VERSION}"], check=True)
        packages = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
        (folder / packages / "project.pth").write_text(f"{ROOT / '.venv' / packages}\n")
        note.write_text(VERSION)
    return folder / "bin" / "mutmut"


if __name__ == "__main__":
    main()
