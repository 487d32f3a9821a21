"""what stands is not replaced

Append-only tables made before refuse INSERT OR REPLACE too (SQLite), and the floor of a balance, on which the rule
that nothing goes below zero rests, is settled when its row is made: below zero at production alone.
"""

from alembic import op

from migrations.guards import guard_replacement

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

GUARDED_BEFORE = (
    'audit_entry',
    'event_file',
    'event_lot',
    'movement',
    'price',
    'product_review',
    'product_version',
    'public_text',
    'sale',
    'sale_line',
    'sale_reversal',
    'trace_event',
    'version_item',
    'version_photo',
)
_FLOOR = """
CREATE OR REPLACE FUNCTION refuse_floor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF NEW.floor_quantity IS DISTINCT FROM OLD.floor_quantity THEN
      RAISE EXCEPTION 'the floor of a balance is settled' USING ERRCODE = 'restrict_violation';
    END IF;
  ELSIF NEW.floor_quantity <> 0
    AND (SELECT kind FROM location WHERE id = NEW.location_id) IS DISTINCT FROM 'production' THEN
    RAISE EXCEPTION 'the floor of a balance is zero but at production' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$
"""


def upgrade():
    for table in GUARDED_BEFORE:
        guard_replacement(table)
    if op.get_bind().dialect.name == 'sqlite':
        op.execute(
            "CREATE TRIGGER balance_floor_settled BEFORE UPDATE OF floor_quantity ON balance "
            "WHEN NEW.floor_quantity IS NOT OLD.floor_quantity "
            "BEGIN SELECT RAISE(ABORT, 'the floor of a balance is settled'); END"
        )
        op.execute(
            "CREATE TRIGGER balance_floor_made BEFORE INSERT ON balance WHEN NEW.floor_quantity <> 0 "
            "AND (SELECT kind FROM location WHERE id = NEW.location_id) IS NOT 'production' "
            "BEGIN SELECT RAISE(ABORT, 'the floor of a balance is zero but at production'); END"
        )
        return
    op.execute(_FLOOR)
    op.execute(
        "CREATE TRIGGER balance_floor BEFORE INSERT OR UPDATE OF floor_quantity ON balance "
        "FOR EACH ROW EXECUTE FUNCTION refuse_floor()"
    )


def downgrade():
    if op.get_bind().dialect.name == 'sqlite':
        op.execute("DROP TRIGGER balance_floor_settled")
        op.execute("DROP TRIGGER balance_floor_made")
        return
    op.execute("DROP TRIGGER balance_floor ON balance")
    op.execute("DROP FUNCTION refuse_floor()")
