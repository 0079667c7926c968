-- Doctors who order, and what people in the hospital do with invoices by hand.

CREATE TABLE his.encounter (ref text PRIMARY KEY REFERENCES his.registration, at timestamptz NOT NULL);
COMMENT ON TABLE his.encounter IS 'a registration whose owner has seen the doctor';

-- Whoever the platform has registered and whose session runs has been seen after a while; answers how many.
CREATE FUNCTION his.doctors_work_(p_at timestamptz) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    v_seen int := 0;
    r record;
BEGIN
    FOR r IN
        SELECT g.ref, g.patient_no, g.registration_no, s.dept_code, d.doctor_code
        FROM his.schedule s
        JOIN his.registration g USING (schedule_id)
        JOIN his.doctor d USING (doctor_no)
        CROSS JOIN his.pace
        WHERE s.work_date = (p_at AT TIME ZONE 'Asia/Shanghai')::date AND s.arrives_at <= p_at AND NOT s.stopped
              AND g.state = 'confirmed' AND g.source = 'platform'
              AND greatest(g.paid_at, g.made_at, s.arrives_at) + pace.visit <= p_at
              AND NOT EXISTS (SELECT FROM his.encounter e WHERE e.ref = g.ref)
        ORDER BY g.made_at LIMIT 100
        FOR UPDATE OF g SKIP LOCKED
    LOOP
        INSERT INTO his.encounter VALUES (r.ref, p_at);
        PERFORM his.orders_(r.patient_no, r.dept_code, r.doctor_code, r.registration_no, p_at);
        v_seen := v_seen + 1;
    END LOOP;
    RETURN v_seen;
END $$;

-- What this department mostly orders: an invoice of tests and one of medicines. Nothing that this patient cannot need.
CREATE FUNCTION his.orders_(
    p_patient_no text, p_dept_code text, p_doctor_code text, p_registration_no text, p_at timestamptz)
RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    v_sex  text := (SELECT sex_code FROM his.patient WHERE patient_no = p_patient_no);
    v_key  text := p_patient_no || p_doctor_code || p_at;
    v_made text[] := '{}';
    h his.habit;
    c record;
BEGIN
    SELECT * INTO h FROM his.habit WHERE dept_code = p_dept_code;
    FOR c IN
        SELECT o.title, array_agg(o.code ORDER BY o.rank) AS codes, array_agg(o.quantity ORDER BY o.rank) AS quantities
        FROM (
            SELECT d.*, row_number() OVER (PARTITION BY d.title ORDER BY d.rank) AS place
            FROM (
                SELECT '检验检查申请单' AS title, code, 1 AS quantity, his.draw_(v_key || code) AS rank
                FROM unnest(h.tests) AS code
                WHERE NOT (v_sex = '2' AND code IN ('L0601', 'L0603', 'L0806'))
                      AND NOT (v_sex = '1' AND code IN ('L0602', 'L0805', 'L1105', 'L0405', 'I0404'))
                UNION ALL
                SELECT '处方', code, 1 + floor(3 * his.draw_(v_key || code || 'q'))::int, his.draw_(v_key || code)
                FROM unnest(h.medicines) AS code) AS d) AS o
        WHERE o.rank < 0.6 OR o.place = 1
        GROUP BY o.title ORDER BY o.title
    LOOP
        v_made := v_made || his.new_invoice_(p_patient_no, p_dept_code, p_doctor_code, c.title, p_registration_no,
                                             c.codes, c.quantities, p_at);
    END LOOP;
    IF v_made = '{}' THEN
        v_made := ARRAY[his.new_invoice_(p_patient_no, p_dept_code, p_doctor_code, '检验检查申请单', p_registration_no,
                                         ARRAY['L0101'], ARRAY[1], p_at)];
    END IF;
    RETURN v_made;
END $$;

-- The doctor of this department who is first on its list orders for somebody, without a registration.
CREATE FUNCTION his.order_for_(p_patient_no text, p_dept_code text) RETURNS text[] LANGUAGE sql AS $$
    SELECT his.orders_(p_patient_no, p_dept_code, min(doctor_code), NULL, his.instant_())
    FROM his.doctor WHERE dept_code = p_dept_code
$$;

