-- What people in the wards do: admit, charge every day, discharge, settle; and the inpatients' window.

CREATE FUNCTION his.admit_(p_patient_no text, p_ward_code text, p_at timestamptz) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_no  text := to_char(p_at AT TIME ZONE 'Asia/Shanghai', 'YY') || '9' || lpad(nextval('his.stay_seq')::text, 6, '0');
    w his.ward;
BEGIN
    SELECT * INTO w FROM his.ward WHERE ward_code = p_ward_code FOR UPDATE;
    INSERT INTO his.stay (admission_no, patient_no, ward_code, bed_no, doctor_code, diagnosis, admitted_at, charged_on)
    SELECT v_no, p_patient_no, p_ward_code, bed.no,
           (SELECT min(doctor_code) FROM his.doctor WHERE dept_code = w.dept_code), w.diagnosis, p_at,
           (p_at AT TIME ZONE 'Asia/Shanghai')::date - 1
    FROM (SELECT lpad(n::text, 2, '0') AS no FROM generate_series(1, w.beds) AS n) AS bed
    WHERE NOT EXISTS (
        SELECT FROM his.stay s WHERE s.ward_code = p_ward_code AND s.bed_no = bed.no AND s.state = 'admitted')
    ORDER BY bed.no LIMIT 1;
    RETURN CASE WHEN FOUND THEN v_no END;
END $$;
COMMENT ON FUNCTION his.admit_ IS 'the admission number, or null when there is no such ward or no bed';

-- Of every day up to this one that is not charged yet; answers how many stays. Not the day of the discharge.
CREATE FUNCTION his.charge_stays_(p_until date) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    v_due text[] := ARRAY(
        SELECT admission_no FROM his.stay WHERE state = 'admitted' AND charged_on < p_until FOR UPDATE SKIP LOCKED);
BEGIN
    INSERT INTO his.stay_item
    SELECT s.admission_no, day, row_number() OVER (PARTITION BY s.admission_no, day ORDER BY h.rank),
           i.item_code, q, i.price_fen, q * i.price_fen
    FROM his.stay s
    CROSS JOIN LATERAL (
        SELECT t::date FROM generate_series(s.charged_on + 1, p_until, interval '1 day') AS t) AS days (day)
    CROSS JOIN his.ward_habit h
    JOIN his.charge_item i USING (item_code)
    CROSS JOIN LATERAL (
        SELECT CASE WHEN i.category_code = 'W' THEN 1 + floor(2 * his.draw_(s.admission_no || day || i.item_code))::int
                    ELSE 1 END AS q) AS often
    WHERE s.admission_no = ANY (v_due)
          AND (h.rank <= 3 OR his.draw_(s.admission_no || i.item_code || day) < 0.5);
    UPDATE his.stay SET charged_on = p_until WHERE admission_no = ANY (v_due);
    RETURN cardinality(v_due);
END $$;

CREATE FUNCTION his.discharge_(p_admission_no text, p_at timestamptz) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    UPDATE his.stay SET state = 'discharged', discharged_at = p_at
    WHERE admission_no = p_admission_no AND state = 'admitted';
    RETURN CASE WHEN FOUND THEN '0'
                WHEN EXISTS (SELECT FROM his.stay WHERE admission_no = p_admission_no) THEN 'D02' ELSE 'D01' END;
END $$;

-- The window settles a stay: what is missing is collected in cash.
CREATE FUNCTION his.settle_(p_admission_no text, p_at timestamptz) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    s his.stay;
    v_missing bigint;
BEGIN
    SELECT * INTO s FROM his.stay WHERE admission_no = p_admission_no FOR UPDATE;
    IF s.state IS DISTINCT FROM 'discharged' THEN
        RETURN CASE s.state WHEN 'admitted' THEN 'D05' WHEN 'settled' THEN 'D02' ELSE 'D01' END;
    END IF;
    v_missing := his.cost_(p_admission_no) - his.deposited_(p_admission_no);
    IF v_missing > 0 THEN
        INSERT INTO his.deposit
        VALUES ('WS' || p_admission_no, p_admission_no, 'deposit', NULL, 'posted', v_missing, 'window', 'cash', '', p_at,
                p_at, his.new_receipt_no_(p_at));
    END IF;
    UPDATE his.stay
    SET state = 'settled', settled_at = p_at,
        settlement_no = to_char(p_at AT TIME ZONE 'Asia/Shanghai', 'YYMMDD')
                        || lpad(nextval('his.settlement_seq')::text, 6, '0')
    WHERE admission_no = p_admission_no;
    RETURN '0';
END $$;

CREATE FUNCTION his.window_deposit_(p_ref text, p_admission_no text, p_amount_fen int)
RETURNS his.deposit_reply LANGUAGE sql AS $$
    SELECT his.deposit_standing_(
        p_ref, his.deposit_(p_ref, 'window', p_admission_no, p_amount_fen, p_ref, 'cash', his.instant_()))
$$;

CREATE FUNCTION his.window_return_(p_ref text, p_deposit_ref text, p_amount_fen int)
RETURNS his.deposit_reply LANGUAGE sql AS
$$ SELECT his.deposit_standing_(p_ref, his.return_(p_ref, 'window', p_deposit_ref, p_amount_fen)) $$;

-- One round of everything that the hospital does by itself, unless it is switched off.
CREATE FUNCTION his.work_() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_at timestamptz := his.instant_();
BEGIN
    IF (SELECT working FROM his.pace) THEN
        PERFORM his.doctors_work_(v_at);
        PERFORM his.laboratory_work_(v_at);
        PERFORM his.charge_stays_((v_at AT TIME ZONE 'Asia/Shanghai')::date);
    END IF;
END $$;
