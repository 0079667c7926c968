-- Every day opens the day a month ahead: schedules from the weekly rota, their numbers, and what the windows have
-- already sold of them. What is derived from a schedule's number is the same wherever and whenever it is made.

CREATE FUNCTION his.open_days_(p_first date, p_last date) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    v_people  int[] := ARRAY(SELECT person_no FROM his.patient WHERE made_by = 'seed' || person_no ORDER BY 1);
    v_made    bigint[];
    v_sold_at timestamptz := p_first::timestamp AT TIME ZONE 'Asia/Shanghai';
BEGIN
    WITH made AS (
        INSERT INTO his.schedule
        SELECT (to_char(day, 'YYYYMMDD') || lpad(r.doctor_no::text, 4, '0') || r.session_no)::bigint,
               r.doctor_no, d.dept_code, day, r.session_no, at.midnight + r.begins, at.midnight + r.ends,
               at.midnight + r.ends - r.closes_before, at.midnight + r.begins + r.arrives_after, r.slot_minutes,
               floor(extract(epoch FROM r.ends - r.begins) / 60 / r.slot_minutes), r.fee_fen, r.room
        FROM generate_series(p_first, p_last, interval '1 day') AS t (instant)
        CROSS JOIN LATERAL (SELECT instant::date AS day) AS days
        CROSS JOIN LATERAL (SELECT day::timestamp AT TIME ZONE 'Asia/Shanghai' AS midnight) AS at
        JOIN his.rota r ON r.weekday = extract(isodow FROM day)
        JOIN his.doctor d USING (doctor_no)
        WHERE NOT EXISTS (SELECT FROM his.schedule o WHERE o.work_date = day)
        RETURNING schedule_id)
    SELECT array_agg(schedule_id) INTO v_made FROM made;

    UPDATE his.schedule s SET stopped = true
    FROM his.rota r
    WHERE s.schedule_id = ANY (v_made) AND r.doctor_no = s.doctor_no AND r.session_no = s.session_no
          AND r.weekday = extract(isodow FROM s.work_date) AND r.closes_before > interval '0'
          AND s.schedule_id % 61 = 7;

    INSERT INTO his.number
    SELECT s.schedule_id, no, CASE WHEN sold THEN 'W' || s.schedule_id || '-' || no END,
           CASE WHEN sold THEN 'infinity' ELSE '-infinity' END::timestamptz
    FROM his.schedule s
    JOIN his.rota r ON r.doctor_no = s.doctor_no AND r.session_no = s.session_no
                       AND r.weekday = extract(isodow FROM s.work_date)
    CROSS JOIN generate_series(1, s.capacity) AS no
    CROSS JOIN LATERAL (SELECT (no * 37 + s.schedule_id / 10) % 100
                               < r.sold_percent * 7 / (7 + (s.work_date - p_first)) AS sold) AS already
    WHERE s.schedule_id = ANY (v_made);

    INSERT INTO his.registration
    SELECT n.ref, n.schedule_id, n.no, p.patient_no, 'window', 'confirmed', v_sold_at, n.ref, s.fee_fen, v_sold_at,
           his.new_registration_no_(s)
    FROM his.number n
    JOIN his.schedule s USING (schedule_id)
    JOIN his.patient p ON p.person_no = v_people[(n.schedule_id / 10 + n.no * 17) % cardinality(v_people) + 1]
    WHERE n.schedule_id = ANY (v_made) AND n.ref IS NOT NULL;
    RETURN coalesce(cardinality(v_made), 0);
END $$;
