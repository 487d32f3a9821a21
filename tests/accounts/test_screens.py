"""The screens of accounts, from the first organisation to its people at work."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from accounts import consents, membership, queries, resetting
from accounts.models import (
    Consent,
    FormerSlug,
    Invitation,
    Membership,
    Organisation,
    OrganisationKind,
    Place,
    Role,
    User,
)
from kernel import jobs, pages
from kernel.db import db, transaction
from kernel.models import AuditEntry, Job, PageRevision
from tests.factories import BA_TO, PASSWORD, Factories
from tests.web import send
from traceability.models import TraceEvent

KEY = "7d1a6df0-6a4c-4b0e-9d4e-5f4e8a3d2c11"
ORGANISATION = {
    "kind": "producer",
    "code": "htxbd",
    "name_vi": "Hợp tác xã Ba Động",
    "legal_form": "cooperative",
    "commune": "21496",
    "request_key": KEY,
}
NEW_PASSWORD = "ba từ ghép lạ"


def text_of(response) -> str:
    return re.sub(r"<[^>]+>", " ", response.get_data(as_text=True))


def count(app: Flask, query) -> int:
    with app.app_context():
        return int(db.session.scalar(select(func.count()).select_from(query.subquery())) or 0)


def run_jobs(app: Flask, now) -> list[str]:
    with app.app_context():
        done = []
        while (kind := jobs.run_one(now)) is not None:
            done.append(kind)
        return done


def letters(app: Flask) -> list[str]:
    from email import message_from_bytes, policy

    found = []
    for path in sorted(app.config["MAIL_FOLDER"].glob("*.eml"), key=lambda path: path.stat().st_mtime_ns):
        letter = message_from_bytes(path.read_bytes(), policy=policy.default)
        found.append(f"To: {letter['To']}\nSubject: {letter['Subject']}\n" + letter.get_body(("plain",)).get_content())
        path.unlink()
    return found


@pytest.fixture
def office(make: Factories) -> Organisation:
    return make.office()


@pytest.fixture
def officer(make: Factories, office: Organisation) -> FlaskClient:
    return make.client(office)


# --- Organisations ----------------------------------------------------------------------------------


def test_an_office_enters_an_organisation_once_however_often_the_form_is_sent(officer, app, make) -> None:
    make.unit("21496")

    first = send(officer, "/quan-tri/to-chuc/moi", ORGANISATION)
    again = send(officer, "/quan-tri/to-chuc/moi", ORGANISATION)

    assert first.status_code == again.status_code == 303
    assert first.location == again.location == "/quan-tri/to-chuc/htxbd"
    shown = text_of(officer.get("/quan-tri/to-chuc/htxbd"))
    assert "Hợp tác xã Ba Động" in shown
    assert "Xã Ba Động" in shown
    assert count(app, select(Organisation).where(Organisation.code == "htxbd")) == 1
    assert count(app, select(AuditEntry).where(AuditEntry.action == "accounts.register")) == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"code": "ab"}, "code"),
        ({"code": "hợptác"}, "code"),
        ({"code": "12345"}, "code"),
        ({"code": None}, "code"),
        ({"code": "toolong"}, "code"),
        ({"name_vi": " "}, "name_vi"),
        ({"name_vi": "a" * 201}, "name_vi"),
        ({"commune": "00001"}, "commune"),
        ({"commune": ""}, "commune"),
        ({"kind": "king"}, "kind"),
        ({"legal_form": ""}, "legal_form"),
        ({"phone": "12"}, "phone"),
        ({"email": "không"}, "email"),
        ({"tax_code": "0100109107"}, "tax_code"),
        ({"tax_code": "12"}, "tax_code"),
        ({"gs1_prefix": "8" * 13}, "gs1_prefix"),
        ({"gs1_prefix": "893-x"}, "gs1_prefix"),
        ({"gs1_prefix": "89312"}, "gs1_prefix"),
        ({"gs1_prefix": "2001234"}, "gs1_prefix"),
        ({"story_vi": "a" * 5001}, "story_vi"),
        ({"request_key": "x"}, "request_key"),
    ],
)
def test_what_cannot_be_right_is_said_beside_its_field_and_nothing_is_saved(
    officer, app, make, wrong: dict[str, str], field: str
) -> None:
    make.unit("21496")

    response = send(officer, "/quan-tri/to-chuc/moi", {**ORGANISATION, **wrong})

    page = response.get_data(as_text=True)
    assert response.status_code == 422
    assert f'href="#{field}"' in page
    assert "htxbd" in page or "code" in wrong
    assert count(app, select(Organisation)) == 1


def test_a_code_is_never_used_again(officer, make) -> None:
    make.producer(code="htxbd", is_active=False)

    response = send(officer, "/quan-tri/to-chuc/moi", ORGANISATION)

    assert response.status_code == 422
    assert "htxbd là của tổ chức khác" in text_of(response)


@pytest.mark.parametrize("tax_code", ["0100109106", "0100109106001", "0100109106-001", "051234567890"])
def test_tax_codes_of_firms_branches_and_households_are_taken(officer, app, make, tax_code: str) -> None:
    make.unit("21496")

    assert send(officer, "/quan-tri/to-chuc/moi", {**ORGANISATION, "tax_code": tax_code}).status_code == 303


def test_an_office_enters_nothing_outside_its_jurisdiction(make: Factories, app) -> None:
    officer = make.client(make.office(of=("21484",), commune="21484"))
    make.unit("21496")

    response = send(officer, "/quan-tri/to-chuc/moi", ORGANISATION)

    assert response.status_code == 422
    assert 'href="#commune"' in response.get_data(as_text=True)


def test_only_a_provinces_office_enters_offices(make: Factories) -> None:
    commune_officer = make.client(make.office(of=("21484",), commune="21484"))

    response = send(
        commune_officer,
        "/quan-tri/to-chuc/moi",
        {**ORGANISATION, "commune": "21484", "kind": "office", "legal_form": "public_body"},
    )

    assert response.status_code == 422
    assert 'href="#kind"' in response.get_data(as_text=True)


def test_a_new_name_gives_a_new_address_and_the_old_one_is_kept(officer, app, make) -> None:
    producer = make.producer("Tên cũ", code="htxbd", slug="ten-cu")

    answer = send(officer, "/quan-tri/to-chuc/htxbd/sua", {**ORGANISATION, "name_vi": "Tên mới"})

    assert answer.status_code == 303
    with app.app_context():
        assert db.session.get_one(Organisation, producer.id).slug == "ten-moi"
        assert db.session.get_one(FormerSlug, ("producer", "ten-cu")).target_id == producer.id
        assert db.session.get_one(PageRevision, pages.organisation(producer.id)).number == 1
        assert db.session.get_one(PageRevision, pages.SHOP).number >= 1


def test_a_name_taken_back_takes_its_address_back(officer, app, make) -> None:
    producer = make.producer("Một", code="htxbd", slug="mot")
    for name in ("Hai", "Một"):
        send(officer, "/quan-tri/to-chuc/htxbd/sua", {**ORGANISATION, "name_vi": name})

    with app.app_context():
        assert db.session.get_one(Organisation, producer.id).slug == "mot"
        assert [row.slug for row in db.session.scalars(select(FormerSlug))] == ["hai"]


def test_two_organisations_of_one_name_have_two_addresses(officer, app, make) -> None:
    make.producer("Một", slug="mot")
    send(officer, "/quan-tri/to-chuc/moi", {**ORGANISATION, "name_vi": "Một"})

    with app.app_context():
        assert db.session.scalar(select(Organisation.slug).where(Organisation.code == "htxbd")) == "mot-htxbd"


def test_the_list_finds_without_marks_sorts_as_vietnamese_does_and_saves_as_csv(officer, make) -> None:
    from kernel import text

    for name in ("Đồi chè", "Dâu rừng", "Ấm no"):
        make.producer(name, search=text.search_text(name), sort_key=text.sort_key(name))

    page = text_of(officer.get("/quan-tri/to-chuc"))
    found = text_of(officer.get("/quan-tri/to-chuc?q=doi+che"))
    nothing = text_of(officer.get("/quan-tri/to-chuc?q=%25"))
    csv = officer.get("/quan-tri/to-chuc?dang=csv&loai=producer")

    assert page.index("Ấm no") < page.index("Dâu rừng") < page.index("Đồi chè")
    assert "Đồi chè" in found
    assert "Dâu rừng" not in found
    assert "Không tìm thấy" in nothing
    assert csv.mimetype == "text/csv"
    assert csv.data.startswith(b"\xef\xbb\xbf")
    assert csv.get_data(as_text=True).count("\n") == 4


QUERIES = (
    "trang=0",
    "trang=99999",
    "trang=x",
    "sap-xep=x",
    "loai=x",
    "q=" + "a" * 500,
    "tinh-trang=x",
    "tu=32/13/1",
    "ho-so=%00&viec=%00&to-chuc=%00",
)


def test_an_address_made_up_by_hand_breaks_no_list(officer) -> None:
    for query in QUERIES:
        for path in ("to-chuc", "lam-thay", "nhat-ky"):
            assert officer.get(f"/quan-tri/{path}?{query}").status_code == 200


def test_fifty_organisations_stand_on_a_page(officer, make) -> None:
    for number in range(51):
        make.producer(f"Chủ thể {number:02d}", sort_key=f"{number:02d}")

    assert "Chủ thể 50" not in text_of(officer.get("/quan-tri/to-chuc?loai=producer"))
    assert "Chủ thể 50" in text_of(officer.get("/quan-tri/to-chuc?loai=producer&trang=2"))


def test_a_closed_organisation_lets_nobody_work_in_it_until_it_is_opened_again(officer, make) -> None:
    producer = make.producer(code="htxbd")
    worker = make.client(producer)
    assert worker.get("/quan-tri").status_code == 200

    assert officer.get("/quan-tri/to-chuc/htxbd/ngung").status_code == 200
    assert send(officer, "/quan-tri/to-chuc/htxbd/ngung").status_code == 303
    assert worker.get("/quan-tri").status_code == 302
    assert send(officer, "/quan-tri/to-chuc/htxbd/mo-lai").status_code == 303
    assert worker.get("/quan-tri").status_code == 200


def test_an_office_does_not_close_itself(officer, office) -> None:
    assert send(officer, f"/quan-tri/to-chuc/{office.code}/ngung").status_code == 403


def test_a_manager_changes_their_own_organisation_and_sees_no_other(make: Factories) -> None:
    own, other = make.producer(code="ours1"), make.producer(code="other")
    manager = make.client(own)

    assert manager.get("/quan-tri/to-chuc/ours1").status_code == 200
    assert send(manager, "/quan-tri/to-chuc/ours1/sua", {**ORGANISATION, "name_vi": "Tên khác"}).status_code == 303
    for path in ("", "/sua", "/nguoi", "/dia-diem/moi", "/dien-thoai"):
        assert manager.get(f"/quan-tri/to-chuc/{other.code}{path}").status_code == 404
    assert manager.get("/quan-tri/to-chuc").status_code == 403


# --- Telephone, places, consents --------------------------------------------------------------------


def test_a_telephone_number_is_shown_only_on_a_recorded_consent_and_hidden_when_it_is_taken_back(
    make: Factories, app
) -> None:
    producer = make.producer(code="htxbd", phone="+84905123456")
    manager = make.client(producer)

    assert send(manager, "/quan-tri/to-chuc/htxbd/dien-thoai").status_code == 422
    assert send(manager, "/quan-tri/to-chuc/htxbd/dien-thoai", channel="screen").status_code == 303
    with app.app_context():
        assert db.session.get_one(Organisation, producer.id).shows_phone
        given = db.session.scalars(select(Consent)).one()
        assert (given.purpose, given.channel, given.withdrawn_at) == ("show_phone", "screen", None)
    assert send(manager, "/quan-tri/to-chuc/htxbd/dien-thoai/an").status_code == 303
    with app.app_context():
        assert not db.session.get_one(Organisation, producer.id).shows_phone
        assert db.session.scalars(select(Consent)).one().withdrawn_at is not None


def test_an_officer_cannot_say_that_a_producer_agreed_on_the_screen(officer, make) -> None:
    make.producer(code="htxbd", phone="+84905123456")

    assert send(officer, "/quan-tri/to-chuc/htxbd/dien-thoai", channel="screen").status_code == 422
    assert send(officer, "/quan-tri/to-chuc/htxbd/dien-thoai", channel="paper", paper="12/2026").status_code == 303


def test_without_a_telephone_number_none_is_shown(make: Factories) -> None:
    manager = make.client(make.producer(code="htxbd"))

    assert send(manager, "/quan-tri/to-chuc/htxbd/dien-thoai", channel="screen").status_code == 422


PLACE = {"kind": "workshop", "name_vi": "Xưởng sấy", "commune": "21496", "request_key": KEY}


def test_a_place_is_entered_once_and_changed(make: Factories, app) -> None:
    producer = make.producer(code="htxbd")
    manager = make.client(producer)

    for _ in range(2):
        assert send(manager, "/quan-tri/to-chuc/htxbd/dia-diem/moi", PLACE).status_code == 303
    with app.app_context():
        place = db.session.scalars(select(Place)).one()
    answer = send(manager, f"/quan-tri/to-chuc/htxbd/dia-diem/{place.id}", {**PLACE, "name_vi": "Xưởng mới"})

    assert answer.status_code == 303
    assert "Xưởng mới" in text_of(manager.get("/quan-tri/to-chuc/htxbd"))


def test_a_point_on_the_map_needs_consent_and_goes_when_it_is_taken_back(make: Factories, app) -> None:
    producer = make.producer(code="htxbd")
    manager = make.client(producer)
    point = {**PLACE, "lat": "14,7675", "lon": "108.7331"}

    assert send(manager, "/quan-tri/to-chuc/htxbd/dia-diem/moi", point).status_code == 422
    assert send(manager, "/quan-tri/to-chuc/htxbd/dia-diem/moi", point, agrees="screen").status_code == 303
    with app.app_context():
        place = db.session.scalars(select(Place)).one()
        assert (place.lat, place.lon) == ("14.7675", "108.7331")
    assert send(manager, "/quan-tri/to-chuc/htxbd/rut-dong-y", purpose="show_coordinates").status_code == 303
    with app.app_context():
        assert db.session.scalars(select(Place)).one().lat is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"lat": "14"},
        {"lat": "91", "lon": "108"},
        {"lat": "x", "lon": "y"},
        {"gln": "123"},
        {"gln": "8938505970015"},
        {"commune": "99999"},
        {"kind": "castle"},
        {"name_vi": ""},
        {"name_vi": "a" * 121},
    ],
)
def test_a_place_that_cannot_be_is_refused(make: Factories, app, wrong: dict[str, str]) -> None:
    manager = make.client(make.producer(code="htxbd"))

    response = send(manager, "/quan-tri/to-chuc/htxbd/dia-diem/moi", {**PLACE, "agrees": "screen", **wrong})

    assert response.status_code == 422
    assert count(app, select(Place)) == 0


def test_a_place_of_another_organisation_does_not_exist(make: Factories) -> None:
    place = make.place(make.producer())
    manager = make.client(make.producer(code="htxbd"))

    assert manager.get(f"/quan-tri/to-chuc/htxbd/dia-diem/{place.id}").status_code == 404


# --- What an office looks after ---------------------------------------------------------------------


def test_a_provinces_office_says_what_another_office_looks_after(officer, make, app) -> None:
    commune_office = make.office(of=(), code="baxa1", commune="21496")
    make.unit("21484")

    answer = send(officer, "/quan-tri/to-chuc/baxa1/dia-ban", {"units": ["21496", "21484"]})

    assert answer.status_code == 303
    with app.app_context():
        assert queries.jurisdiction_of(commune_office.id) == ["21484", "21496"]


def test_an_office_is_given_only_what_the_giver_looks_after(officer, make, app) -> None:
    make.office(of=(), code="baxa1", commune="21496")
    make.unit("01")

    assert send(officer, "/quan-tri/to-chuc/baxa1/dia-ban", {"units": ["01"]}).status_code == 422


def test_a_communes_office_gives_nothing(make: Factories) -> None:
    officer = make.client(make.office(of=("21496",), commune="21496"))
    make.office(of=(), code="baxa1", commune="21496")

    assert send(officer, "/quan-tri/to-chuc/baxa1/dia-ban", {"units": ["21496"]}).status_code == 403


# --- People -----------------------------------------------------------------------------------------


def invite(client: FlaskClient, code: str, **fields: str) -> str:
    """Invite somebody, and give the path of the link."""
    data = {"name": "Hồ Thị Lan", "role": "manager", "request_key": KEY, **fields}
    answer = send(client, f"/quan-tri/to-chuc/{code}/nguoi/moi", data)
    assert answer.status_code == 303, text_of(answer)
    page = client.get(answer.location).get_data(as_text=True)
    return re.search(r'value="http://shop.test(/loi-moi/[^"]+)"', page)[1]  # type: ignore[index]


def test_an_invited_person_chooses_a_password_and_works(officer, make, client, app, now) -> None:
    make.producer(code="htxbd")

    link = invite(officer, "htxbd", phone="0905 123 456", email="lan@demo.example")
    page = client.get(link)
    answer = send(client, link, name="Hồ Thị Lan", phone="0905123456", email="lan@demo.example", password=NEW_PASSWORD)

    assert "Hồ Thị Lan" in page.get_data(as_text=True)
    assert answer.status_code == 303
    assert "Chào mừng" in text_of(client.get("/quan-tri"))
    assert client.get("/quan-tri/to-chuc/htxbd/nguoi").status_code == 200
    assert run_jobs(app, now) == ["mail.send"]
    letter = letters(app)[-1]
    assert "To: lan@demo.example" in letter
    assert "Subject: Lời mời vào" in letter
    assert f"http://shop.test{link}" in letter


def test_an_invitation_works_once(officer, make, client, app) -> None:
    make.producer(code="htxbd")
    link = invite(officer, "htxbd")
    first = send(client, link, name="Lan", phone="0905123456", password=NEW_PASSWORD)
    other = app.test_client()

    again = send(other, link, name="Lan", phone="0905123457", password=NEW_PASSWORD)

    assert first.status_code == 303
    assert again.status_code == 410
    assert "đã được dùng" in text_of(again)
    assert count(app, select(User).where(User.name == "Lan")) == 1


def test_an_invitation_expires_after_fourteen_days(officer, make, client, stopped_clock, now) -> None:
    make.producer(code="htxbd")
    link = invite(officer, "htxbd")

    stopped_clock(now + timedelta(days=14) - timedelta(seconds=1))
    assert client.get(link).status_code == 200
    stopped_clock(now + timedelta(days=14))
    assert client.get(link).status_code == 410
    assert "hết hạn" in text_of(client.get(link))


def test_an_invitation_to_one_person_is_not_taken_by_anothers_account(officer, make, app) -> None:
    make.producer(code="htxbd")
    link = invite(officer, "htxbd", email="lan@demo.example")
    stranger = make.client(make.organisation("Quầy khác", kind=OrganisationKind.SALES_POINT))

    refused = send(stranger, f"{link}/nhan")

    assert refused.status_code == 409
    assert "gửi cho người khác" in text_of(refused)
    assert count(app, select(Invitation).where(Invitation.accepted_at.is_not(None))) == 0
    lan = make.client(make.producer(code="other"), email="lan@demo.example")
    assert send(lan, f"{link}/nhan").status_code == 303


def test_a_withdrawn_invitation_is_worthless_and_an_invented_one_is_none(officer, make, client, app) -> None:
    make.producer(code="htxbd")
    link = invite(officer, "htxbd")
    with app.app_context():
        invitation = db.session.scalars(select(Invitation)).one()

    assert send(officer, f"/quan-tri/to-chuc/htxbd/nguoi/loi-moi/{invitation.id}/thu-lai").status_code == 303
    assert client.get(link).status_code == 410
    assert client.get("/loi-moi/invented").status_code == 404


def test_another_organisations_invitation_cannot_be_withdrawn(officer, make, app) -> None:
    make.producer(code="htxbd")
    invite(officer, "htxbd")
    manager = make.client(make.producer(code="other"))
    with app.app_context():
        invitation = db.session.scalars(select(Invitation)).one()

    assert send(manager, f"/quan-tri/to-chuc/other/nguoi/loi-moi/{invitation.id}/thu-lai").status_code == 404


def test_the_link_of_an_invitation_is_shown_once_and_kept_as_a_digest_only(officer, make, app) -> None:
    make.producer(code="htxbd")
    link = invite(officer, "htxbd")

    assert officer.get("/quan-tri/to-chuc/htxbd/nguoi/moi/da-moi").status_code == 404
    with app.app_context():
        assert db.session.scalars(select(Invitation)).one().token_digest not in link


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"password": "ngan"}, "password"),
        ({"password": "matkhau123"}, "password"),
        ({"password": "12345678"}, "password"),
        ({"password": "aaaaaaaa"}, "password"),
        ({"password": "hothilan2026"}, "password"),
        ({"password": "x0905123456"}, "password"),
        ({"password": None}, "password"),
        ({"phone": None}, "phone"),
        ({"phone": "1"}, "phone"),
        ({"name": ""}, "name"),
    ],
)
def test_an_account_that_could_not_be_used_safely_is_not_made(officer, make, client, app, wrong, field) -> None:
    make.producer(code="htxbd")
    link = invite(officer, "htxbd")
    data = {"name": "Hồ Thị Lan", "phone": "0905123456", "password": NEW_PASSWORD, **wrong}

    response = send(client, link, data)

    assert response.status_code == 422
    assert f'href="#{field}"' in response.get_data(as_text=True)
    with app.app_context():
        assert db.session.scalars(select(Invitation)).one().accepted_at is None


def test_who_has_an_account_joins_with_it(officer, make, client, app) -> None:
    make.user(make.producer(), email="lan@demo.example")
    point = make.organisation(code="diem1", kind=OrganisationKind.SALES_POINT)
    link = invite(officer, "diem1", email="lan@demo.example")

    taken = send(client, link, name="Lan", email="lan@demo.example", password=NEW_PASSWORD)
    send(client, f"/dang-nhap?next={link}", identity="lan@demo.example", password=PASSWORD)
    shown = text_of(client.get(link))
    joined = send(client, link + "/nhan")

    assert taken.status_code == 422
    assert "Tham gia bằng tài khoản này" in shown
    assert joined.status_code == 303
    with app.app_context():
        assert db.session.scalar(select(Membership.role).where(Membership.organisation_id == point.id)) is Role.MANAGER
    assert "diem1" in client.get("/quan-tri/to-chuc/diem1").get_data(as_text=True)


def test_one_works_in_several_organisations_and_switches(make: Factories, app, now) -> None:
    first, second = make.producer(code="first"), make.producer(code="secnd")
    user = make.user(first, email="lan@demo.example")
    with app.app_context(), pytest.MonkeyPatch.context():
        from kernel.db import transaction

        with transaction():
            membership.add(
                db.session.get_one(Organisation, second.id),
                db.session.get_one(User, user.id),
                Role.STAFF,
                now=user.created_at,
            )
    client = app.test_client()
    send(client, "/dang-nhap", identity="lan@demo.example", password=PASSWORD)

    assert client.get("/quan-tri/to-chuc/first").status_code == 200
    assert send(client, "/quan-tri/tai-khoan/to-chuc", code="secnd").status_code == 303
    assert client.get("/quan-tri/to-chuc/first").status_code == 403  # staff there look after no people
    assert send(client, "/quan-tri/tai-khoan/to-chuc", code="to999").status_code == 404
    assert send(client, "/quan-tri/tai-khoan/to-chuc", code="first").status_code == 303
    assert client.get("/quan-tri/to-chuc/first").status_code == 200


def test_the_last_manager_can_neither_be_removed_nor_made_less(make: Factories, app) -> None:
    producer = make.producer(code="htxbd")
    manager = make.client(producer)
    with app.app_context():
        user_id = db.session.scalar(select(Membership.user_id).where(Membership.organisation_id == producer.id))

    assert send(manager, f"/quan-tri/to-chuc/htxbd/nguoi/{user_id}/go").status_code == 409
    assert send(manager, f"/quan-tri/to-chuc/htxbd/nguoi/{user_id}/vai-tro", role="staff").status_code == 409
    make.user(producer)
    assert send(manager, f"/quan-tri/to-chuc/htxbd/nguoi/{user_id}/vai-tro", role="staff").status_code == 303


def test_who_is_removed_no_longer_works_there_from_the_next_step_on(make: Factories) -> None:
    producer = make.producer(code="htxbd")
    manager, staff = make.client(producer), make.user(producer, role=Role.STAFF, email="lan@demo.example")
    at_work = manager.application.test_client()
    send(at_work, "/dang-nhap", identity="lan@demo.example", password=PASSWORD)
    assert at_work.get("/quan-tri").status_code == 200

    assert send(manager, f"/quan-tri/to-chuc/htxbd/nguoi/{staff.id}/go").status_code == 303

    assert at_work.get("/quan-tri").status_code == 302


def test_a_stranger_is_no_member(make: Factories) -> None:
    stranger = make.user(make.producer())
    manager = make.client(make.producer(code="htxbd"))

    for path in ("go", "vai-tro"):
        assert manager.get(f"/quan-tri/to-chuc/htxbd/nguoi/{stranger.id}/{path}").status_code == 404


def test_office_staff_cannot_make_themselves_managers(make: Factories) -> None:
    office = make.office(code="vpxa1")
    staff = make.client(office, role=Role.STAFF)

    assert staff.get("/quan-tri/to-chuc/vpxa1/nguoi").status_code == 200
    assert staff.get("/quan-tri/to-chuc/vpxa1/nguoi/moi").status_code == 403
    data = {"name": "Tôi", "role": "manager", "request_key": KEY}
    assert send(staff, "/quan-tri/to-chuc/vpxa1/nguoi/moi", data).status_code == 403


def test_a_communes_officer_manages_no_office(make: Factories) -> None:
    officer = make.client(make.office(of=("21496",), commune="21496"))
    make.office(of=("51",), code="tinh1", commune="21496")

    assert officer.get("/quan-tri/to-chuc/tinh1").status_code == 200
    assert officer.get("/quan-tri/to-chuc/tinh1/sua").status_code == 403
    assert officer.get("/quan-tri/to-chuc/tinh1/nguoi/moi").status_code == 403


# --- Acting for a producer --------------------------------------------------------------------------


def test_an_officer_acts_for_a_producer_on_recorded_consent_and_both_are_recorded(officer, office, make, app) -> None:
    producer = make.producer("Hộ Ba Động", code="ho001")

    assert "Hộ Ba Động" in text_of(officer.get("/quan-tri/lam-thay"))
    assert send(officer, "/quan-tri/lam-thay/ho001").status_code == 422
    assert send(officer, "/quan-tri/lam-thay/ho001", channel="phone").status_code == 303

    shown = text_of(officer.get("/quan-tri"))
    assert "Hộ Ba Động" in shown
    received = send(
        officer,
        "/quan-tri/nguyen-lieu/nhan",
        {"name": "Thóc", "quantity": "1", "unit": "kg", "supplier": "Hộ A", "commune": producer.commune_code}
        | {"day": "hom-nay", "number": "NL-1", "request_key": KEY},
    )
    assert received.status_code == 303
    history = text_of(make.client(producer).get(received.location))
    with app.app_context():
        who = db.session.scalars(select(TraceEvent)).one().user.name
    assert f"ghi hộ: {who}, {office.name_vi}" in history
    assert officer.get("/quan-tri/to-chuc").status_code == 403
    assert officer.get("/quan-tri/to-chuc/ho001/nguoi").status_code == 403
    assert send(officer, "/quan-tri/thoi-lam-thay").status_code == 303
    assert officer.get("/quan-tri/to-chuc").status_code == 200
    with app.app_context():
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "accounts.stop_acting")).one()
        assert (entry.organisation_id, entry.officer_organisation_id) == (producer.id, office.id)
        assert db.session.scalars(select(Consent)).one().channel == "phone"
    assert send(officer, "/quan-tri/lam-thay/ho001").status_code == 303  # asked once


def test_a_consent_taken_back_ends_the_acting_at_the_next_step(officer, make, app) -> None:
    producer = make.producer(code="ho001")
    manager = make.client(producer)
    send(officer, "/quan-tri/lam-thay/ho001", channel="direct")
    assert officer.get("/quan-tri/to-chuc").status_code == 403

    assert send(manager, "/quan-tri/to-chuc/ho001/rut-dong-y", purpose="officer_acts").status_code == 303

    assert officer.get("/quan-tri/to-chuc").status_code == 200
    with app.app_context():
        assert not consents.stands(producer.id, "officer_acts")


def test_an_officer_acts_for_no_producer_outside_the_jurisdiction_and_for_no_sales_point(make: Factories) -> None:
    officer = make.client(make.office(of=("21484",), commune="21484"))
    make.producer(code="ho001")
    make.organisation(code="diem1", kind=OrganisationKind.SALES_POINT, commune="21484")

    assert officer.get("/quan-tri/lam-thay/ho001").status_code == 404
    assert officer.get("/quan-tri/lam-thay/diem1").status_code == 409


# --- Forgotten passwords ----------------------------------------------------------------------------


def test_a_letter_leads_to_a_new_password_once_and_ends_all_sessions(make: Factories, client, app, now) -> None:
    producer = make.producer()
    make.user(producer, email="lan@demo.example")
    at_work = app.test_client()
    send(at_work, "/dang-nhap", identity="lan@demo.example", password=PASSWORD)

    assert send(client, "/quen-mat-khau", identity="LAN@demo.example").status_code == 303
    assert run_jobs(app, now) == ["accounts.forgotten", "mail.send"]
    link = re.search(r"http://shop\.test(/dat-lai-mat-khau/\S+)", letters(app)[-1])[1]  # type: ignore[index]

    assert client.get(link).status_code == 200
    assert send(client, link, password="ngan").status_code == 422
    assert send(client, link, password=NEW_PASSWORD).status_code == 303
    assert at_work.get("/quan-tri").status_code == 302
    assert client.get(link).status_code == 410
    assert send(client, link, password=NEW_PASSWORD + "2").status_code == 410
    assert send(client, "/dang-nhap", identity="lan@demo.example", password=PASSWORD).status_code == 422
    assert send(client, "/dang-nhap", identity="lan@demo.example", password=NEW_PASSWORD).status_code == 303
    with app.app_context():
        assert all(job.args == {} for job in db.session.scalars(select(Job)))


def test_the_answer_does_not_tell_whether_there_is_an_account(make: Factories, client, app, now) -> None:
    make.user(make.producer(), email="lan@demo.example")

    known = send(client, "/quen-mat-khau", identity="lan@demo.example")
    unknown = send(client, "/quen-mat-khau", identity="xxx@demo.example")

    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)
    assert run_jobs(app, now) == ["accounts.forgotten", "accounts.forgotten", "mail.send"]
    assert len(letters(app)) == 1


def test_asking_again_and_again_sends_one_letter(make: Factories, client, app, now) -> None:
    make.user(make.producer(), email="lan@demo.example")
    for _ in range(3):
        send(client, "/quen-mat-khau", identity="lan@demo.example")

    run_jobs(app, now)

    assert len(letters(app)) == 1


def test_a_link_is_good_for_two_hours(make: Factories, client, app, now, stopped_clock) -> None:
    make.user(make.producer(), email="lan@demo.example")
    send(client, "/quen-mat-khau", identity="lan@demo.example")
    run_jobs(app, now)
    link = re.search(r"http://shop\.test(/dat-lai-mat-khau/\S+)", letters(app)[-1])[1]  # type: ignore[index]

    stopped_clock(now + timedelta(hours=2))

    assert client.get(link).status_code == 410


def print_code(officer: FlaskClient, code: str, user_id: int) -> str:
    answer = send(officer, f"/quan-tri/to-chuc/{code}/nguoi/{user_id}/ma-dat-lai")
    assert answer.status_code == 303, text_of(answer)
    paper = officer.get(answer.location)
    assert officer.get(answer.location).status_code == 404
    return re.search(r"\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\b", text_of(paper))[0]  # type: ignore[index]


def test_a_printed_code_leads_to_a_new_password_once(officer, make, client, app) -> None:
    user = make.user(make.producer(code="htxbd"), phone="+84905123456")
    code = print_code(officer, "htxbd", user.id)
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")

    weak = send(client, "/ma-dat-lai", identity="0905123456", code=typed, password="12345678")
    says_who = send(client, "/ma-dat-lai", identity="0905123456", code=typed, password="x0905123456")
    first = send(client, "/ma-dat-lai", identity="0905123456", code=typed, password=NEW_PASSWORD)
    again = send(client, "/ma-dat-lai", identity="0905123456", code=typed, password=NEW_PASSWORD)

    assert weak.status_code == says_who.status_code == 422
    assert first.status_code == 303
    assert again.status_code == 422
    assert send(client, "/dang-nhap", identity="0905123456", password=NEW_PASSWORD).status_code == 303


def test_a_printed_code_can_be_tried_five_times(officer, make, client, app) -> None:
    user = make.user(make.producer(code="htxbd"), phone="+84905123456")
    code = print_code(officer, "htxbd", user.id)
    for _ in range(5):
        assert (
            send(client, "/ma-dat-lai", identity="0905123456", code="0000-0000", password=NEW_PASSWORD).status_code
            == 422
        )

    assert send(client, "/ma-dat-lai", identity="0905123456", code=code, password=NEW_PASSWORD).status_code == 422


def test_a_printed_code_is_good_for_seven_days_and_until_the_next_is_printed(
    officer, make, client, stopped_clock, now
) -> None:
    user = make.user(make.producer(code="htxbd"), phone="+84905123456")
    first, second = (print_code(officer, "htxbd", user.id) for _ in range(2))

    assert send(client, "/ma-dat-lai", identity="0905123456", code=first, password=NEW_PASSWORD).status_code == 422
    stopped_clock(now + timedelta(days=7))
    assert send(client, "/ma-dat-lai", identity="0905123456", code=second, password=NEW_PASSWORD).status_code == 422


def test_a_wrong_code_and_an_unknown_name_get_the_same_answer(officer, make, client) -> None:
    user = make.user(make.producer(code="htxbd"), phone="+84905123456")
    print_code(officer, "htxbd", user.id)

    wrong = send(client, "/ma-dat-lai", identity="0905123456", code="0000-0000", password=NEW_PASSWORD)
    unknown = send(client, "/ma-dat-lai", identity="0905999999", code="0000-0000", password=NEW_PASSWORD)

    assert wrong.status_code == unknown.status_code == 422
    assert text_of(wrong) == text_of(unknown)


def test_no_code_is_printed_for_who_also_works_where_the_office_is_not_set_over(make: Factories, app, now) -> None:
    officer = make.client(make.office(of=("21496",), commune="21496"))
    producer, province = make.producer(code="htxbd"), make.office(code="tinh1", commune="21484")
    user = make.user(producer)
    with app.app_context():
        from kernel.db import transaction

        with transaction():
            membership.add(
                db.session.get_one(Organisation, province.id),
                db.session.get_one(User, user.id),
                Role.STAFF,
                now=user.created_at,
            )

    answer = send(officer, f"/quan-tri/to-chuc/htxbd/nguoi/{user.id}/ma-dat-lai")

    assert answer.status_code == 403


def test_a_producers_manager_prints_no_codes(make: Factories) -> None:
    producer = make.producer(code="htxbd")
    user = make.user(producer)

    assert make.client(producer).get(f"/quan-tri/to-chuc/htxbd/nguoi/{user.id}/ma-dat-lai").status_code == 403


# --- One's own account ------------------------------------------------------------------------------


def test_one_changes_ones_own_password_and_other_sessions_end(make: Factories, app) -> None:
    make.user(make.producer(), email="lan@demo.example")
    here, elsewhere = app.test_client(), app.test_client()
    for client in (here, elsewhere):
        send(client, "/dang-nhap", identity="lan@demo.example", password=PASSWORD)

    wrong = send(here, "/quan-tri/tai-khoan/mat-khau", present="x", password=NEW_PASSWORD)
    weak = send(here, "/quan-tri/tai-khoan/mat-khau", present=PASSWORD, password="matkhau1")
    right = send(here, "/quan-tri/tai-khoan/mat-khau", present=PASSWORD, password=NEW_PASSWORD)

    assert wrong.status_code == weak.status_code == 422
    assert right.status_code == 303
    assert here.get("/quan-tri").status_code == 200
    assert elsewhere.get("/quan-tri").status_code == 302


def test_one_signs_out_everywhere_else(make: Factories, app) -> None:
    make.user(make.producer(), email="lan@demo.example")
    here, elsewhere = app.test_client(), app.test_client()
    for client in (here, elsewhere):
        send(client, "/dang-nhap", identity="lan@demo.example", password=PASSWORD)

    assert send(here, "/quan-tri/tai-khoan/dang-xuat-noi-khac").status_code == 303

    assert here.get("/quan-tri").status_code == 200
    assert elsewhere.get("/quan-tri").status_code == 302


def test_one_changes_ones_name_and_language(make: Factories, app) -> None:
    client = make.client(make.producer())

    answer = send(client, "/quan-tri/tai-khoan", name="Tên mới", language="en")

    assert answer.status_code == 303
    assert "My account" in text_of(client.get(answer.location))
    assert send(client, "/quan-tri/tai-khoan", name="", language="fr").status_code == 422


def test_a_producer_does_not_move_out_of_its_commune_by_itself(officer, make, app) -> None:
    make.unit("21496")
    producer = make.producer(code="htxbd", commune=BA_TO)
    page = "/quan-tri/to-chuc/htxbd/sua"
    profile = {"name_vi": producer.name_vi, "legal_form": producer.legal_form.value}

    refused = send(make.client(producer), page, profile | {"commune": "21496"})

    assert refused.status_code == 422
    assert 'id="commune-error"' in refused.text
    assert send(officer, page, profile | {"commune": "21496"}).status_code == 303


def test_what_binds_the_whole_programme_is_not_a_communes_office_to_change(make: Factories) -> None:
    province, commune = make.client(make.office()), make.client(make.office(of=(BA_TO,), code="vpxa2"))

    for door in ("/quan-tri/van-ban", "/quan-tri/van-ban/bao-mat", "/quan-tri/chung-nhan/moi"):
        assert province.get(door).status_code == 200, door
        assert commune.get(door).status_code == 403, door
    assert commune.get("/quan-tri/chung-nhan").status_code == 200


# --- The audit trail --------------------------------------------------------------------------------


def test_the_trail_names_its_documents_and_leads_to_them(make: Factories, officer) -> None:
    make.producer("Hợp tác xã Ba Động", code="htxbd", phone="+84905123456")
    send(officer, "/quan-tri/to-chuc/htxbd/dien-thoai", channel="direct")

    page = officer.get("/quan-tri/nhat-ky?viec=accounts").text

    assert re.search(r'<a href="/quan-tri/to-chuc/htxbd">Hợp tác xã Ba Động</a>', page)
    assert "organisation:htxbd" not in page


def test_an_office_reads_the_trail_of_its_jurisdiction_only(make: Factories, officer, app) -> None:
    make.producer(code="htxbd", phone="+84905123456")
    send(officer, "/quan-tri/to-chuc/htxbd/dien-thoai", channel="direct")
    elsewhere = make.client(make.office(of=("21484",), commune="21484", code="vpxa2"))

    assert "ghi nhận sự đồng ý" in text_of(officer.get("/quan-tri/nhat-ky?viec=accounts"))
    assert "organisation:htxbd" in officer.get("/quan-tri/nhat-ky?dang=csv").get_data(as_text=True)
    assert "/to-chuc/htxbd" in officer.get("/quan-tri/nhat-ky?tu=24/11/2026&den=24/11/2026").text
    assert "/to-chuc/htxbd" not in officer.get("/quan-tri/nhat-ky?tu=25/11/2026").text
    assert "/to-chuc/htxbd" not in elsewhere.get("/quan-tri/nhat-ky").text


def test_a_manager_reads_what_was_done_in_their_own_organisation_and_no_other(make: Factories) -> None:
    ours = make.producer("Hợp tác xã Ba Động", code="htxbd", phone="+84905123456")
    other = make.producer("Hộ khác", code="khac", phone="+84905123457")
    for organisation in (ours, other):
        send(make.client(organisation), f"/quan-tri/to-chuc/{organisation.code}/dien-thoai", channel="screen")
    manager = make.client(ours)

    page = manager.get("/quan-tri/nhat-ky")

    assert "Hợp tác xã Ba Động" in text_of(page)
    assert "Tự bấm trên màn hình" in text_of(page)
    assert "Hộ khác" not in page.text
    assert "organisation:khac" not in manager.get("/quan-tri/nhat-ky?dang=csv").get_data(as_text=True)
    assert 'name="to-chuc"' not in page.text
    assert make.client(ours, role=Role.STAFF).get("/quan-tri/nhat-ky").status_code == 403


def test_what_is_not_there_or_not_allowed_is_said_within_the_back_office(make: Factories, officer) -> None:
    staff = make.client(make.producer(), role=Role.STAFF)

    for browser, address, status in (
        (officer, "/quan-tri/khong-co", 404),
        (officer, "/quan-tri/to-chuc/khong-co", 404),
        (staff, "/quan-tri/nhat-ky", 403),
    ):
        answer = browser.get(address)
        assert answer.status_code == status
        assert 'class="staff"' in answer.text
        assert 'href="/quan-tri"' in answer.text
    assert 'class="staff"' not in officer.get("/khong-co").text


def test_an_english_page_names_the_organisation_in_english_where_it_has_such_a_name(make: Factories, app) -> None:
    ours = make.producer("Hợp tác xã Ba Động")
    with app.app_context(), transaction() as session:
        session.get_one(Organisation, ours.id).name_en = "Ba Dong Cooperative"
    browser = make.client(ours)

    assert "Ba Dong Cooperative" in browser.get("/quan-tri?lang=en").text
    assert "Ba Dong Cooperative" not in browser.get("/quan-tri?lang=vi").text


def test_a_day_that_is_none_is_said_and_narrows_nothing(make: Factories, officer) -> None:
    make.producer(code="htxbd", phone="+84905123456")
    send(officer, "/quan-tri/to-chuc/htxbd/dien-thoai", channel="direct")

    page = officer.get("/quan-tri/nhat-ky?tu=31/02/2026&den=abc").text

    assert "ngày/tháng/năm" in page
    assert 'value="31/02/2026"' in page
    assert "/to-chuc/htxbd" in page


def test_letters_are_written_in_the_language_of_their_reader(make: Factories, client, app, now) -> None:
    user = make.user(make.producer(), email="lan@demo.example")
    with app.app_context(), transaction():
        db.session.get_one(User, user.id).language = "en"
        resetting.send_link("lan@demo.example", now=now)
    run_jobs(app, now)

    assert "Subject: A new password for your account" in letters(app)[-1]
