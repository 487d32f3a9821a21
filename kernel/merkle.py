"""Merkle trees of RFC 6962 and RFC 9162: roots, inclusion and consistency proofs, and their verification. Pure.

A *complete subtree* (level, index) stands over the leaves from ``index * 2**level`` on, ``2**level`` of them. Proofs
are made of complete subtrees alone, so whoever can look one up makes any proof in O(log n) steps.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256().digest()

#: Gives the hash of a complete subtree: (level, index).
Subtree = Callable[[int, int], bytes]


def leaf_hash(content: bytes) -> bytes:
    """Hash a record as a leaf: SHA-256(0x00 ‖ content), so that no record can pass for an inner node."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees together: SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def complete_root(hashes: Sequence[bytes]) -> bytes:
    """Fold the hashes of neighbours, a power of two of them, into the one above them."""
    level = list(hashes)
    while len(level) > 1:
        level = [node_hash(left, right) for left, right in zip(level[::2], level[1::2], strict=True)]
    return level[0]


class Frontier:
    """A tree that only grows: it keeps the complete subtrees at its right edge, O(log n) hashes."""

    def __init__(self, hashes: Iterable[bytes] = ()) -> None:
        """Begin with the leaf hashes given, if any."""
        self.size = 0
        self._edge: list[bytes] = []  #: complete subtrees, the largest first: one for each bit of ``size``
        for one in hashes:
            self.add(one)

    def add(self, leaf: bytes) -> None:
        """Add a leaf hash at the end."""
        self._edge.append(leaf)
        grown = self.size = self.size + 1
        while grown % 2 == 0:
            right = self._edge.pop()
            self._edge[-1] = node_hash(self._edge[-1], right)
            grown //= 2

    def root(self) -> bytes:
        """Give the root of the tree as it stands."""
        if not self._edge:
            return EMPTY_ROOT
        found = self._edge[-1]
        for left in reversed(self._edge[:-1]):
            found = node_hash(left, found)
        return found


# --- Proofs ---------------------------------------------------------------------------------------------


def root(size: int, subtree: Subtree) -> bytes:
    """Give the root of the first ``size`` leaves."""
    return EMPTY_ROOT if size == 0 else _range_root(0, size, subtree)


def inclusion_proof(position: int, size: int, subtree: Subtree) -> list[bytes]:
    """List what shows that the leaf at ``position`` is in the tree of ``size`` leaves (RFC 9162, 2.1.3.1).

    :raises ValueError: if there is no such leaf
    """
    if not 0 <= position < size:
        raise ValueError(f"no leaf {position} in a tree of {size}")
    proof: list[bytes] = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if position < middle:
            proof.append(_range_root(middle, end, subtree))
            end = middle
        else:
            proof.append(_range_root(begin, middle, subtree))
            begin = middle
    return proof[::-1]


def consistency_proof(first: int, second: int, subtree: Subtree) -> list[bytes]:
    """List what shows that the tree of ``second`` leaves begins with that of ``first`` (RFC 9162, 2.1.4.1).

    :raises ValueError: unless ``0 < first <= second``
    """
    if not 0 < first <= second:
        raise ValueError(f"no proof from {first} to {second}")
    proof: list[bytes] = []
    begin, end, is_whole = 0, second, True
    while first != end:
        middle = begin + _split(end - begin)
        if first <= middle:
            proof.append(_range_root(middle, end, subtree))
            end = middle
        else:
            proof.append(_range_root(begin, middle, subtree))
            begin, is_whole = middle, False
    if not is_whole:
        proof.append(_range_root(begin, end, subtree))
    return proof[::-1]


def _range_root(begin: int, end: int, subtree: Subtree) -> bytes:
    """Hash the leaves from ``begin`` to before ``end``, a range that RFC 6962's cuts lead to."""
    count = end - begin
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return subtree(level, begin >> level)
    middle = begin + _split(count)
    return node_hash(_range_root(begin, middle, subtree), _range_root(middle, end, subtree))


def _split(count: int) -> int:
    """Give the largest power of two below ``count``."""
    return 1 << (count - 1).bit_length() - 1


# --- Verification ---------------------------------------------------------------------------------------


def verify_inclusion(leaf: bytes, position: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether the proof shows a leaf hash at a position of the tree with this root (RFC 9162, 2.1.3.2)."""
    if not 0 <= position < size or not _are_hashes(leaf, root, *proof):
        return False
    at, last, found = position, size - 1, leaf
    for one in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(one, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, one)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether the proof shows that the second tree begins with the first (RFC 9162, 2.1.4.2).

    From an empty tree there is nothing to show, so such a proof is refused.
    """
    if not 0 < first <= second or not _are_hashes(first_root, second_root, *proof):
        return False
    if first == second:
        return not proof and first_root == second_root
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    if not path:
        return False
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for one in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(one, old), node_hash(one, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, one)
        at, last = at >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


def _are_hashes(*values: bytes) -> bool:
    return all(len(value) == HASH_BYTES for value in values)
