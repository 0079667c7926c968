-- Invoices: what a doctor has ordered and is to be paid. The version changes whenever what is to be paid does.

CREATE SEQUENCE his.invoice_seq;
CREATE TABLE his.invoice (
    invoice_no      text PRIMARY KEY,
    form_no         text NOT NULL UNIQUE,
    registration_no text,
    patient_no      text NOT NULL REFERENCES his.patient,
    dept_code       text NOT NULL REFERENCES his.department,
    doctor_code     text NOT NULL REFERENCES his.doctor (doctor_code),
    title           text NOT NULL,
    ordered_at      timestamptz NOT NULL,
    version         int  NOT NULL DEFAULT 1,
    state           text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'paid', 'cancelled', 'refunded')),
    total_fen       int  NOT NULL CHECK (total_fen >= 0),
    refunded_fen    int  NOT NULL DEFAULT 0 CHECK (refunded_fen BETWEEN 0 AND total_fen),
    held_by         text,
    held_until      timestamptz NOT NULL DEFAULT '-infinity',
    paid_by         text,
    paid_at         timestamptz,
    CHECK ((state IN ('paid', 'refunded')) = (paid_by IS NOT NULL))
);
CREATE INDEX ON his.invoice (patient_no, ordered_at);
CREATE INDEX ON his.invoice (paid_by);
COMMENT ON COLUMN his.invoice.form_no IS 'what the QR on the request form says';

CREATE TABLE his.invoice_line (
    invoice_no  text NOT NULL REFERENCES his.invoice,
    line_no     int  NOT NULL,
    item_code   text NOT NULL REFERENCES his.charge_item,
    quantity    int  NOT NULL CHECK (quantity > 0),
    price_fen   int  NOT NULL,
    amount_fen  int  NOT NULL CHECK (amount_fen = quantity * price_fen),
    remark      text NOT NULL DEFAULT '',
    performed   boolean NOT NULL DEFAULT false,
    refunded_by text,
    PRIMARY KEY (invoice_no, line_no)
);

-- One row a reference of the payer's side: it keeps invoices, pays them, lets them go.
CREATE SEQUENCE his.receipt_seq;
CREATE TABLE his.bill_posting (
    ref         text PRIMARY KEY,
    source      text NOT NULL CHECK (source IN ('platform', 'window')),
    state       text NOT NULL CHECK (state IN ('held', 'paid', 'released')),
    invoice_nos text[] NOT NULL,
    versions    int[]  NOT NULL,
    amount_fen  int  NOT NULL,
    made_at     timestamptz NOT NULL,
    payment_no  text,
    means       text,
    paid_at     timestamptz,
    receipt_no  text UNIQUE
);
CREATE INDEX ON his.bill_posting (made_at);
COMMENT ON TABLE his.bill_posting IS 'a released one without invoices: given back before it ever came';

CREATE TABLE his.bill_refund (
    ref        text PRIMARY KEY,
    source     text NOT NULL,
    invoice_no text NOT NULL REFERENCES his.invoice,
    line_nos   int[] NOT NULL,
    whole      boolean NOT NULL,
    amount_fen int  NOT NULL CHECK (amount_fen > 0),
    made_at    timestamptz NOT NULL
);
CREATE INDEX ON his.bill_refund (made_at);

-- An invoice with its lines; the number carries the day, the form's number a digit to check it by.
CREATE FUNCTION his.new_invoice_(
    p_patient_no text, p_dept_code text, p_doctor_code text, p_title text, p_registration_no text, p_item_codes text[],
    p_quantities int[], p_at timestamptz) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_seq  text := lpad(nextval('his.invoice_seq')::text, 7, '0');
    v_day  text := to_char(p_at AT TIME ZONE 'Asia/Shanghai', 'YYMMDD');
    v_no   text := v_day || v_seq;
BEGIN
    INSERT INTO his.invoice (invoice_no, form_no, registration_no, patient_no, dept_code, doctor_code, title, ordered_at,
                             total_fen)
    VALUES (v_no, 'RF' || v_no || his.check_digit_(v_no), p_registration_no, p_patient_no, p_dept_code, p_doctor_code,
            p_title, p_at, 0);
    INSERT INTO his.invoice_line (invoice_no, line_no, item_code, quantity, price_fen, amount_fen)
    SELECT v_no, t.line_no, i.item_code, t.quantity, i.price_fen, t.quantity * i.price_fen
    FROM unnest(p_item_codes, p_quantities) WITH ORDINALITY AS t (item_code, quantity, line_no)
    JOIN his.charge_item i USING (item_code);
    PERFORM his.add_up_(v_no);
    RETURN v_no;
END $$;

CREATE FUNCTION his.add_up_(p_invoice_no text) RETURNS void LANGUAGE sql AS $$
    UPDATE his.invoice SET total_fen = (
        SELECT coalesce(sum(amount_fen), 0) FROM his.invoice_line WHERE invoice_no = p_invoice_no)
    WHERE invoice_no = p_invoice_no
$$;

-- Luhn's, as on bank cards.
CREATE FUNCTION his.check_digit_(p_digits text) RETURNS int LANGUAGE sql IMMUTABLE AS $$
    SELECT (10 - sum(CASE WHEN (length(p_digits) - place) % 2 = 1 THEN digit
                          WHEN digit > 4 THEN digit * 2 - 9 ELSE digit * 2 END)::int % 10) % 10
    FROM (SELECT place, substr(p_digits, place, 1)::int AS digit FROM generate_series(1, length(p_digits)) AS place) AS d
$$;
