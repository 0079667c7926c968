-- Inpatient stays: a bed in a ward, what every day costs, deposits, discharge and settlement.

CREATE SEQUENCE his.stay_seq;
CREATE SEQUENCE his.settlement_seq;
CREATE TABLE his.stay (
    admission_no  text PRIMARY KEY,
    patient_no    text NOT NULL REFERENCES his.patient,
    ward_code     text NOT NULL REFERENCES his.ward,
    bed_no        text NOT NULL,
    doctor_code   text NOT NULL REFERENCES his.doctor (doctor_code),
    diagnosis     text NOT NULL,
    admitted_at   timestamptz NOT NULL,
    charged_on    date NOT NULL,
    discharged_at timestamptz,
    settled_at    timestamptz,
    settlement_no text UNIQUE,
    state         text NOT NULL DEFAULT 'admitted' CHECK (state IN ('admitted', 'discharged', 'settled')),
    CHECK ((discharged_at IS NULL) = (state = 'admitted') AND (settled_at IS NULL) = (state <> 'settled'))
);
CREATE INDEX ON his.stay (patient_no);
CREATE UNIQUE INDEX ON his.stay (ward_code, bed_no) WHERE state = 'admitted';
COMMENT ON COLUMN his.stay.charged_on IS 'the last day whose costs are in';

CREATE TABLE his.stay_item (
    admission_no text NOT NULL REFERENCES his.stay,
    charged_on   date NOT NULL,
    line_no      int  NOT NULL,
    item_code    text NOT NULL REFERENCES his.charge_item,
    quantity     int  NOT NULL CHECK (quantity > 0),
    price_fen    int  NOT NULL,
    amount_fen   int  NOT NULL CHECK (amount_fen = quantity * price_fen),
    PRIMARY KEY (admission_no, charged_on, line_no)
);

-- A return gives some of one deposit back, which it names.
CREATE TABLE his.deposit (
    ref          text PRIMARY KEY,
    admission_no text REFERENCES his.stay,
    kind         text NOT NULL CHECK (kind IN ('deposit', 'return')),
    of_ref       text REFERENCES his.deposit,
    state        text NOT NULL CHECK (state IN ('posted', 'reversed')),
    amount_fen   int  NOT NULL,
    source       text NOT NULL CHECK (source IN ('platform', 'window')),
    means        text NOT NULL DEFAULT '',
    payment_no   text NOT NULL DEFAULT '',
    made_at      timestamptz NOT NULL,
    paid_at      timestamptz,
    receipt_no   text UNIQUE,
    CHECK ((kind = 'return') = (of_ref IS NOT NULL))
);
CREATE INDEX ON his.deposit (admission_no, made_at);
CREATE INDEX ON his.deposit (of_ref);
CREATE INDEX ON his.deposit (made_at);
COMMENT ON TABLE his.deposit IS 'a reversed one without a stay: taken back before it ever came';

CREATE FUNCTION his.cost_(p_admission_no text) RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT coalesce(sum(amount_fen), 0) FROM his.stay_item WHERE admission_no = p_admission_no $$;

CREATE FUNCTION his.deposited_(p_admission_no text) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(CASE kind WHEN 'return' THEN -amount_fen ELSE amount_fen END), 0)
    FROM his.deposit WHERE admission_no = p_admission_no AND state = 'posted'
$$;

