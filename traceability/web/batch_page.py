"""The page behind a printed code: where a batch comes from, who made it, under which certificate.

It is a rendered copy: nothing personal, no count, no token. At most eight statements make it (the revision of
what it shows included): the batch, the chain above it, the events, the files, the pictures, the certificates,
the communes around.
"""

from __future__ import annotations

import base64

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from accounts.web.guard import public
from kernel import clock, gs1, media, pages, proof
from ocop import queries as certificates
from ocop.certification import state
from traceability import addresses, labels, queries
from traceability.models import Lot, LotState
from traceability.queries import NoSuchBatch, Story
from traceability.web import telling, unknown
from traceability.web.words import commune, said

blueprint = Blueprint("batch", __name__)


@blueprint.get("/lo/<organisation_code>/<token>")
@public
def show(organisation_code: str, token: str) -> str | tuple[str, int] | BaseResponse:
    """Show a batch, or say that the code is not in the system and offer to type it again."""
    if (organisation_code.lower(), _read(token)) != (organisation_code, token):
        query = request.query_string.decode("latin-1")
        address = url_for("batch.show", organisation_code=organisation_code.lower(), token=_read(token))
        return redirect(address + (f"?{query}" if query else ""), 301)
    today = clock.business_date(clock.now())
    try:
        story = queries.batch_story(organisation_code, token, today)
    except NoSuchBatch:
        return unknown.page(f"{organisation_code} {token}")
    depend_on(story)
    certificate = certificates.latest([story.product.id], today).get(story.product.id)
    standing = state(certificate, today) if certificate is not None else None
    pictures = media.pictures(file.digest for file in story.attached)
    photos = [file for file in story.attached if file.kind == "photo" and file.digest in pictures]
    verdict = telling.verdict_of(story, certificate, today)
    chain, listed = telling.chain_of(story, said(story.version, "name"))
    in_log = [happening for happening in story.happenings if happening.position is not None]
    base_url = current_app.config["OCOP"].base_url
    path = queries.path_of(story.producer.code, story.batch.token)
    printed = addresses.printed(story.producer.code, story.batch, story.item, base_url=base_url)
    return render_template(
        "traceability/batch_page/show.html",
        story=story,
        verdict=verdict,
        certificate=certificate,
        standing=standing,
        photo=photos[0] if photos else None,
        main_picture=telling.main_picture(pictures[photos[0].digest]) if photos else None,
        pictures=pictures,
        name=telling.name_with_content(story),
        origin=telling.origin_words(story),
        happenings=story.happenings,
        in_log=in_log,
        proof_path=f"/so-minh-bach{path}.json",
        log_key=base64.b64encode(proof.signer().public).decode() if in_log else "",
        timeline_steps=telling.timeline_of(story, pictures),
        chain=chain if story.edges else None,
        chain_list=listed,
        map_drawing=telling.map_of(story, queries.communes_around(unit.code for unit in story.origins)),
        provinces=telling.provinces_of(story, today),
        origins=telling.first_large(", ".join(commune(unit) for unit in story.origins)),
        papers=[file for file in story.attached if file.kind == "lot"],
        label=telling.label_lines(story),
        nine=telling.nine_items(story, picture=bool(photos), on=today),
        bad_inputs=_bad_inputs(story),
        qr=labels.qr_svg(printed, title=gettext("Code of this batch")),
        code=queries.spoken_code(story.producer.code, story.batch.token),
        has_gtin=story.item.gtin is not None,
        is_sample=any((story.lot.is_sample, story.product.is_sample, story.producer.is_sample)),
        path=path,
        address=base_url + path,
        structured=telling.structured(
            story, base_url=base_url, path=path, pictures=[pictures[file.digest] for file in photos], on=today
        ),
    )


def _bad_inputs(story: Story) -> list[Lot]:
    """List what went in and is stopped; of a batch that is recalled itself only what is recalled as well."""
    stopped = {LotState.RECALLED} if story.lot.state is LotState.RECALLED else {LotState.HELD, LotState.RECALLED}
    return [lot for lot in story.lots.values() if lot.id != story.lot.id and lot.state in stopped]


@blueprint.get("/lo/<organisation_code>/<token>/ma.svg")
@public
def code_svg(organisation_code: str, token: str) -> Response:
    """Give the printed code of a batch as a drawing."""
    text, number = _printed(organisation_code, token)
    svg = labels.qr_svg(text, title=gettext("Code of batch %(number)s", number=number))
    return _file(svg.encode(), "image/svg+xml", f"ma-{number}.svg")


@blueprint.get("/lo/<organisation_code>/<token>/ma.png")
@public
def code_png(organisation_code: str, token: str) -> Response:
    """Give the printed code of a batch as a picture."""
    text, number = _printed(organisation_code, token)
    return _file(labels.qr_png(text, module_px=12), "image/png", f"ma-{number}.png")


def _printed(organisation_code: str, token: str) -> tuple[str, str]:
    batch, item, _ = queries.public_batch(organisation_code, _read(token))
    base_url = current_app.config["OCOP"].base_url
    return addresses.printed(organisation_code, batch, item, base_url=base_url), batch.number


def _read(token: str) -> str:
    return token if gs1.is_token(token) else gs1.typed_token(token)


def _file(data: bytes, media_type: str, name: str) -> Response:
    answer = Response(data, mimetype=media_type)
    plain = "".join(sign if sign.isalnum() or sign in "-._" else "_" for sign in name)
    answer.headers["Content-Disposition"] = f'inline; filename="{plain}"'
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def depend_on(story: Story) -> None:
    """Say whose changes change this page: its lots up the chain, its product, everybody it names."""
    named = {story.producer.id, *(happening.organisation.id for happening in story.happenings)}
    named |= {lot.supplier_organisation_id for lot in story.lots.values() if lot.supplier_organisation_id is not None}
    pages.depends_on(
        pages.LOG,
        pages.product(story.product.id),
        *(pages.lot(id) for id in story.lots),
        *(pages.organisation(id) for id in sorted(named)),
    )
