"""foreign keys of products that PostgreSQL lacked

They are added after both tables stand, and nobody added them there: SQLite has had them from the first.
"""

from alembic import op
from sqlalchemy import inspect

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None

_KEYS = {
    'fk_product_draft': 'draft_version_id',
    'fk_product_submitted': 'submitted_version_id',
    'fk_product_approved': 'approved_version_id',
    'fk_product_published': 'published_version_id',
}


def upgrade():
    known = {key['name'] for key in inspect(op.get_bind()).get_foreign_keys('product')}
    for name, column in _KEYS.items():
        if name not in known:
            op.create_foreign_key(name, 'product', 'product_version', [column], ['id'])


def downgrade():
    if op.get_bind().dialect.name == 'postgresql':
        for name in _KEYS:
            op.drop_constraint(name, 'product', type_='foreignkey')