-- The doctor adds one item, while it is not paid. Who is just paying finds out by the version.
CREATE FUNCTION his.change_invoice_(p_invoice_no text, p_item_code text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    i his.invoice;
BEGIN
    SELECT * INTO i FROM his.invoice WHERE invoice_no = p_invoice_no FOR UPDATE;
    IF i.state IS DISTINCT FROM 'open' THEN
        RETURN CASE i.state WHEN 'cancelled' THEN 'B02' WHEN 'paid' THEN 'B03' WHEN 'refunded' THEN 'B08' ELSE 'B01' END;
    END IF;
    INSERT INTO his.invoice_line (invoice_no, line_no, item_code, quantity, price_fen, amount_fen)
    SELECT p_invoice_no, (SELECT coalesce(max(line_no), 0) + 1 FROM his.invoice_line WHERE invoice_no = p_invoice_no),
           item_code, 1, price_fen, price_fen
    FROM his.charge_item WHERE item_code = p_item_code;
    IF NOT FOUND THEN
        RETURN 'B10';
    END IF;
    PERFORM his.add_up_(p_invoice_no);
    UPDATE his.invoice SET version = version + 1, held_by = NULL, held_until = '-infinity' WHERE invoice_no = p_invoice_no;
    RETURN '0';
END $$;

CREATE FUNCTION his.cancel_invoice_(p_invoice_no text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    UPDATE his.invoice SET state = 'cancelled', version = version + 1 WHERE invoice_no = p_invoice_no AND state = 'open';
    RETURN CASE WHEN FOUND THEN '0'
                WHEN EXISTS (SELECT FROM his.invoice WHERE invoice_no = p_invoice_no) THEN 'B03' ELSE 'B01' END;
END $$;

-- As if it had never been ordered: nothing says any more that there was one.
CREATE FUNCTION his.drop_invoice_(p_invoice_no text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM his.invoice WHERE invoice_no = p_invoice_no AND state = 'open' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'B01';
    END IF;
    DELETE FROM his.invoice_line WHERE invoice_no = p_invoice_no;
    DELETE FROM his.invoice WHERE invoice_no = p_invoice_no;
    RETURN '0';
END $$;

-- What is on one goes onto another of the same patient, and the one is no more.
CREATE FUNCTION his.merge_invoices_(p_invoice_no text, p_into text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM his.invoice WHERE invoice_no IN (p_invoice_no, p_into) ORDER BY invoice_no FOR UPDATE;
    IF p_invoice_no = p_into OR (SELECT count(*) <> 2 OR count(DISTINCT patient_no) <> 1 FROM his.invoice
                                 WHERE invoice_no IN (p_invoice_no, p_into) AND state = 'open') THEN
        RETURN 'B01';
    END IF;
    UPDATE his.invoice_line SET invoice_no = p_into,
        line_no = line_no + (SELECT coalesce(max(line_no), 0) FROM his.invoice_line WHERE invoice_no = p_into)
    WHERE invoice_no = p_invoice_no;
    PERFORM his.add_up_(p_into);
    UPDATE his.invoice SET version = version + 1, held_by = NULL, held_until = '-infinity' WHERE invoice_no = p_into;
    RETURN his.drop_invoice_(p_invoice_no);
END $$;

-- The pharmacy hands it out, the treatment room does it: from now on the money is not given back.
CREATE FUNCTION his.perform_(p_invoice_no text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    i his.invoice;
BEGIN
    SELECT * INTO i FROM his.invoice WHERE invoice_no = p_invoice_no FOR UPDATE;
    IF i.state IS DISTINCT FROM 'paid' THEN
        RETURN CASE WHEN i.invoice_no IS NULL THEN 'B01' ELSE 'B09' END;
    END IF;
    UPDATE his.invoice_line SET performed = true WHERE invoice_no = p_invoice_no AND refunded_by IS NULL;
    RETURN '0';
END $$;

-- The till at the window: cash, for the invoice as it is now.
CREATE FUNCTION his.window_pay_(p_ref text, p_invoice_no text) RETURNS his.bill_reply LANGUAGE plpgsql AS $$
DECLARE
    v_at timestamptz := his.instant_();
    i his.invoice;
    v_code text;
BEGIN
    SELECT * INTO i FROM his.invoice WHERE invoice_no = p_invoice_no FOR UPDATE;
    v_code := his.pay_(p_ref, 'window', ARRAY[p_invoice_no], ARRAY[i.version], i.total_fen, p_ref, 'cash', v_at, v_at);
    IF v_code IS NOT NULL THEN
        RETURN his.bill_refusal_(v_code);
    END IF;
    RETURN his.bill_standing_(p_ref, v_at);
END $$;

-- All of it or some of its lines, in cash, whoever took the money.
CREATE FUNCTION his.window_refund_(p_ref text, p_invoice_no text, p_line_nos int[])
RETURNS his.bill_reply LANGUAGE plpgsql AS $$
DECLARE
    v_fen  int := (SELECT sum(amount_fen) FROM his.invoice_line
                   WHERE invoice_no = p_invoice_no AND (p_line_nos IS NULL OR line_no = ANY (p_line_nos)));
    v_code text;
BEGIN
    v_code := his.refund_(p_ref, 'window', p_invoice_no, p_line_nos, v_fen, his.instant_());
    IF v_code IS NOT NULL THEN
        RETURN his.bill_refusal_(v_code);
    END IF;
    RETURN his.refund_standing_(p_ref);
END $$;
