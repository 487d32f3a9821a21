"""a picture nobody shows is erased"""

import sqlalchemy as sa
from alembic import op

import kernel.db
revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table('stored_file', schema=None) as batch_op:
        batch_op.add_column(sa.Column('erased_at', kernel.db.UtcDateTime(timezone=True), nullable=True))


def downgrade():
    with op.batch_alter_table('stored_file', schema=None) as batch_op:
        batch_op.drop_column('erased_at')
