"""what is declared of lots"""

import sqlalchemy as sa
from alembic import op

import kernel.db
from migrations.guards import guard, unguard

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('lot_declaration',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('lot_id', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('reference', sa.String(length=60), nullable=False),
    sa.Column('declared_at', kernel.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_lot_declaration_lot_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lot_declaration')),
    sa.UniqueConstraint('lot_id', 'version', name=op.f('uq_lot_declaration_lot_id_version')),
    sa.UniqueConstraint('reference', name=op.f('uq_lot_declaration_reference'))
    )
    guard('lot_declaration')
    # The worker writes down what was declared of the lots that are there.
    if op.get_bind().scalar(sa.text("SELECT 1 FROM lot WHERE kind <> 'external' LIMIT 1")):
        op.execute(
            "INSERT INTO job (kind, args, dedupe, run_at, attempts) "
            "VALUES ('traceability.declare_lots', '{}', 'traceability.declare_lots', CURRENT_TIMESTAMP, 0)"
        )


def downgrade():
    op.execute("DELETE FROM job WHERE kind = 'traceability.declare_lots'")
    unguard('lot_declaration')
    op.drop_table('lot_declaration')
