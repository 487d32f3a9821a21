"""The ladder and the habits of the house, read from its source."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SUBJECTS = ("kernel", "accounts", "catalog", "ocop", "traceability", "stock", "storefront", "consignment", "oversight")
PARTS = (*SUBJECTS, "admin", "app")
LINTER = Path(sys.executable).with_name("lint-imports")

VIOLATIONS = {
    "upwards": ("catalog/publishing.py", "import stock.models"),
    "sideways": ("storefront/browsing.py", "import consignment.models"),
    "flask in a verb": ("accounts/membership.py", "import flask"),
    "models that read": ("accounts/models.py", "import accounts.queries"),
    "admin into a web": ("admin/dashboard.py", "import storefront.web.browse"),
    "a cycle": ("kernel/db.py", "import kernel.models"),
}


def _sources(parts: tuple[str, ...] = PARTS) -> Iterator[tuple[Path, ast.Module]]:
    for part in parts:
        for path in sorted((ROOT / part).rglob("*.py")):
            yield path.relative_to(ROOT), ast.parse(path.read_text())


def _calls(tree: ast.Module, *names: str) -> list[int]:
    return [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) in names]


def _lint(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(LINTER), "--no-cache"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(root)},
    )


def test_imports_go_down_the_ladder_only() -> None:
    result = _lint(ROOT)

    assert result.returncode == 0, result.stdout[-3000:]


@pytest.mark.parametrize("kind", VIOLATIONS)
def test_a_planted_violation_is_reported(kind: str, tmp_path: Path) -> None:
    for part in PARTS:
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__", "data", "demo"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    name, line = VIOLATIONS[kind]
    source = tmp_path / name
    source.write_text(
        source.read_text().replace(
            "from __future__ import annotations\n", f"from __future__ import annotations\n{line}\n"
        )
    )
    assert line in source.read_text()

    assert _lint(tmp_path).returncode != 0


def test_only_the_handle_commits() -> None:
    committing = {str(path) for path, tree in _sources() if _calls(tree, "db.session.commit", "session.commit")}

    assert committing == {"kernel/db.py"}


def test_only_edges_open_transactions_and_read_the_clock() -> None:
    edges = ("app/", "admin/")

    def is_edge(path: Path) -> bool:
        return str(path).startswith(edges) or "web" in path.parts

    reading = [str(p) for p, t in _sources() if _calls(t, "clock.now", "datetime.now", "date.today") and not is_edge(p)]
    opening = [str(p) for p, t in _sources() if _calls(t, "transaction") and not is_edge(p)]

    assert reading == ["kernel/clock.py"]
    assert set(opening) <= {"kernel/jobs.py", "kernel/media.py"}  # the worker, and the handler of its picture job


def test_every_module_and_every_public_function_says_what_it_is_for() -> None:
    silent = [str(path) for path, tree in _sources() if not ast.get_docstring(tree)]
    for path, tree in _sources():
        for node in tree.body:
            public = isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
            if public and not ast.get_docstring(node):
                silent.append(f"{path}:{node.lineno} {node.name}")

    assert silent == []


def test_every_refusal_has_words_of_its_own() -> None:
    bases = {"InvalidInput", "NotAllowed", "NotFound", "Conflict"}
    wordless = []
    for path, tree in _sources():
        if path == Path("kernel/errors.py"):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and {ast.unparse(base) for base in node.bases} & bases:
                targets = {ast.unparse(s.targets[0]) for s in node.body if isinstance(s, ast.Assign)}
                if "message" not in targets:
                    wordless.append(f"{path}:{node.lineno} {node.name}")

    assert wordless == []


def test_no_template_carries_style_attributes_or_inline_scripts() -> None:
    guilty = []
    for path in sorted((ROOT / "templates").rglob("*.html")):
        text = path.read_text()
        if ' style="' in text and "layouts/email" not in str(path):
            guilty.append(f"{path.name}: style attribute")
        for part in text.split("<script")[1:]:
            tag = part.split(">", 1)[0]
            if "src=" not in tag and "application/ld+json" not in tag:
                guilty.append(f"{path.name}: inline script")

    assert guilty == []


def test_no_sentence_hides_in_an_f_string() -> None:
    """The collector of sentences does not look into f-strings: what stands there would stay English unnoticed."""
    marks = {"_", "N_", "gettext", "ngettext", "lazy_gettext", "pgettext"}
    hidden = []
    for path, tree in _sources():
        for text in (node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)):
            calls = (node for node in ast.walk(text) if isinstance(node, ast.Call))
            hidden += [f"{path}:{call.lineno}" for call in calls if ast.unparse(call.func) in marks]

    assert hidden == []
