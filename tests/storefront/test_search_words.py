"""The office's words that mean the same: what is taken, what is refused, who may."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from accounts.actor import SYSTEM
from kernel.db import db, transaction
from kernel.models import AuditEntry
from storefront import queries, synonyms
from tests.conftest import TODAY
from tests.factories import BA_TO, Factories
from tests.web import send

LIST = "/quan-tri/tu-tim-kiem"


def sets() -> list[list[str]]:
    return [phrases for _, phrases in queries.synonym_sets()]


def save(typed: str, set_id: int | None = None) -> int:
    with transaction():
        return synonyms.save(set_id, typed, actor=SYSTEM, now=TODAY).id


def test_a_set_is_kept_as_it_was_written_each_phrase_once(ctx: Flask) -> None:
    save(" Heo \n\nlợn,  HEO; thịt  lợn\n")

    assert sets() == [["Heo", "lợn", "thịt lợn"]]


def test_a_change_takes_the_place_of_what_was_there(ctx: Flask) -> None:
    row = save("heo\nlợn")
    save("lợn\nỉn\nheo", row)

    assert sets() == [["lợn", "ỉn", "heo"]]
    acts = db.session.scalars(select(AuditEntry.facts).where(AuditEntry.action == "storefront.save_synonyms")).all()
    assert [facts["words"] for facts in acts] == [["heo", "lợn"], ["lợn", "ỉn", "heo"]]


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        ("heo", synonyms.TooFewPhrases),
        ("heo\nHEO", synonyms.TooFewPhrases),
        ("", synonyms.TooFewPhrases),
        ("heo\n!!!", synonyms.NoPhrase),
        ("heo\nmột hai ba bốn năm", synonyms.NoPhrase),
        ("heo\n" + "x" * 61, synonyms.NoPhrase),
        ("\n".join(f"heo {number}" for number in range(13)), synonyms.TooManyPhrases),
    ],
)
def test_what_is_no_set_is_refused(ctx: Flask, typed: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        save(typed)

    assert sets() == []


@pytest.mark.parametrize("again", ["lợn", "LỢN", "lơ\u0323n"])
def test_a_word_stands_in_one_set_only(ctx: Flask, again: str) -> None:
    save("heo\nlợn")

    with pytest.raises(synonyms.InAnotherSet) as refused:
        save(f"{again}\nỉn")

    assert "heo" in refused.value.facts["others"]
    assert sets() == [["heo", "lợn"]]


def test_words_that_only_fold_alike_are_different_words(ctx: Flask) -> None:
    save("lạc\nđậu phộng")
    save("lắc\nvòng tay")

    assert len(sets()) == 2


def test_what_was_taken_away_meanwhile_is_said_not_to_be_there(ctx: Flask) -> None:
    row = save("heo\nlợn")
    with transaction():
        synonyms.remove(row, actor=SYSTEM, now=TODAY)

    with pytest.raises(synonyms.NoSuchSet):
        save("heo\nlợn", row)


def test_the_office_enters_changes_and_takes_a_set_away(app: Flask, make: Factories) -> None:
    office = make.client(make.office())
    make.product(name="Giò heo")

    assert send(office, f"{LIST}/moi", phrases="heo\nlợn").status_code == 303
    assert ">1</a>" in office.get(LIST).text
    with app.app_context():
        ((row, _),) = queries.synonym_sets()
    wrong = send(office, f"{LIST}/{row}", phrases="heo <b>")
    assert wrong.status_code == 422
    assert "heo &lt;b&gt;" in wrong.text
    assert send(office, f"{LIST}/{row}/bo").status_code == 303
    assert "heo" not in office.get(LIST).text


def test_a_communes_office_does_not_speak_for_the_province(make: Factories) -> None:
    commune = make.client(make.office("Xã mẫu", of=(BA_TO,)))

    assert commune.get(LIST).status_code == 403
