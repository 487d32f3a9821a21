"""one account of one payee"""

from collections import Counter

import sqlalchemy as sa
from alembic import op

revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None

_IN_USE = {'unique': True, 'sqlite_where': sa.text('is_active'), 'postgresql_where': sa.text('is_active')}

_account = sa.table(
    'bank_account',
    *(sa.column(name) for name in ('id', 'organisation_id', 'bank_bin', 'number')),
    sa.column('is_active', sa.Boolean),
)
_credit = sa.table(
    'bank_credit',
    *(sa.column(name) for name in ('id', 'identity', 'payee_id', 'account', 'bank_reference', 'amount_vnd')),
    *(sa.column(name) for name in ('outcome', 'decision')),
)
_refund = sa.table('refund', *(sa.column(name) for name in ('state', 'asked_at', 'done_at')))


def upgrade():
    _leave_one_account_in_use()
    _name_the_payee_of_money()
    op.execute(_refund.update().where(_refund.c.state == 'asked').values(done_at=None))
    op.execute(
        _refund.update()
        .where(_refund.c.state != 'asked', _refund.c.done_at.is_(None))
        .values(done_at=_refund.c.asked_at)
    )
    op.execute(
        _credit.update().where(_credit.c.outcome == 'settled', _credit.c.decision == '').values(decision='–')
    )
    with op.batch_alter_table('bank_account', schema=None) as batch_op:
        batch_op.create_index('uq_bank_account_in_use', ['organisation_id'], **_IN_USE)
        batch_op.create_index('uq_bank_account_number_in_use', ['bank_bin', 'number'], **_IN_USE)

    with op.batch_alter_table('bank_credit', schema=None) as batch_op:
        batch_op.create_check_constraint(
            op.f('ck_bank_credit_settled_has_decision'), "outcome <> 'settled' OR decision <> ''"
        )

    with op.batch_alter_table('refund', schema=None) as batch_op:
        batch_op.create_check_constraint(op.f('ck_refund_ended_has_time'), "(state = 'asked') = (done_at IS NULL)")


def downgrade():
    with op.batch_alter_table('refund', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_refund_ended_has_time'), type_='check')

    with op.batch_alter_table('bank_credit', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_bank_credit_settled_has_decision'), type_='check')

    with op.batch_alter_table('bank_account', schema=None) as batch_op:
        batch_op.drop_index('uq_bank_account_number_in_use', **_IN_USE)
        batch_op.drop_index('uq_bank_account_in_use', **_IN_USE)

    _name_the_account_of_money()


def _leave_one_account_in_use():
    """Let go of what is no longer possible: accounts of offices that look after no province, all but the newest of an
    organisation, and of one number all but the first.
    """
    rows = sa.select(_account).where(_account.c.is_active).order_by(_account.c.id)
    accounts = op.get_bind().execute(rows).all()
    newest = {row.organisation_id: row.id for row in accounts}
    province = set(op.get_bind().execute(sa.text(
        'SELECT organisation_id FROM jurisdiction JOIN administrative_unit ON code = unit_code '
        "WHERE level = 'province'"
    )).scalars())
    offices = set(op.get_bind().execute(sa.text("SELECT id FROM organisation WHERE kind = 'office'")).scalars())
    taken, gone = set(), []
    for row in accounts:
        name = (row.bank_bin, row.number)
        is_idle = row.organisation_id in offices - province
        if is_idle or newest[row.organisation_id] != row.id or name in taken:
            gone.append(row.id)
        else:
            taken.add(name)
    for id in gone:
        op.execute(_account.update().where(_account.c.id == id).values(is_active=False))


def _name_the_payee_of_money():
    """Name money by its payee and its whole reference, so that a statement brought in again is known as before."""
    _rename(
        lambda row: f'{row.account}:',
        lambda row: f"{row.payee_id}/{row.account}:{''.join(_reference(row).split())}:{row.amount_vnd}",
        lambda row: f'{row.payee_id}/{row.identity}',
    )


def _name_the_account_of_money():
    _rename(
        lambda row: f'{row.payee_id}/{row.account}:',
        lambda row: f'{row.account}:{_reference(row).split()[0]}:{row.amount_vnd}',
        lambda row: row.identity.partition('/')[2],
    )


def _rename(begins, with_reference, without):
    rows = op.get_bind().execute(sa.select(_credit).order_by(_credit.c.id)).all()
    names = {row.id: row.identity for row in rows}
    seen = Counter()
    for row in rows:
        if not row.account or not row.identity.startswith(begins(row)):
            continue
        if _reference(row) and _is_by_reference(row):
            name = with_reference(row)
            seen[name] += 1
            names[row.id] = name if seen[name] == 1 else f'{name}:{seen[name]}'
        else:
            names[row.id] = without(row)
    for row in rows:
        if names[row.id] != row.identity:
            op.execute(_credit.update().where(_credit.c.id == row.id).values(identity=f'#{row.id}'))
    used = Counter()
    for row in rows:
        name = names[row.id]
        used[name] += 1
        if name != row.identity:
            name = name if used[name] == 1 else f'{name}:again:{row.id}'
            op.execute(_credit.update().where(_credit.c.id == row.id).values(identity=name))


def _reference(row):
    return row.bank_reference.split('\\')[0].strip().upper()[:120]


def _is_by_reference(row):
    """Tell whether money is named by its reference, and not by the words of a statement that gave none."""
    begin = _reference(row).split()[0]
    rest = row.identity.partition(':')[2]
    return rest.startswith(begin)
