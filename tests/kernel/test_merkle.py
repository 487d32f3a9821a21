"""The tree of RFC 6962 and its proofs, against published cases and against the plain definition."""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import merkle

SUITES = Path(os.environ.get("SHARED_DIR") or Path(__file__).parents[3] / "shared") / "data" / "gs1" / "merkle"


def _suite(name: str) -> Any:
    path = SUITES / name
    if not path.is_file():
        pytest.skip(f"../shared/data/gs1/merkle/{name} is not here")
    return json.loads(path.read_text(encoding="utf-8"))


def _raw(text: str) -> bytes:
    return base64.b64decode(text)


def _defined_root(leaves: list[bytes]) -> bytes:
    """The definition of RFC 6962, section 2.1, word by word: over the records themselves."""
    if not leaves:
        return merkle.EMPTY_ROOT
    if len(leaves) == 1:
        return merkle.leaf_hash(leaves[0])
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return merkle.node_hash(_defined_root(leaves[:half]), _defined_root(leaves[half:]))


def _subtrees(leaves: list[bytes]) -> Callable[[int, int], bytes]:
    hashes = [merkle.leaf_hash(leaf) for leaf in leaves]

    def look_up(level: int, index: int) -> bytes:
        part = hashes[index << level : (index + 1) << level]
        assert len(part) == 1 << level, "only complete subtrees are asked for"
        return merkle.complete_root(part)

    return look_up


def test_the_roots_of_the_reference_leaves_are_those_of_rfc_6962(capsys: pytest.CaptureFixture[str]) -> None:
    suite = _suite("rfc6962-roots.json")
    leaves = [bytes.fromhex(leaf) for leaf in suite["leaves_hex"]]
    assert merkle.EMPTY_ROOT.hex() == suite["empty_root"]

    frontier, right = merkle.Frontier(), 0
    for size, expected in enumerate(suite["roots_by_size"], start=1):
        frontier.add(merkle.leaf_hash(leaves[size - 1]))
        assert frontier.root().hex() == expected
        assert merkle.root(size, _subtrees(leaves)).hex() == expected
        right += 1

    with capsys.disabled():
        sys.stdout.write(f"\nrfc6962-roots: {right}/8\n")
    assert right == 8


def test_published_inclusion_proofs_are_judged_as_they_should_be(capsys: pytest.CaptureFixture[str]) -> None:
    cases = _suite("inclusion.json")["cases"]

    wrong = [
        case["case"]
        for case in cases
        if merkle.verify_inclusion(
            _raw(case["leafHash"]),
            case["leafIdx"],
            case["treeSize"],
            [_raw(one) for one in case["proof"] or []],
            _raw(case["root"]),
        )
        is case["wantErr"]
    ]

    with capsys.disabled():
        sys.stdout.write(f"\nmerkle/inclusion: {len(cases) - len(wrong)}/{len(cases)}\n")
    assert wrong == []
    assert len(cases) == 49


def test_published_consistency_proofs_are_judged_as_they_should_be(capsys: pytest.CaptureFixture[str]) -> None:
    cases = _suite("consistency.json")["cases"]

    wrong = [
        case["case"]
        for case in cases
        if merkle.verify_consistency(
            case["size1"],
            case["size2"],
            _raw(case["root1"]),
            _raw(case["root2"]),
            [_raw(one) for one in case["proof"] or []],
        )
        is case["wantErr"]
    ]

    with capsys.disabled():
        sys.stdout.write(f"\nmerkle/consistency: {len(cases) - len(wrong)}/{len(cases)}\n")
    assert wrong == []
    assert len(cases) == 49


records = st.lists(st.binary(max_size=12), min_size=1, max_size=70)


@given(records)
def test_a_growing_tree_has_the_root_of_the_definition(leaves: list[bytes]) -> None:
    frontier = merkle.Frontier(merkle.leaf_hash(leaf) for leaf in leaves)

    assert frontier.size == len(leaves)
    assert frontier.root() == _defined_root(leaves) == merkle.root(len(leaves), _subtrees(leaves))


@given(records, st.data())
def test_every_leaf_can_be_proved_and_only_where_it_stands(leaves: list[bytes], data: st.DataObject) -> None:
    size, root = len(leaves), _defined_root(leaves)
    position = data.draw(st.integers(0, size - 1))
    leaf = merkle.leaf_hash(leaves[position])

    proof = merkle.inclusion_proof(position, size, _subtrees(leaves))

    assert merkle.verify_inclusion(leaf, position, size, proof, root)
    assert len(proof) <= max(1, size - 1).bit_length()
    assert not merkle.verify_inclusion(merkle.leaf_hash(leaves[position] + b"!"), position, size, proof, root)
    assert not merkle.verify_inclusion(leaf, position, size, [*proof, leaf], root)
    other = data.draw(st.integers(0, size - 1))
    if leaves[other] != leaves[position]:
        assert not merkle.verify_inclusion(leaf, other, size, proof, root)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        spoilt = bytearray(proof[at])
        spoilt[data.draw(st.integers(0, 31))] ^= 1 << data.draw(st.integers(0, 7))
        assert not merkle.verify_inclusion(leaf, position, size, [*proof[:at], bytes(spoilt), *proof[at + 1 :]], root)
        assert not merkle.verify_inclusion(leaf, position, size, proof[:-1], root)


@given(records, st.data())
def test_growth_can_be_proved_and_a_changed_past_cannot(leaves: list[bytes], data: st.DataObject) -> None:
    second = len(leaves)
    first = data.draw(st.integers(1, second))
    old, new = _defined_root(leaves[:first]), _defined_root(leaves)

    proof = merkle.consistency_proof(first, second, _subtrees(leaves))

    assert merkle.verify_consistency(first, second, old, new, proof)
    changed = list(leaves)
    at = data.draw(st.integers(0, first - 1))
    changed[at] += b"!"
    forged = merkle.consistency_proof(first, second, _subtrees(changed))
    assert not merkle.verify_consistency(first, second, old, _defined_root(changed), forged)
    assert not merkle.verify_consistency(0, second, merkle.EMPTY_ROOT, new, proof)


def test_there_is_no_proof_for_what_is_not_there() -> None:
    with pytest.raises(ValueError, match="no leaf"):
        merkle.inclusion_proof(3, 3, _subtrees([b"a", b"b", b"c"]))
    with pytest.raises(ValueError, match="no proof"):
        merkle.consistency_proof(0, 3, _subtrees([b"a", b"b", b"c"]))