CREATE FUNCTION his.query_stays(p_patient_no text)
RETURNS TABLE (admission_no text, patient_no text, full_name text, ward_code text, ward_name text, name_en text,
               place text, bed_no text, dept_code text, doctor_code text, doctor_name text, diagnosis text,
               admitted_at timestamptz, discharged_at timestamptz, settled_at timestamptz, settlement_no text,
               state text, charged_on date, cost_fen bigint, deposit_fen bigint, left_fen bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_stays');
    RETURN QUERY
        SELECT r.* FROM his.stay s CROSS JOIN LATERAL his.stay_row_(s) AS r
        WHERE s.patient_no = p_patient_no ORDER BY s.admitted_at DESC, s.admission_no;
END $$;

CREATE FUNCTION his.query_stay(p_admission_no text)
RETURNS TABLE (admission_no text, patient_no text, full_name text, ward_code text, ward_name text, name_en text,
               place text, bed_no text, dept_code text, doctor_code text, doctor_name text, diagnosis text,
               admitted_at timestamptz, discharged_at timestamptz, settled_at timestamptz, settlement_no text,
               state text, charged_on date, cost_fen bigint, deposit_fen bigint, left_fen bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_stay');
    RETURN QUERY
        SELECT r.* FROM his.stay s CROSS JOIN LATERAL his.stay_row_(s) AS r WHERE s.admission_no = p_admission_no;
END $$;

-- deposit_fen: what is there of the deposits; left_fen: less the costs; below 0 somebody owes it.
CREATE FUNCTION his.stay_row_(s his.stay)
RETURNS TABLE (admission_no text, patient_no text, full_name text, ward_code text, ward_name text, name_en text,
               place text, bed_no text, dept_code text, doctor_code text, doctor_name text, diagnosis text,
               admitted_at timestamptz, discharged_at timestamptz, settled_at timestamptz, settlement_no text,
               state text, charged_on date, cost_fen bigint, deposit_fen bigint, left_fen bigint)
LANGUAGE sql STABLE AS $$
    SELECT s.admission_no, s.patient_no, p.full_name, s.ward_code, w.ward_name, w.name_en, w.place, s.bed_no,
           w.dept_code, s.doctor_code, d.doctor_name, s.diagnosis, s.admitted_at, s.discharged_at, s.settled_at,
           s.settlement_no, s.state, s.charged_on, his.cost_(s.admission_no), his.deposited_(s.admission_no),
           his.deposited_(s.admission_no) - his.cost_(s.admission_no)
    FROM his.patient p, his.ward w, his.doctor d
    WHERE p.patient_no = s.patient_no AND w.ward_code = s.ward_code AND d.doctor_code = s.doctor_code
$$;

CREATE FUNCTION his.query_stay_items(p_admission_no text, p_first date, p_last date)
RETURNS TABLE (charged_on date, line_no int, item_code text, category_code text, category_name text, item_name text,
               name_en text, unit text, quantity int, price_fen int, amount_fen int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_stay_items');
    RETURN QUERY
        SELECT s.charged_on, s.line_no, s.item_code, c.category_code, c.category_name, i.item_name, i.name_en, i.unit,
               s.quantity, s.price_fen, s.amount_fen
        FROM his.stay_item s JOIN his.charge_item i USING (item_code) JOIN his.charge_category c USING (category_code)
        WHERE s.admission_no = p_admission_no AND s.charged_on BETWEEN p_first AND p_last
        ORDER BY s.charged_on, s.line_no;
END $$;

-- One row a day with its total and the total up to it.
CREATE FUNCTION his.query_stay_days(p_admission_no text)
RETURNS TABLE (charged_on date, amount_fen bigint, running_fen bigint, item_count int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_stay_days');
    RETURN QUERY
        SELECT s.charged_on, sum(s.amount_fen), sum(sum(s.amount_fen)) OVER (ORDER BY s.charged_on)::bigint,
               count(*)::int
        FROM his.stay_item s WHERE s.admission_no = p_admission_no GROUP BY 1 ORDER BY 1;
END $$;

CREATE FUNCTION his.query_stay_categories(p_admission_no text)
RETURNS TABLE (category_code text, category_name text, name_en text, amount_fen bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_stay_categories');
    RETURN QUERY
        SELECT c.category_code, c.category_name, c.name_en, sum(s.amount_fen)
        FROM his.stay_item s JOIN his.charge_item i USING (item_code) JOIN his.charge_category c USING (category_code)
        WHERE s.admission_no = p_admission_no GROUP BY c.category_code ORDER BY c.rank;
END $$;
