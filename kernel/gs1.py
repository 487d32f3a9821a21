"""GS1 keys, lot numbers and the platform's own codes: what is well-formed, and what is wrong if not.

Check digits come from python-stdnum. Sources: GS1 General Specifications, sections 2.1.13 (restricted
circulation numbers), 3.4.1 (batch or lot number) and 7.9 (check digit); Crockford's Base32 for tokens.
"""

from __future__ import annotations

import re
import secrets
import unicodedata

from stdnum import ean

from kernel.errors import N_, InvalidInput

#: Signs of GS1 "character set 82", in which lot and serial numbers are written.
CSET_82 = frozenset("!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
#: Letters of the platform's own codes: no i, l, o, u, so that none is taken for another when read or typed.
CODE_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
TOKEN_LENGTH = 10  #: 50 bits: not to be guessed, short enough to be typed
CODE_GROUP = 5  #: letters between two hyphens of a printed code
LONGEST_LOT = 20

_GTIN_LENGTHS = (8, 12, 13, 14)
# An address /lo/<code>/<token> must not read like a Digital Link (/8004/<asset>), hence at least one letter.
_ORGANISATION_CODE = re.compile(r"(?=.*[a-z])[a-z0-9]{4,6}")
_TYPED_LIKE = str.maketrans("oil", "011")


class MalformedKey(InvalidInput):
    """A GS1 key that cannot be right, whoever owns it."""

    message = N_("This is not a number of GS1.")


class NotDigits(MalformedKey):
    """Something else than digits stands in it."""

    message = N_("A %(key)s is written in digits only; “%(sign)s” is not a digit.")


class WrongLength(MalformedKey):
    """It is too short or too long."""

    message = N_("A %(key)s has %(expected)s digits; this one has %(length)s.")


class WrongCheckDigit(MalformedKey):
    """A digit was mistyped: the last one does not fit the others."""

    message = N_(
        "The last digit of this %(key)s does not fit the others: by them it would be %(expected)s."
        " Please compare each digit with the pack."
    )


class RestrictedNumber(MalformedKey):
    """It may be used inside one company or one country only, so it names nothing in a chain."""

    message = N_(
        "Numbers that begin with %(prefix)s are for use inside one shop or company. They name nothing outside it"
        " and cannot be used here; a GTIN of the producer's own begins with the prefix that GS1 gave them"
        " (893 in Viet Nam)."
    )


class NoCompanyPrefix(MalformedKey):
    """Not digits, too short or too long, or of the numbers that GS1 gives to nobody."""

    message = N_(
        "A GS1 company prefix has 6 to 12 digits, as they stand in the letter from GS1: in Viet Nam it begins with 893."
    )


class MalformedLot(InvalidInput):
    """A lot number that no label and no GS1 code could carry."""

    message = N_("This cannot be a lot number.")


class EmptyLot(MalformedLot):
    """Nothing was given."""

    message = N_("Please enter the lot number.")


class LotTooLong(MalformedLot):
    """More than 20 signs."""

    message = N_("A lot number has at most 20 signs; this one has %(length)s.")


class LotHasBadSign(MalformedLot):
    """A sign that GS1 codes cannot carry, for example a letter with a mark."""

    message = N_(
        "“%(sign)s” cannot stand in a lot number. Use letters without marks, digits and signs such as - . / and _,"
        " without spaces."
    )


# --- Keys --------------------------------------------------------------------------------------------


def gtin14(text: str) -> str:
    """Read a GTIN of 8, 12, 13 or 14 digits (spaces and hyphens between them are allowed) as 14 digits.

    :raises NotDigits:
    :raises WrongLength:
    :raises WrongCheckDigit:
    :raises RestrictedNumber: for prefixes 02, 04 and 2, and 8-digit numbers that begin with 0 or 2
    """
    digits = _checked(text, "GTIN", _GTIN_LENGTHS).zfill(14)
    restricted = restricted_prefix(digits)
    if restricted:
        raise RestrictedNumber(prefix=restricted)
    return digits


def gln(text: str) -> str:
    """Read a GLN (a place or a party) of 13 digits.

    :raises MalformedKey: as ``gtin14``
    """
    return _checked(text, "GLN", (13,))


def sscc(text: str) -> str:
    """Read an SSCC (a carton, a pallet) of 18 digits.

    :raises MalformedKey: as ``gtin14``
    """
    return _checked(text, "SSCC", (18,))


def company_prefix(text: str) -> str:
    """Read a GS1 company prefix: 6 to 12 digits (GS1 General Specifications, section 1.4.2).

    :raises NoCompanyPrefix:
    """
    digits = text.replace(" ", "")
    if not (digits.isascii() and digits.isdigit() and 6 <= len(digits) <= 12) or restricted_prefix("0" + digits):
        raise NoCompanyPrefix()
    return digits


def check_digit(digits: str) -> str:
    """Compute the check digit (modulo 10, weights 3 and 1) that goes after ``digits``."""
    return str(ean.calc_check_digit(digits))


def prefix_of(gtin: str) -> str:
    """Give the three-digit GS1 prefix of a GTIN of 14 digits; of an 8-digit one, that of its own kind."""
    return gtin[6:9] if _is_gtin_8(gtin) else gtin[1:4]


def is_sample_gtin(gtin: str) -> bool:
    """Tell whether a GTIN of 14 digits is from the prefix kept for samples and tests (952)."""
    return prefix_of(gtin) == "952"


def _checked(text: str, key: str, lengths: tuple[int, ...]) -> str:
    digits = re.sub(r"[\s\-‐‑–]", "", unicodedata.normalize("NFKC", text))
    stray = next((sign for sign in digits if sign not in "0123456789"), None)
    if stray is not None:
        raise NotDigits(key=key, sign=stray)
    if len(digits) not in lengths:
        raise WrongLength(key=key, expected=", ".join(str(length) for length in lengths), length=len(digits))
    expected = check_digit(digits[:-1])
    if digits[-1] != expected:
        raise WrongCheckDigit(key=key, expected=expected)
    return digits


def _is_gtin_8(gtin: str) -> bool:
    return gtin.startswith("000000")


def restricted_prefix(gtin: str) -> str | None:
    """Give the beginning that makes a GTIN of 14 digits one for use inside one shop or company; None for others."""
    if _is_gtin_8(gtin):
        return gtin[6] if gtin[6] in "02" else None
    return next((prefix for prefix in ("02", "04", "2") if gtin[1:].startswith(prefix)), None)


# --- Lot numbers ---------------------------------------------------------------------------------------


def lot_number(text: str) -> str:
    """Read a lot number, GS1 AI (10): 1 to 20 signs of character set 82; case counts.

    Spaces around it are dropped.

    :raises EmptyLot:
    :raises LotTooLong:
    :raises LotHasBadSign:
    """
    lot = text.strip()
    if not lot:
        raise EmptyLot
    stray = next((sign for sign in unicodedata.normalize("NFC", lot) if sign not in CSET_82), None)
    if stray is not None:
        raise LotHasBadSign(sign=stray)
    if len(lot) > LONGEST_LOT:
        raise LotTooLong(length=len(lot))
    return lot


# --- The platform's own codes ----------------------------------------------------------------------------


def new_token() -> str:
    """Draw the unguessable part of a batch's address: 10 letters of ``CODE_LETTERS``."""
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(TOKEN_LENGTH))


def is_token(text: str) -> bool:
    """Tell whether ``text`` has the shape of a token as it is stored (small letters, 10 of them)."""
    return len(text) == TOKEN_LENGTH and all(letter in CODE_LETTERS for letter in text)


def typed_token(text: str) -> str:
    """Read a token as people type it: any case, spaces and hyphens between, o for 0, i or l for 1.

    The result is what to look up; ``is_token`` tells whether it can be one at all.
    """
    return re.sub(r"[\s\-‐‑–_.]", "", unicodedata.normalize("NFKC", text).lower()).translate(_TYPED_LIKE)


def spoken_token(token: str) -> str:
    """Write a token for people to read and type: two groups of five capitals, ``7K2QX-M90AD``."""
    return f"{token[:CODE_GROUP]}-{token[CODE_GROUP:]}".upper()


def is_organisation_code(text: str) -> bool:
    """Tell whether ``text`` may be an organisation's code: 4 to 6 of ``[a-z0-9]``, at least one a letter."""
    return _ORGANISATION_CODE.fullmatch(text) is not None
