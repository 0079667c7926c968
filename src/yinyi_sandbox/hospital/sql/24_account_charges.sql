-- What the hospital's own rooms have charged to prepaid accounts, as they believe it: the platform keeps the accounts.

CREATE TABLE his.account_charge (
    charge_no    text PRIMARY KEY,
    institution  text NOT NULL DEFAULT 'his',
    patient_no   text NOT NULL,
    amount_fen   int  NOT NULL CHECK (amount_fen > 0),
    returned_fen int  NOT NULL DEFAULT 0 CHECK (returned_fen BETWEEN 0 AND amount_fen),
    charged_at   timestamptz NOT NULL
);
CREATE INDEX ON his.account_charge (charged_at);
COMMENT ON COLUMN his.account_charge.institution IS 'which of the hospital''s programs, as the platform calls it';

CREATE FUNCTION his.query_account_charges(p_since timestamptz, p_until timestamptz)
RETURNS TABLE (charge_no text, institution text, patient_no text, amount_fen int, returned_fen int,
               charged_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_account_charges');
    RETURN QUERY
        SELECT c.charge_no, c.institution, c.patient_no, c.amount_fen, c.returned_fen, c.charged_at
        FROM his.account_charge c WHERE c.charged_at BETWEEN p_since AND p_until ORDER BY c.charged_at, c.charge_no;
END $$;
