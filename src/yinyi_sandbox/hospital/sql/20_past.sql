-- What lies before this database: visits with their invoices and reports, stays; and what no page may trip over.

CREATE FUNCTION his.make_past_(p_today date) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM his.past_visits_();
    PERFORM his.open_orders_(p_today);
    PERFORM his.strange_bills_(p_today);
    PERFORM his.past_stays_(p_today);
END $$;

-- Every visit of the people of the demo and of every sixteenth of the made-up ones was paid, tested and reported.
CREATE FUNCTION his.past_visits_() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_all text[];
    v record;
BEGIN
    FOR v IN
        SELECT p.patient_no, o.visit_date, o.dept_code, o.doctor_code,
               o.visit_date::timestamp AT TIME ZONE 'Asia/Shanghai' + interval '9 h 20 min' AS at
        FROM his.visit o JOIN his.patient p USING (patient_no)
        WHERE p.person_no < 100 OR p.person_no % 16 = 0
        ORDER BY o.visit_date, p.person_no
    LOOP
        v_all := v_all || his.orders_(v.patient_no, v.dept_code, v.doctor_code, NULL, v.at);
    END LOOP;
    UPDATE his.invoice SET state = 'paid', paid_by = 'W' || invoice_no, paid_at = ordered_at + interval '8 min'
    WHERE invoice_no = ANY (v_all);
    INSERT INTO his.bill_posting
    SELECT paid_by, 'window', 'paid', ARRAY[invoice_no], ARRAY[version], total_fen, paid_at, paid_by, 'cash', paid_at,
           his.new_receipt_no_(paid_at)
    FROM his.invoice WHERE invoice_no = ANY (v_all) ORDER BY paid_at, invoice_no;
    UPDATE his.invoice_line SET performed = true WHERE invoice_no = ANY (v_all);
    PERFORM his.request_tests_(array_agg(invoice_no), paid_at)
    FROM his.invoice WHERE invoice_no = ANY (v_all) GROUP BY paid_at ORDER BY paid_at;
    UPDATE his.test_order SET state = 'testing', sampled_at = requested_at + interval '12 min',
        testing_at = requested_at + interval '25 min'
    WHERE state = 'ordered';
    PERFORM his.finish_(ARRAY(SELECT order_no FROM his.test_order WHERE state = 'testing'), interval '55 min');
END $$;

