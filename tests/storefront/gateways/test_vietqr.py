"""VietQR texts are those of the public vectors, survive their picture, and a changed letter is noticed."""

from __future__ import annotations

import io

import pytest
import qrcode
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from storefront.gateways import vietqr
from storefront.gateways.vietqr import BadAccount, BadAmount, BadPayload, BadPurpose, Transfer

#: Source: github.com/xuannghia/vietnam-qr-pay (MIT), recomputed.
VECTORS = {
    Transfer("970416", "257678859"): (
        "00020101021138530010A0000007270123000697041601092576788590208QRIBFTTA53037045802VN6304AE9F"
    ),
    Transfer("970416", "257678859", 10_000, "Chuyen tien"): (
        "00020101021238530010A0000007270123000697041601092576788590208QRIBFTTA5303704540510000"
        "5802VN62150811Chuyen tien630453E6"
    ),
    Transfer("970403", "0011012345678"): (
        "00020101021138570010A00000072701270006970403011300110123456780208QRIBFTTA53037045802VN63049E6F"
    ),
    Transfer("970403", "0011012345678", service=vietqr.TO_CARD): (
        "00020101021138570010A00000072701270006970403011300110123456780208QRIBFTTC53037045802VN63046E2C"
    ),
}
transfers = st.builds(
    Transfer,
    bank_bin=st.sampled_from(sorted(vietqr.banks())),
    account=st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=19),
    amount_vnd=st.none() | st.integers(1, 10**12 - 1),
    purpose=st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ", max_size=25),
    service=st.sampled_from([vietqr.TO_ACCOUNT, vietqr.TO_CARD]),
)


@pytest.mark.parametrize(("transfer", "text"), VECTORS.items(), ids=["open", "amount", "long account", "card"])
def test_the_public_vectors_are_written_and_read(transfer: Transfer, text: str) -> None:
    assert vietqr.read(text) == transfer
    if transfer.purpose != "Chuyen tien":  # ours are in capitals only
        assert vietqr.payload(transfer) == text


@given(transfers)
def test_what_is_written_is_read_back(transfer: Transfer) -> None:
    assert vietqr.read(vietqr.payload(transfer)) == transfer


@given(transfers, st.data())
def test_a_changed_letter_is_noticed(transfer: Transfer, data: st.DataObject) -> None:
    text = vietqr.payload(transfer)
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from([letter for letter in "0123456789ABCDEF" if letter != text[at]]))

    with pytest.raises(BadPayload):
        vietqr.read(text[:at] + other + text[at + 1 :])


@pytest.mark.parametrize("text", ["", "6304", "0002016304", "é" * 40, "000201" * 9, "0099016304ABCD"])
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(BadPayload):
        vietqr.read(text)


@pytest.mark.parametrize(
    ("transfer", "refusal"),
    [
        (Transfer("97041", "1"), BadAccount),
        (Transfer("970416", ""), BadAccount),
        (Transfer("970416", "1" * 20), BadAccount),
        (Transfer("970416", "12-34"), BadAccount),
        (Transfer("970416", "1", 0), BadAmount),
        (Transfer("970416", "1", -5), BadAmount),
        (Transfer("970416", "1", 10**12), BadAmount),
        (Transfer("970416", "1", 5, "Tiền"), BadPurpose),
        (Transfer("970416", "1", 5, "A" * 26), BadPurpose),
        (Transfer("970416", "1", 5, "A", "OTHER"), BadAccount),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(transfer: Transfer, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        vietqr.payload(transfer)


def test_the_picture_holds_the_same_text() -> None:
    text = vietqr.payload(Transfer("970405", "1234567890", 250_000, "OC7K2M9XQ40"))
    picture = io.BytesIO()
    qrcode.make(text, error_correction=qrcode.ERROR_CORRECT_M).save(picture)

    found = zxingcpp.read_barcodes(Image.open(picture))

    assert [code.text for code in found] == [text]
