"""Checkpoints: what a log says of itself on a day, as a signed note. Pure.

Sources: C2SP tlog-checkpoint and signed-note (Ed25519, signature type 0x01). The text is::

    shop.example/so-minh-bach
    1234
    <root of the tree, base64>

    — shop.example/so-minh-bach <key id and signature, base64>
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kernel.merkle import HASH_BYTES

SEED_BYTES = 32
_ED25519 = b"\x01"
_SIGNATURE = re.compile(r"— (?P<name>[^\s+]+) (?P<signature>[A-Za-z0-9+/]+=*)")


class Malformed(ValueError):
    """A text is no checkpoint, or a line is no key."""


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint says."""

    origin: str  #: the log's name
    size: int
    root: bytes
    body: str  #: the text that is signed
    signatures: tuple[tuple[str, bytes], ...]  #: (name, key id and signature)


@dataclass(frozen=True)
class VerifyingKey:
    """A public key with the name of the log that signs by it."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes that tell keys of one name apart."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        """The key as one line: ``<name>+<key id>+<key>``."""
        return f"{self.name}+{self.key_id.hex()}+{_text(_ED25519 + self.public)}"

    def signed(self, checkpoint: Checkpoint) -> bool:
        """Tell whether one of the signatures of a checkpoint is by this key."""
        for name, value in checkpoint.signatures:
            if name == self.name and value[:4] == self.key_id:
                try:
                    Ed25519PublicKey.from_public_bytes(self.public).verify(value[4:], checkpoint.body.encode())
                except InvalidSignature:
                    continue
                return True
        return False


@dataclass(frozen=True)
class Signer:
    """The secret half of a log's key."""

    seed: bytes

    @property
    def public(self) -> bytes:
        """The public half."""
        return Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()

    def verifying_key(self, name: str) -> VerifyingKey:
        """Give the public half, under the name of a log."""
        return VerifyingKey(name, self.public)

    def checkpoint(self, origin: str, size: int, root: bytes) -> str:
        """Write and sign a checkpoint."""
        body = f"{origin}\n{size}\n{_text(root)}\n"
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(body.encode())
        return f"{body}\n— {origin} {_text(self.verifying_key(origin).key_id + signature)}\n"


def read(text: str) -> Checkpoint:
    """Read a checkpoint; what its signatures are worth is another question.

    :raises Malformed:
    """
    body, blank, rest = text.partition("\n\n")
    lines = body.split("\n")
    if not blank or len(lines) < 3 or not lines[0] or not all(lines):
        raise Malformed("not a checkpoint")
    if not re.fullmatch(r"0|[1-9][0-9]{0,17}", lines[1]):
        raise Malformed("the size is no whole number")
    root = _bytes(lines[2])
    if len(root) != HASH_BYTES:
        raise Malformed("the root has not 32 bytes")
    signatures = []
    for line in rest.rstrip("\n").split("\n"):
        found = _SIGNATURE.fullmatch(line)
        if found is None:
            raise Malformed("a signature line cannot be read")
        signatures.append((found["name"], _bytes(found["signature"])))
    return Checkpoint(lines[0], int(lines[1]), root, body + "\n", tuple(signatures))


def read_key(line: str) -> VerifyingKey:
    """Read a public key as :class:`VerifyingKey` writes it.

    :raises Malformed:
    """
    parts = line.strip().split("+", 2)
    if len(parts) != 3:
        raise Malformed("not a key")
    name, key_id, encoded = parts
    key = _bytes(encoded)
    if not name or len(key) != 33 or key[:1] != _ED25519:
        raise Malformed("not an Ed25519 key")
    found = VerifyingKey(name, key[1:])
    if found.key_id.hex() != key_id:
        raise Malformed("the key id does not belong to the key")
    return found


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("not base64") from None
