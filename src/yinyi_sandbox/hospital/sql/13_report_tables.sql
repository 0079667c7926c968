-- What was asked of the laboratory and the examination departments, and what they found.

CREATE SEQUENCE his.test_order_seq;
CREATE SEQUENCE his.tube_seq;
CREATE TABLE his.test_order (
    order_no     text PRIMARY KEY,
    kind_code    text NOT NULL CHECK (kind_code IN ('L', 'I')),
    invoice_no   text NOT NULL,
    line_no      int  NOT NULL,
    patient_no   text NOT NULL REFERENCES his.patient,
    item_code    text NOT NULL REFERENCES his.charge_item,
    state        text NOT NULL CHECK (state IN ('ordered', 'sampled', 'testing', 'final', 'corrected', 'cancelled')),
    barcode      text,
    requested_at timestamptz NOT NULL,
    sampled_at   timestamptz,
    testing_at   timestamptz,
    issued_at    timestamptz,
    version      int NOT NULL DEFAULT 0,
    FOREIGN KEY (invoice_no, line_no) REFERENCES his.invoice_line
);
CREATE INDEX ON his.test_order (patient_no, requested_at);
CREATE INDEX ON his.test_order (barcode);
CREATE INDEX ON his.test_order (invoice_no, line_no);
CREATE INDEX ON his.test_order (requested_at) WHERE state IN ('ordered', 'sampled', 'testing');
COMMENT ON COLUMN his.test_order.barcode IS 'of the tube; tests of one order that need the same tube share it';
COMMENT ON COLUMN his.test_order.sampled_at IS 'when the specimen was taken, or the patient examined';

CREATE TABLE his.report (
    order_no    text NOT NULL REFERENCES his.test_order,
    version     int  NOT NULL,
    state       text NOT NULL CHECK (state IN ('final', 'corrected')),
    issued_at   timestamptz NOT NULL,
    findings    text NOT NULL DEFAULT '',
    impression  text NOT NULL DEFAULT '',
    remark      text NOT NULL DEFAULT '',
    reported_by text NOT NULL,
    reviewed_by text NOT NULL,
    PRIMARY KEY (order_no, version)
);

-- flag as in FHIR: N normal, H and L, HH and LL where somebody is called at once, A another word than expected.
CREATE TABLE his.report_result (
    order_no     text NOT NULL,
    version      int  NOT NULL,
    rank         int  NOT NULL,
    analyte_code text NOT NULL REFERENCES his.analyte,
    value        float8,
    value_text   text NOT NULL DEFAULT '',
    low          float8,
    high         float8,
    expected     text NOT NULL DEFAULT '',
    flag         text NOT NULL DEFAULT 'N' CHECK (flag IN ('N', 'H', 'L', 'HH', 'LL', 'A')),
    PRIMARY KEY (order_no, version, rank),
    FOREIGN KEY (order_no, version) REFERENCES his.report
);

CREATE FUNCTION his.new_barcode_(p_at timestamptz) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT digits || his.check_digit_(digits)
    FROM (SELECT to_char(p_at AT TIME ZONE 'Asia/Shanghai', 'YYMMDD') || lpad(nextval('his.tube_seq')::text, 6, '0')
          OFFSET 0) AS d (digits)
$$;

-- What was paid for and has to be tested or looked at.
CREATE FUNCTION his.request_tests_(p_invoice_nos text[], p_at timestamptz) RETURNS void LANGUAGE sql AS $$
    WITH wanted AS (
        SELECT l.invoice_no, l.line_no, i.patient_no, l.item_code, c.category_code, p.tube
        FROM his.invoice_line l JOIN his.invoice i USING (invoice_no) JOIN his.charge_item c USING (item_code)
        LEFT JOIN his.panel p USING (item_code)
        WHERE l.invoice_no = ANY (p_invoice_nos) AND c.category_code IN ('L', 'I')),
    tubes AS (
        SELECT invoice_no, tube, his.new_barcode_(p_at) AS barcode
        FROM (SELECT DISTINCT invoice_no, tube FROM wanted WHERE tube IS NOT NULL) AS needed)
    INSERT INTO his.test_order (order_no, kind_code, invoice_no, line_no, patient_no, item_code, state, barcode,
                                requested_at)
    SELECT to_char(p_at AT TIME ZONE 'Asia/Shanghai', 'YYMMDD') || lpad(nextval('his.test_order_seq')::text, 8, '0'),
           w.category_code, w.invoice_no, w.line_no, w.patient_no, w.item_code, 'ordered', t.barcode, p_at
    FROM wanted w LEFT JOIN tubes t USING (invoice_no, tube)
    ORDER BY w.invoice_no, w.line_no
$$;

-- Without line_nos: of all lines.
CREATE FUNCTION his.cancel_tests_(p_invoice_nos text[], p_line_nos int[]) RETURNS void LANGUAGE sql AS $$
    UPDATE his.test_order SET state = 'cancelled'
    WHERE invoice_no = ANY (p_invoice_nos) AND (p_line_nos IS NULL OR line_no = ANY (p_line_nos)) AND state = 'ordered'
$$;
