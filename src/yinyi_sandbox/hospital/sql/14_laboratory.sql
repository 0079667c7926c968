-- The laboratory and the examination departments at work. Values are drawn from the order's number, near what the same
-- patient had before: some are abnormal, and the same order has the same values wherever it is made.

-- Everything that is due at this time goes a step further.
CREATE FUNCTION his.laboratory_work_(p_at timestamptz) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    v_pace his.pace := (SELECT p FROM his.pace p);
    v_due  text[];
BEGIN
    PERFORM his.sample_(ARRAY(
        SELECT order_no FROM his.test_order WHERE state = 'ordered' AND requested_at + v_pace.sampling <= p_at
        FOR UPDATE SKIP LOCKED), v_pace.sampling);
    UPDATE his.test_order SET state = 'testing', testing_at = sampled_at + v_pace.testing
    WHERE state = 'sampled' AND sampled_at + v_pace.testing <= p_at;
    v_due := ARRAY(
        SELECT order_no FROM his.test_order WHERE state = 'testing' AND testing_at + v_pace.report <= p_at
        FOR UPDATE SKIP LOCKED);
    PERFORM his.finish_(v_due, v_pace.report);
    RETURN cardinality(v_due);
END $$;

-- The specimen is taken: from now on the money is not given back.
CREATE FUNCTION his.sample_(p_order_nos text[], p_after interval) RETURNS void LANGUAGE sql AS $$
    UPDATE his.test_order SET state = 'sampled', sampled_at = requested_at + p_after
    WHERE order_no = ANY (p_order_nos) AND state = 'ordered';
    UPDATE his.invoice_line l SET performed = true
    FROM his.test_order o
    WHERE o.order_no = ANY (p_order_nos) AND l.invoice_no = o.invoice_no AND l.line_no = o.line_no
$$;

CREATE FUNCTION his.finish_(p_order_nos text[], p_after interval) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE his.test_order SET state = 'final', version = 1, issued_at = testing_at + p_after
    WHERE order_no = ANY (p_order_nos) AND state = 'testing';
    INSERT INTO his.report (order_no, version, state, issued_at, findings, impression, reported_by, reviewed_by)
    SELECT o.order_no, 1, 'final', o.issued_at,
           CASE WHEN e.item_code IS NULL THEN '' WHEN ill THEN e.ill_findings ELSE e.well_findings END,
           CASE WHEN e.item_code IS NULL THEN '' WHEN ill THEN e.ill_impression ELSE e.well_impression END,
           his.colleague_(o.order_no || 'a'), his.colleague_(o.order_no || 'b')
    FROM his.test_order o LEFT JOIN his.examination e USING (item_code)
    CROSS JOIN LATERAL (SELECT his.draw_(o.order_no || 'ill') < 0.4 AS ill) AS fate
    WHERE o.order_no = ANY (p_order_nos) AND o.state = 'final';
    PERFORM his.measure_(p_order_nos);
END $$;

