"""Files by digest, and the papers that are taken."""

from __future__ import annotations

import hashlib
import io
import multiprocessing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kernel import files, images
from kernel.files import Store, accept_document

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "media")


def _everything(store: Store) -> list[Path]:
    root = store.path("0" * 64, "x").parents[2]
    return [path for path in root.rglob("*") if path.is_file()]


def _photo(form: str = "JPEG") -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "SECRETMAKER"
    file = io.BytesIO()
    Image.new("RGB", (300, 200), (163, 32, 27)).save(file, form, exif=exif.tobytes())
    return file.getvalue()


def test_what_is_kept_is_found_again_by_its_digest(store):
    digest = store.put(b"giay kiem nghiem", "pdf")

    assert digest == hashlib.sha256(b"giay kiem nghiem").hexdigest()
    assert store.read(digest, "pdf") == b"giay kiem nghiem"
    assert store.path(digest, "pdf").parts[-3:] == (digest[:2], digest[2:4], f"{digest}.pdf")
    with store.open(digest, "pdf") as file:
        assert file.read(4) == b"giay"


def test_keeping_the_same_twice_leaves_the_first(store):
    digest = store.put(b"mot", "pdf")
    kept = store.path(digest, "pdf").stat()

    assert store.put(b"mot", "pdf") == digest
    assert store.path(digest, "pdf").stat().st_mtime_ns == kept.st_mtime_ns
    assert store.path(digest, "pdf").stat().st_ino == kept.st_ino
    assert len(_everything(store)) == 1


def _put_often(root: Path) -> None:
    for number in range(50):
        Store(root).put(bytes([number]) * 10_000, "webp")


def test_many_at_once_keep_each_file_once_and_whole(tmp_path):
    context = multiprocessing.get_context("spawn")
    people = [context.Process(target=_put_often, args=(tmp_path / "media",)) for _ in range(2)]

    for one in people:
        one.start()
    for one in people:
        one.join()

    assert [one.exitcode for one in people] == [0, 0]
    store = Store(tmp_path / "media")
    assert len(_everything(store)) == 50
    assert all(store.is_intact(path.stem, "webp") for path in _everything(store))


def test_a_disk_that_fails_leaves_nothing_half_written(store, monkeypatch):
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)

    with pytest.raises(OSError, match="No space"):
        store.put(b"mot", "pdf")

    assert _everything(store) == []


def test_a_file_system_without_links_serves_too(store, monkeypatch):
    def unable(source: str, target: str) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", unable)
    digest = store.put(b"mot", "pdf")

    assert store.read(digest, "pdf") == b"mot"
    assert len(_everything(store)) == 1


def test_a_file_changed_behind_our_back_is_noticed(store):
    digest = store.put(b"mot", "pdf")
    assert store.is_intact(digest, "pdf")

    store.path(digest, "pdf").write_bytes(b"hai")

    assert not store.is_intact(digest, "pdf")
    assert not store.is_intact("0" * 64, "pdf")


@pytest.mark.parametrize(
    ("digest", "suffix"),
    [
        ("", "pdf"),
        ("abc", "pdf"),
        ("A" * 64, "pdf"),
        ("../" * 21 + "a", "pdf"),
        ("0" * 64 + "\n", "pdf"),
        ("0" * 64, "../x"),
        ("0" * 64, ""),
        ("0" * 64, "PDF"),
    ],
)
def test_what_is_no_digest_is_no_file(store, digest, suffix):
    with pytest.raises(files.NoSuchFile):
        store.path(digest, suffix)
    with pytest.raises(files.NoSuchFile):
        store.open(digest, suffix)


def test_what_was_never_kept_is_not_found(store):
    with pytest.raises(files.NoSuchFile):
        store.read("0" * 64, "pdf")


# --- Papers ---------------------------------------------------------------------------------------------


def test_a_pdf_is_kept_as_it_came():
    paper = accept_document(PDF, "Phiếu kiểm nghiệm.pdf")

    assert paper.data == PDF
    assert paper.digest == hashlib.sha256(PDF).hexdigest()
    assert (paper.media_type, paper.suffix, paper.name) == ("application/pdf", "pdf", "Phiếu kiểm nghiệm.pdf")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_photo_of_a_paper_is_cleaned_as_any_photo(form):
    paper = accept_document(_photo(form), "hoa don.jpg")

    assert paper.digest == hashlib.sha256(paper.data).hexdigest()
    assert (paper.media_type, paper.suffix) == ("image/jpeg", "jpg")
    assert (paper.width, paper.height) == (300, 200)
    assert b"SECRET" not in paper.data


@pytest.mark.parametrize(
    "data", [b"PK\x03\x04 docx", b"<html>%PDF-1.7 %%EOF", b"MZ", b"hello", b"<svg/>", b"\n%PDF-1.4\n%%EOF"]
)
def test_other_kinds_are_refused_whatever_their_name(data):
    with pytest.raises(files.UnsupportedDocument) as refused:
        accept_document(data, "giay.pdf")

    assert refused.value.facts == {"name": "giay.pdf"}


def test_a_pdf_that_did_not_arrive_whole_is_refused():
    with pytest.raises(files.DamagedDocument):
        accept_document(PDF[:20] + b"x" * 5000, "giay.pdf")


def test_a_damaged_photo_of_a_paper_is_refused_as_a_photo():
    with pytest.raises(images.DamagedImage):
        accept_document(_photo()[:400], "giay.jpg")


def test_nothing_and_too_much_are_refused():
    with pytest.raises(files.EmptyDocument):
        accept_document(b"", "giay.pdf")
    with pytest.raises(files.DocumentTooLarge) as refused:
        accept_document(b"%PDF-" + b"0" * 3 * 2**20, "giay.pdf", max_bytes=2 * 2**20)
    assert refused.value.facts == {"size_mb": "3.1", "limit_mb": "2"}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("C:\\Users\\Lan\\giay.pdf", "giay.pdf"),
        ("../../etc/passwd", "passwd"),
        ("", "?"),
        (".htaccess", "htaccess"),
        ("phiếu\nkiểm\x00 nghiệm.pdf", "phiếu kiểm nghiệm.pdf"),
        ("a" * 300 + ".pdf", "a" * 115 + "….pdf"),
    ],
)
def test_only_the_last_part_of_a_name_is_kept(sent, kept):
    assert accept_document(PDF, sent).name == kept


@given(st.text(max_size=300))
def test_any_name_becomes_one_that_can_be_shown(sent):
    name = accept_document(PDF, sent).name

    assert 0 < len(name) <= files.LONGEST_NAME
    assert not set(name) & set("/\\\n\x00")