-- Some have something to pay today; li-jianguo has several.
CREATE FUNCTION his.open_orders_(p_today date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_at timestamptz := p_today::timestamp AT TIME ZONE 'Asia/Shanghai' - interval '15 h';
BEGIN
    PERFORM his.orders_(p.patient_no, d.dept_code, d.doctor_code, NULL, v_at)
    FROM (VALUES ('2021000001', '0301'), ('2016000002', '0102'), ('2016000002', '0106'), ('2019000004', '0401'),
                 ('2020000005', '0202'), ('083214', '0202'), ('2023000012', '0601')) AS t (no, dept)
    JOIN his.patient p ON p.patient_no = t.no
    CROSS JOIN LATERAL (SELECT * FROM his.doctor o WHERE o.dept_code = t.dept ORDER BY o.doctor_no LIMIT 1) AS d
    ORDER BY t.no, t.dept;
END $$;

-- The first of the made-up has more invoices than a page holds and one of more lines than a paper does; the second has
-- texts that look like markup or break fonts, and a report in which every value is out of range.
CREATE FUNCTION his.strange_bills_(p_today date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_at timestamptz := p_today::timestamp AT TIME ZONE 'Asia/Shanghai' - interval '16 h';
    v_people text[] := ARRAY(SELECT patient_no FROM his.patient WHERE made_by LIKE 'seed%' ORDER BY person_no LIMIT 2);
    v_doctor text := (SELECT min(doctor_code) FROM his.doctor WHERE dept_code = '0101');
    v_no text;
BEGIN
    PERFORM his.new_invoice_(v_people[1], '0101', v_doctor, '处方', NULL,
                             ARRAY(SELECT item_code FROM his.charge_item WHERE category_code IN ('W', 'C', 'L')
                                   ORDER BY item_code LIMIT 130), array_fill(1, ARRAY[130]), v_at);
    PERFORM his.new_invoice_(v_people[1], '0101', v_doctor, '处方', NULL, ARRAY['W0509'], ARRAY[1], v_at - n * interval '1 day')
    FROM generate_series(1, 120) AS n;
    v_no := his.new_invoice_(v_people[2], '0101', v_doctor, '<b>处方</b> & "急" 😷 𠮷', NULL,
                             ARRAY['W0101', 'W0509', 'L0101'], ARRAY[9999, 1, 1], v_at);
    UPDATE his.invoice_line SET remark = CASE line_no
        WHEN 1 THEN '<script>alert(1)</script>饭后服，一日三次；' || repeat('用量请遵医嘱，', 60)
        WHEN 2 THEN E'䶮𠅤㛃\u200f\u0301 <5mg & >2mg' ELSE '' END
    WHERE invoice_no = v_no;
    PERFORM his.new_invoice_(v_people[2], '0101', v_doctor, '免费项目', NULL, '{}', '{}', v_at);
END $$;

-- Stays that go on, that are over and not settled, that are settled with something left; one of them is very long.
CREATE FUNCTION his.past_stays_(p_today date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_no text;
    v_at timestamptz;
    s record;
BEGIN
    FOR s IN
        SELECT p.patient_no, t.ward, t.since, t.until, t.fen, t.settled
        FROM (VALUES ('2016000002', 'H0102', 5, NULL, 800000, false), ('083214', 'H0202', 24, 12, 900000, true),
                     ('083214', 'H0202', 700, 688, 400000, true), ('2022000009', 'H0201', 6, 1, 300000, false),
                     ('2019000004', 'H0401', 2, NULL, 200000, false), ('2021000001', 'H0302', 96, 91, 1500000, true),
                     ('seed1001', 'H0105', 130, NULL, 6000000, false), ('seed1002', 'H0103', 0, NULL, NULL, false))
             AS t (who, ward, since, until, fen, settled)
        JOIN his.patient p ON t.who IN (p.patient_no, p.made_by)
        UNION ALL
        SELECT p.patient_no, w.ward_code, w.since, NULL, 500000, false
        FROM (SELECT ward_code, row_number() OVER (ORDER BY ward_code, n) AS no, 1 + (n * 7 + 3) % 11 AS since
              FROM his.ward, generate_series(1, 3) AS n) AS w
        JOIN his.patient p ON p.person_no = 1010 + w.no
        ORDER BY 3 DESC, 1
    LOOP
        v_at := (p_today - s.since)::timestamp AT TIME ZONE 'Asia/Shanghai' + interval '10 h';
        IF s.since = 0 THEN
            v_at := p_today::timestamp AT TIME ZONE 'Asia/Shanghai';
        END IF;
        v_no := his.admit_(s.patient_no, s.ward, v_at);
        INSERT INTO his.deposit
        SELECT 'W' || v_no || '-' || part, v_no, 'deposit', NULL, 'posted', s.fen / 2, 'window', 'cash', '',
               v_at + part * interval '1 h', v_at, his.new_receipt_no_(v_at)
        FROM generate_series(1, 2) AS part WHERE s.fen IS NOT NULL;
        IF s.until IS NOT NULL THEN
            PERFORM his.charge_stays_(p_today - s.until);
            PERFORM his.discharge_(v_no, (p_today - s.until)::timestamp AT TIME ZONE 'Asia/Shanghai' + interval '11 h');
        END IF;
        IF s.settled THEN
            PERFORM his.settle_(v_no, (p_today - s.until)::timestamp AT TIME ZONE 'Asia/Shanghai' + interval '15 h');
        END IF;
    END LOOP;
    PERFORM his.charge_stays_(p_today - 1);
END $$;
