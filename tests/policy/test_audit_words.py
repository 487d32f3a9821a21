"""Every act that is written into the audit trail has words, and every document in it a name."""

from __future__ import annotations

import ast
from dataclasses import fields
from pathlib import Path

from accounts.organisations import Profile
from admin.audit_subjects import KINDS
from admin.audit_words import FACTS, FIELDS, PRODUCT_FIELDS, WORDS
from catalog import editing

ROOT = Path(__file__).parents[2]
PARTS = (
    "accounts",
    "catalog",
    "ocop",
    "traceability",
    "stock",
    "books",
    "storefront",
    "consignment",
    "oversight",
    "admin",
)


def _records() -> list[ast.Call]:
    trees = [ast.parse(path.read_text()) for part in PARTS for path in (ROOT / part).rglob("*.py")]
    return [
        node
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record"
    ]


def test_there_are_acts_to_look_at() -> None:
    assert len(_records()) > 40


def test_every_act_has_words() -> None:
    named = {call.args[1].value for call in _records() if isinstance(call.args[1], ast.Constant)}

    assert sorted(named - WORDS.keys()) == []


def test_every_kind_of_document_has_a_name() -> None:
    kinds = {
        str(call.args[2].values[0].value).partition(":")[0]  # type: ignore[attr-defined]
        for call in _records()
        if isinstance(call.args[2], ast.JoinedStr)
    }

    assert sorted(kinds - KINDS.keys()) == []


def test_every_fact_has_a_name() -> None:
    facts = {word.arg for call in _records() for word in call.keywords if word.arg} - {"now"}

    assert sorted(facts - FACTS.keys()) == []


def test_every_field_that_can_change_has_a_name() -> None:
    assert {field.name for field in fields(Profile)} - {"commune"} | {"commune_code"} == FIELDS.keys()


def test_every_field_of_a_product_that_can_change_has_a_name() -> None:
    assert set(editing.EDITABLE) == PRODUCT_FIELDS.keys()
