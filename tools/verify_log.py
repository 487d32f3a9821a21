"""Check what the log of proof gave you, without trusting whoever gave it: ``python verify.py proof.json``.

Needs Python 3.9 or later and the package "cryptography" (pip install cryptography); nothing else, and no network
unless you ask for it. Formats: C2SP tlog-checkpoint, tlog-tiles; hashes: RFC 9162.

    python verify.py proof PROOF.json            a proof of one record, or of a batch
    python verify.py growth OLD NEW PROOF.json   that the log of NEW begins with that of OLD (two checkpoint files)
    python verify.py tree FOLDER_OR_URL          the whole published tree against its checkpoint, and against the
                                                 checkpoints of all days before

``--key LINE_OR_FILE`` is the public key you wrote down before (khoa.txt). Without it the key inside the proof is
used, which shows only that the file agrees with itself.
``--checkpoint FILE`` compares with a checkpoint that you got another way, for instance by mail: a proof must be for the
same one, a tree must hold it.
Says what it found, and ends with 0 only when everything holds.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
from pathlib import Path
from urllib.request import urlopen

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TILE, HASH = 256, 32
#: Of the published files: the days that have a checkpoint, one a line.
DAYS = "checkpoints.txt"
#: Ends how a declaration of error is called.
OF_ERROR = " error"


class DoesNotHold(Exception):
    """Something is not as it is said to be."""


# --- Hashes (RFC 9162, section 2.1) -----------------------------------------------------------------------


def leaf_hash(content: bytes) -> bytes:
    """Hash a record."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees together."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def verify_inclusion(leaf: bytes, position: int, size: int, proof: list[bytes], root: bytes) -> bool:
    """Tell whether a leaf hash is at a position of the tree with this root."""
    if not 0 <= position < size or any(len(one) != HASH for one in (leaf, root, *proof)):
        return False
    at, last, found = position, size - 1, leaf
    for one in proof:
        if last == 0:
            return False
        if at % 2 or at == last:
            found = node_hash(one, found)
            while not at % 2 and at:
                at, last = at // 2, last // 2
        else:
            found = node_hash(found, one)
        at, last = at // 2, last // 2
    return last == 0 and found == root


def verify_consistency(first: int, second: int, first_root: bytes, second_root: bytes, proof: list[bytes]) -> bool:
    """Tell whether the tree of ``second`` leaves begins with that of ``first``."""
    if not 0 < first <= second or any(len(one) != HASH for one in (first_root, second_root, *proof)):
        return False
    if first == second:
        return not proof and first_root == second_root
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    if not path:
        return False
    at, last = first - 1, second - 1
    while at % 2:
        at, last = at // 2, last // 2
    old = new = path[0]
    for one in path[1:]:
        if last == 0:
            return False
        if at % 2 or at == last:
            old, new = node_hash(one, old), node_hash(one, new)
            while not at % 2 and at:
                at, last = at // 2, last // 2
        else:
            new = node_hash(new, one)
        at, last = at // 2, last // 2
    return last == 0 and old == first_root and new == second_root


# --- Checkpoints (C2SP tlog-checkpoint, signed-note) --------------------------------------------------------


def read_checkpoint(text: str) -> tuple[str, int, bytes]:
    """Give origin, size and root."""
    lines = text.partition("\n\n")[0].split("\n")
    if len(lines) < 3 or not re.fullmatch(r"[0-9]{1,18}", lines[1]):
        raise DoesNotHold("this is no checkpoint")
    return lines[0], int(lines[1]), decoded(lines[2])


def check_signature(text: str, key: str) -> None:
    """Check that a checkpoint is signed by a key."""
    body, _, rest = text.partition("\n\n")
    name, key_id, encoded = key.strip().split("+", 2)
    public = decoded(encoded)
    if len(public) != 33 or public[:1] != b"\x01":
        raise DoesNotHold("the key is no Ed25519 key")
    expected = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
    if expected.hex() != key_id:
        raise DoesNotHold("the key is not what its line says")
    for line in rest.splitlines():
        found = re.fullmatch(r"— (\S+) (\S+)", line)
        if found and found[1] == name and decoded(found[2])[:4] == expected:
            try:
                Ed25519PublicKey.from_public_bytes(public[1:]).verify(decoded(found[2])[4:], (body + "\n").encode())
                return
            except InvalidSignature:
                break
    raise DoesNotHold(f"the checkpoint is not signed by {name}+{key_id}")


