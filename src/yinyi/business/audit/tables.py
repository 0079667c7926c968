"""The audit log. It can be added to and, once, sealed: nothing else, for nobody who has not taken the triggers off."""

from sqlalchemy import (
    DDL,
    BigInteger,
    CheckConstraint,
    Column,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    event,
)

from yinyi.bus.schema import INSTANT, metadata

audit = Table(
    "audit",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("audit_id", BigInteger, Identity(), primary_key=True),
    Column("at", INSTANT, nullable=False),
    Column("actor", Text, nullable=False),
    Column("patient_id", BigInteger, nullable=False),
    Column("operation", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("correlation_id", Text, nullable=False),
    Column("place", BigInteger),
    Column("hash", LargeBinary),
    Column("sealed_at", INSTANT),
    CheckConstraint(
        "(place IS NULL) = (hash IS NULL) AND (place IS NULL) = (sealed_at IS NULL) AND place > 0", name="seal"
    ),
)
Index(
    "audit_place_key",
    audit.c.hospital_id,
    audit.c.place,
    unique=True,
    postgresql_where=audit.c.place.is_not(None),
)
Index("audit_unsealed_ix", audit.c.audit_id, postgresql_where=audit.c.place.is_(None))

TRIGGERS = [
    """
    CREATE OR REPLACE FUNCTION audit_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'UPDATE' THEN
        IF OLD.place IS NULL
          AND (NEW.hospital_id, NEW.audit_id, NEW.at, NEW.actor, NEW.patient_id, NEW.operation, NEW.subject,
               NEW.detail, NEW.correlation_id)
            IS NOT DISTINCT FROM
              (OLD.hospital_id, OLD.audit_id, OLD.at, OLD.actor, OLD.patient_id, OLD.operation, OLD.subject,
               OLD.detail, OLD.correlation_id) THEN
          RETURN NEW;
        END IF;
      END IF;
      RAISE EXCEPTION USING MESSAGE = 'the audit log is only added to', ERRCODE = 'insufficient_privilege';
    END $$
    """,
    """
    CREATE OR REPLACE TRIGGER audit_row_guard BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_guard()
    """,
    """
    CREATE OR REPLACE TRIGGER audit_sealed_guard BEFORE INSERT ON audit
    FOR EACH ROW WHEN (NEW.place IS NOT NULL OR NEW.hash IS NOT NULL OR NEW.sealed_at IS NOT NULL)
    EXECUTE FUNCTION audit_guard()
    """,
    """
    CREATE OR REPLACE TRIGGER audit_table_guard BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_guard()
    """,
]
"""For the migration that makes the table; ``metadata.create_all`` runs them by itself. Safe to run again."""

for _statement in TRIGGERS:
    event.listen(audit, "after_create", DDL(_statement))
