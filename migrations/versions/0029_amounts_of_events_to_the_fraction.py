"""amounts of events to the fraction"""

from alembic import op

revision = '0029'
down_revision = '0028'
branch_labels = None
depends_on = None


def upgrade():
    # Not by batch: the table keeps its triggers.
    op.execute(
        "ALTER TABLE event_lot ADD COLUMN rounding BIGINT DEFAULT '0' NOT NULL"
        " CONSTRAINT ck_event_lot_rounding CHECK (rounding BETWEEN 0 AND 999999999999)"
    )


def downgrade():
    op.execute('ALTER TABLE event_lot DROP COLUMN rounding')