CREATE FUNCTION his.colleague_(p_key text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT doctor_name FROM his.doctor
    WHERE doctor_no = 1 + floor(his.draw_(p_key) * (SELECT count(*) FROM his.doctor))::int
$$;

CREATE FUNCTION his.measure_(p_order_nos text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO his.report_result (order_no, version, rank, analyte_code, value, value_text, low, high, expected)
    SELECT o.order_no, 1, pa.rank, a.analyte_code,
           CASE WHEN a.words = '{}' THEN his.value_(r.low, r.high, u, side, ill) END,
           CASE WHEN a.words = '{}' THEN ''
                WHEN a.calculated[1] = 'any' THEN a.words[1 + floor(u * cardinality(a.words))::int]
                WHEN ill THEN a.words[2 + floor(u * (cardinality(a.words) - 1))::int] ELSE a.words[1] END,
           r.low, r.high,
           CASE WHEN a.words <> '{}' AND a.calculated = '{}' THEN a.words[1] ELSE '' END
    FROM his.test_order o
    JOIN his.panel_analyte pa USING (item_code)
    JOIN his.analyte a USING (analyte_code)
    JOIN his.patient p USING (patient_no)
    CROSS JOIN LATERAL (SELECT coalesce(extract(year FROM age(o.sampled_at, p.birth_date))::int, 40) AS years) AS old
    LEFT JOIN LATERAL (
        SELECT rr.low, rr.high FROM his.reference_range rr
        WHERE rr.analyte_code = a.analyte_code AND rr.sex_code IN ('0', p.sex_code)
              AND years >= rr.age_from AND years < rr.age_to
        ORDER BY rr.sex_code DESC LIMIT 1) AS r ON true
    CROSS JOIN LATERAL (
        SELECT CASE WHEN a.calculated[1] = 'any' THEN his.draw_(p.patient_no || a.analyte_code)
                    ELSE 0.6 * his.draw_(p.patient_no || a.analyte_code)
                         + 0.4 * his.draw_(o.order_no || a.analyte_code) END AS u,
               his.draw_(p.patient_no || a.analyte_code || 'side') AS side,
               his.draw_(p.patient_no || a.analyte_code || 'ill') < 0.12
               OR his.draw_(o.order_no || a.analyte_code || 'ill') < 0.04 AS ill) AS drawn
    WHERE o.order_no = ANY (p_order_nos);
    PERFORM his.calculate_(p_order_nos, ARRAY['rest', 'less']);
    PERFORM his.calculate_(p_order_nos, ARRAY['share', 'ratio']);
    PERFORM his.judge_(p_order_nos, 1);
END $$;

-- A value of this range, or beside it; u and side are draws.
CREATE FUNCTION his.value_(p_low float8, p_high float8, p_u float8, p_side float8, p_ill boolean)
RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN NOT p_ill AND p_low IS NULL THEN p_high * (0.15 + 0.7 * p_u)
        WHEN NOT p_ill AND p_high IS NULL THEN p_low * (1.1 + 0.7 * p_u)
        WHEN NOT p_ill THEN p_low + (p_high - p_low) * (0.12 + 0.76 * p_u)
        WHEN p_low IS NULL THEN p_high * (1.05 + 2 * p_u * p_u)
        WHEN p_high IS NULL THEN p_low * (0.6 + 0.35 * p_u)
        WHEN p_side < 0.6 OR p_low = 0 THEN p_high + (p_high - p_low) * (0.05 + 0.6 * p_u)
        ELSE greatest(p_low - (p_high - p_low) * (0.05 + 0.4 * p_u), p_low * 0.4) END
$$;

CREATE FUNCTION his.calculate_(p_order_nos text[], p_kinds text[]) RETURNS void LANGUAGE sql AS $$
    UPDATE his.report_result r
    SET value = CASE c.kind
        WHEN 'rest' THEN 100 - (SELECT sum(v) FROM unnest(c.values) AS v)
        WHEN 'less' THEN greatest(c.values[1] - c.values[2], c.values[1] * 0.1)
        WHEN 'share' THEN c.values[1] * c.values[2] / 100
        WHEN 'ratio' THEN c.values[1] / c.values[2] END
    FROM (
        SELECT t.order_no, t.rank, a.calculated[1] AS kind, cardinality(a.calculated) - 1 AS wanted,
               array_agg(round(o.value::numeric, oa.decimals)::float8
                         ORDER BY array_position(a.calculated, o.analyte_code)) AS values
        FROM his.report_result t
        JOIN his.analyte a USING (analyte_code)
        JOIN his.report_result o ON o.order_no = t.order_no AND o.version = 1 AND o.analyte_code = ANY (a.calculated[2:])
        JOIN his.analyte oa ON oa.analyte_code = o.analyte_code
        WHERE t.order_no = ANY (p_order_nos) AND t.version = 1 AND a.calculated[1] = ANY (p_kinds)
        GROUP BY t.order_no, t.rank, a.calculated) AS c
    WHERE r.order_no = c.order_no AND r.version = 1 AND r.rank = c.rank AND cardinality(c.values) = c.wanted
$$;

-- Rounded as the laboratory reports it, and flagged.
CREATE FUNCTION his.judge_(p_order_nos text[], p_version int) RETURNS void LANGUAGE sql AS $$
    UPDATE his.report_result r
    SET value = round(r.value::numeric, a.decimals),
        value_text = CASE WHEN a.words = '{}' THEN round(r.value::numeric, a.decimals)::text ELSE r.value_text END,
        flag = CASE
            WHEN a.words <> '{}' THEN CASE WHEN r.expected NOT IN ('', r.value_text) THEN 'A' ELSE 'N' END
            WHEN round(r.value::numeric, a.decimals) > r.high * 3 THEN 'HH'
            WHEN round(r.value::numeric, a.decimals) > r.high THEN 'H'
            WHEN round(r.value::numeric, a.decimals) < r.low * 0.45 THEN 'LL'
            WHEN round(r.value::numeric, a.decimals) < r.low THEN 'L' ELSE 'N' END
    FROM his.analyte a
    WHERE r.order_no = ANY (p_order_nos) AND r.version = p_version AND a.analyte_code = r.analyte_code
$$;

-- A report that was out already is taken back and comes again with another value or wording; null where none is out.
CREATE FUNCTION his.correct_report_(p_order_no text, p_at timestamptz) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    o his.test_order;
BEGIN
    SELECT * INTO o FROM his.test_order WHERE order_no = p_order_no AND state IN ('final', 'corrected') FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    UPDATE his.test_order SET state = 'corrected', version = o.version + 1, issued_at = p_at
    WHERE order_no = p_order_no;
    INSERT INTO his.report
    SELECT order_no, o.version + 1, 'corrected', p_at, findings,
           impression || CASE WHEN o.kind_code = 'I' THEN '（补充：请结合临床。）' ELSE '' END,
           '复核后更正，替代第' || o.version || '版', reported_by, reviewed_by
    FROM his.report WHERE order_no = p_order_no AND version = o.version;
    INSERT INTO his.report_result
    SELECT r.order_no, o.version + 1, r.rank, r.analyte_code,
           CASE WHEN r.rank = 1 THEN r.value + greatest(10 ^ -a.decimals, coalesce((r.high - r.low) * 0.15, r.value * 0.1))
                ELSE r.value END,
           r.value_text, r.low, r.high, r.expected, r.flag
    FROM his.report_result r JOIN his.analyte a USING (analyte_code)
    WHERE r.order_no = p_order_no AND r.version = o.version;
    PERFORM his.judge_(ARRAY[p_order_no], o.version + 1);
    RETURN o.version + 1;
END $$;