def decoded(text: str) -> bytes:
    """Read base64."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise DoesNotHold("something is not base64") from None


# --- What can be asked --------------------------------------------------------------------------------------


def check_proof(document: dict, key: str | None, other: str | None) -> None:
    """Check a proof of one record or of several under one checkpoint."""
    text = document["checkpoint"]
    check_signature(text, key or document["key"])
    _, size, root = read_checkpoint(text)
    for name, signed in (("size", size), ("root", base64.b64encode(root).decode())):
        if document.get(name, signed) != signed:
            raise DoesNotHold(f"the {name} written beside the checkpoint is not the one that was signed")
    if other is not None and read_checkpoint(other) != read_checkpoint(text):
        raise DoesNotHold("this proof is for another checkpoint than yours: ask for a growth proof between the two")
    records = document.get("records", [document])
    if not records:
        raise DoesNotHold("the proof names no record")
    for record in records:
        leaf = decoded(record["leafHash"])
        name = f"position {record['position']}"
        if record.get("content") is not None:
            if leaf_hash(record["content"].encode()) != leaf:
                raise DoesNotHold(f"{name}: the record was changed since it was written into the log")
            said = json.loads(record["content"])
            check_name(record, said, name)
            name += " " + str(said.get("eventID") or said.get("certificate") or said.get("recall") or "")
        if not verify_inclusion(leaf, record["position"], size, [decoded(one) for one in record["proof"]], root):
            raise DoesNotHold(f"{name}: it is not in the signed tree")
        print("holds:", name, "" if record.get("content") is not None else "(the record itself is not public)")
    print(f"holds: signed as one of {size} records by {(key or document['key']).split('+')[0]}")
    if "day" in document:
        print(f"note: the day {document['day']} is not signed: compare with the checkpoint published under its date")
    if key is None:
        print("note: the key came with the proof. Compare it with one you got another way:", document["key"])


#: By kind of record: the field that names it, a field that it has, and one that it has not.
KINDS = {
    "event": ("eventID", "is_public", None),
    "epcis": ("eventID", "type", "is_public"),
    "certificate": ("certificate", "stars", None),
    "revocation": ("certificate", "revoked_on", None),
    "fractions": ("eventID", "fractions", None),
    "recall": ("recall", "severity", "closed_at"),
}


def check_name(record: dict, said: dict, name: str) -> None:
    """Check that what is written beside a record, its kind and how it is called, is what the record says."""
    if "kind" in record:
        field, has, lacks = KINDS.get(record["kind"], (None, None, None))
        if field is None or has not in said or lacks in said:
            raise DoesNotHold(f"{name}: the record is not of the kind that is written beside it")
        called = str(record.get("reference", said[field])).removesuffix(OF_ERROR)
        if called != said[field]:
            raise DoesNotHold(f"{name}: the record is not the one that is named beside it")


def check_growth(old: str, new: str, document: dict, key: str | None) -> None:
    """Check that one checkpoint's tree begins with another's."""
    (_, first, first_root), (_, second, second_root) = read_checkpoint(old), read_checkpoint(new)
    if (document.get("first", first), document.get("second", second)) != (first, second):
        raise DoesNotHold("this growth proof is for other checkpoints than these two")
    for text in (old, new):
        check_signature(text, key or document["key"])
    if not verify_consistency(first, second, first_root, second_root, [decoded(one) for one in document["proof"]]):
        raise DoesNotHold(f"the log of {second} records does not begin with the {first} that were signed before")
    print(f"holds: of the first {first} records nothing was changed, taken out or put between; {second} now")


def check_tree(source: str, key: str | None, other: str | None) -> None:
    """Build the whole tree from the published tiles and compare it with the checkpoints, today's and all before."""

    def get(name: str) -> bytes:
        if source.startswith(("http://", "https://")):
            with urlopen(f"{source.rstrip('/')}/{name}", timeout=30) as answer:
                return answer.read()
        return (Path(source) / name).read_bytes()

    text = get("checkpoint").decode()
    line = key or get("khoa.txt").decode()
    check_signature(text, line)
    _, size, root = read_checkpoint(text)
    rows: list[list[bytes]] = []
    level, count, below = 0, size, None
    while count:
        hashes = b"".join(get(f"tile/{name}") for name in tile_names(level, count))
        if len(hashes) != count * HASH:
            raise DoesNotHold(f"the tiles of height {level} have not {count} hashes")
        row = [hashes[at : at + HASH] for at in range(0, len(hashes), HASH)]
        if below is not None and row != below:
            raise DoesNotHold(f"the tiles of height {level} do not belong to those below")
        if level == 0:
            rows = whole_subtrees(row)
            if root_of(rows, size) != root:
                raise DoesNotHold("the tree is not the one that was signed")
        below = [tree_root(row[at : at + TILE]) for at in range(0, count // TILE * TILE, TILE)]
        level, count = level + 1, count // TILE
    print(f"holds: {size} records, the root is the one that was signed")
    earlier = [(f"checkpoints/{day}.txt", get(f"checkpoints/{day}.txt").decode()) for day in get(DAYS).decode().split()]
    for name, dated in [*earlier, *([("your checkpoint", other)] if other is not None else [])]:
        try:
            check_signature(dated, line)
            _, size_then, root_then = read_checkpoint(dated)
        except DoesNotHold as problem:
            raise DoesNotHold(f"{name}: {problem}") from None
        if size_then > size or root_of(rows, size_then) != root_then:
            raise DoesNotHold(f"{name}: the tree does not begin with the {size_then} records that were signed then")
    print(f"holds: it begins with what was signed on each of {len(earlier)} days")
    if other is not None:
        print("holds: it begins with what your checkpoint signs")


def whole_subtrees(leaves: list[bytes]) -> list[list[bytes]]:
    """Give, by height, the hashes of all subtrees that are full."""
    rows = [leaves]
    while len(rows[-1]) > 1:
        below = rows[-1]
        rows.append([node_hash(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)])
    return rows


def root_of(rows: list[list[bytes]], size: int) -> bytes:
    """Give the root over the first ``size`` leaves."""
    if not size:
        return hashlib.sha256().digest()
    begin, parts = 0, []
    for height in reversed(range(size.bit_length())):
        if size >> height & 1:
            parts.append(rows[height][begin >> height])
            begin += 1 << height
    found = parts.pop()
    while parts:
        found = node_hash(parts.pop(), found)
    return found


def tree_root(hashes: list[bytes]) -> bytes:
    """Give the root over some hashes."""
    return root_of(whole_subtrees(hashes), len(hashes))


def tile_names(level: int, count: int) -> list[str]:
    """Name the tiles that hold ``count`` hashes of one height."""
    names = []
    for number in range(-(-count // TILE)):
        digits = f"{number:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        width = min(TILE, count - number * TILE)
        path = "/".join(["x" + group for group in groups[:-1]] + groups[-1:])
        names.append(f"{level}/{path}" + (f".p/{width}" if width < TILE else ""))
    return names


def main() -> None:
    """Do what the command line asks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("proof", "growth", "tree"))
    parser.add_argument("files", nargs="+")
    parser.add_argument("--key")
    parser.add_argument("--checkpoint")
    asked = parser.parse_args()

    def text_of(name: str) -> str:
        return Path(name).read_text(encoding="utf-8")

    try:
        key = text_of(asked.key) if asked.key and Path(asked.key).is_file() else asked.key
        other = text_of(asked.checkpoint) if asked.checkpoint else None
        if asked.what == "proof":
            for name in asked.files:
                check_proof(json.loads(text_of(name)), key, other)
        elif asked.what == "growth":
            old, new, proof = asked.files
            check_growth(text_of(old), text_of(new), json.loads(text_of(proof)), key)
        else:
            for source in asked.files:
                check_tree(source, key, other)
    except DoesNotHold as problem:
        sys.exit(f"DOES NOT HOLD: {problem}")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        sys.exit(f"DOES NOT HOLD: it cannot be read ({type(problem).__name__}: {problem})")


if __name__ == "__main__":
    main()
