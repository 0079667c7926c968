-- Numbers that were booked ahead: who has come for his, sessions that do not take place as planned, and numbers that
-- come back a while after they were given back.

-- How early and how late a department lets people check in, before and after the time of their number.
CREATE TABLE his.check_in_rule (dept_code text PRIMARY KEY, early interval NOT NULL, late interval NOT NULL);
INSERT INTO his.check_in_rule VALUES ('0401', '3 hours', '15 minutes');

CREATE TABLE his.check_in (
    ref    text PRIMARY KEY,
    of_ref text NOT NULL,
    state  text NOT NULL CHECK (state IN ('in', 'undone')),
    at     timestamptz NOT NULL
);
CREATE UNIQUE INDEX ON his.check_in (of_ref) WHERE state = 'in';
COMMENT ON TABLE his.check_in IS 'an undone one of no registration: undone before it ever came';

-- What was decided about a session after it was published. kind: S stopped, O takes place after all, D another doctor.
CREATE TABLE his.session_change (
    change_no   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    schedule_id bigint NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('S', 'O', 'D')),
    doctor_no   int,
    made_at     timestamptz NOT NULL
);

CREATE FUNCTION his.stop_schedule_(p_schedule_id bigint, p_stopped boolean) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    UPDATE his.schedule SET stopped = p_stopped WHERE schedule_id = p_schedule_id;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO his.session_change (schedule_id, kind, made_at)
    VALUES (p_schedule_id, CASE WHEN p_stopped THEN 'S' ELSE 'O' END, his.instant_());
    RETURN true;
END $$;

-- Another doctor of the department holds the session; null: any one. False: there is no such session or doctor.
CREATE FUNCTION his.substitute_(p_schedule_id bigint, p_doctor_code text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    s his.schedule;
    v_doctor_no int;
BEGIN
    SELECT * INTO s FROM his.schedule WHERE schedule_id = p_schedule_id FOR UPDATE;
    SELECT d.doctor_no INTO v_doctor_no FROM his.doctor d
    WHERE d.dept_code = s.dept_code AND d.doctor_no <> s.doctor_no
          AND (p_doctor_code IS NULL OR d.doctor_code = p_doctor_code)
    ORDER BY d.doctor_no LIMIT 1;
    IF v_doctor_no IS NULL THEN
        RETURN false;
    END IF;
    UPDATE his.schedule SET substitute_no = v_doctor_no WHERE schedule_id = p_schedule_id;
    INSERT INTO his.session_change (schedule_id, kind, doctor_no, made_at)
    VALUES (p_schedule_id, 'D', v_doctor_no, his.instant_());
    RETURN true;
END $$;

CREATE FUNCTION his.query_session_changes(p_after bigint)
RETURNS TABLE (change_no bigint, schedule_id bigint, kind text, doctor_code text, made_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_session_changes');
    RETURN QUERY
        SELECT c.change_no, c.schedule_id, c.kind, d.doctor_code, c.made_at
        FROM his.session_change c LEFT JOIN his.doctor d USING (doctor_no)
        WHERE c.change_no > p_after ORDER BY c.change_no LIMIT 100;
END $$;

-- The platform's numbers of one session that are still somebody's whose turn has not been.
CREATE FUNCTION his.query_session_numbers(p_schedule_id bigint)
RETURNS TABLE (ref text, state text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_at timestamptz := his.instant_();
BEGIN
    PERFORM his.refuse_reading_('query_session_numbers');
    RETURN QUERY
        SELECT r.ref, r.state
        FROM his.registration r JOIN his.number n ON n.schedule_id = r.schedule_id AND n.no = r.no AND n.ref = r.ref
        WHERE r.schedule_id = p_schedule_id AND r.source = 'platform' AND r.state <> 'released' AND n.busy_until > v_at
              AND (his.standing_(r.ref, v_at)).ends_at > v_at
        ORDER BY r.ref;
END $$;

-- As release_number, but nobody else can have the number before then.
CREATE FUNCTION his.return_number(p_ref text, p_free_at timestamptz)
RETURNS his.reply LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_was   his.registration;
    v_reply his.reply;
    v_code  text := his.refused_('return_number');
BEGIN
    IF v_code IS NOT NULL THEN
        RETURN his.refusal_(v_code);
    END IF;
    SELECT * INTO v_was FROM his.registration WHERE ref = p_ref FOR UPDATE;
    v_reply := his.release_number(p_ref);
    IF v_reply.ret_code = '0' AND v_was.state <> 'released' THEN
        UPDATE his.number SET busy_until = p_free_at
        WHERE schedule_id = v_was.schedule_id AND no = v_was.no AND ref IS NULL AND busy_until = '-infinity';
    END IF;
    RETURN v_reply;
END $$;

-- The code of what stands against checking in for this number now, or null.
CREATE FUNCTION his.check_in_objection_(r his.registration, s his.schedule, p_at timestamptz)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_early interval := '1 day';
    v_late  interval := '30 minutes';
    v_zone  text := 'Asia/Shanghai';
BEGIN
    SELECT early, late INTO v_early, v_late FROM his.check_in_rule WHERE dept_code = s.dept_code;
    IF r.state = 'released' OR r.schedule_id IS NULL THEN
        RETURN 'N05';
    ELSIF s.stopped THEN
        RETURN 'N03';
    ELSIF (p_at AT TIME ZONE v_zone)::date < s.work_date
          OR p_at < his.slot_starts_(s, r.no) - coalesce(v_early, '1 day') THEN
        RETURN 'N10';
    ELSIF p_at > his.slot_starts_(s, r.no + 1) + coalesce(v_late, '30 minutes') OR p_at >= s.ends_at THEN
        RETURN 'N11';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION his.check_in(p_ref text, p_of_ref text)
RETURNS his.reply LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_at   timestamptz := his.instant_();
    v_code text := his.refused_('check_in');
    c his.check_in;
    r his.registration;
    s his.schedule;
BEGIN
    IF v_code IS NOT NULL THEN
        RETURN his.refusal_(v_code);
    END IF;
    SELECT * INTO r FROM his.registration WHERE ref = p_of_ref FOR UPDATE;
    SELECT * INTO c FROM his.check_in WHERE ref = p_ref;
    IF c.state = 'in' THEN
        RETURN his.standing_(p_of_ref, v_at);
    ELSIF c.state = 'undone' OR r.ref IS NULL THEN
        RETURN his.refusal_('N05');
    ELSIF EXISTS (SELECT FROM his.check_in WHERE of_ref = p_of_ref AND state = 'in') THEN
        RETURN his.refusal_('N12');
    END IF;
    SELECT * INTO s FROM his.schedule WHERE schedule_id = r.schedule_id;
    v_code := his.check_in_objection_(r, s, v_at);
    IF v_code IS NOT NULL THEN
        RETURN his.refusal_(v_code);
    END IF;
    INSERT INTO his.check_in VALUES (p_ref, p_of_ref, 'in', v_at);
    RETURN his.standing_(p_of_ref, v_at);
END $$;

-- Always succeeds, like release_number.
CREATE FUNCTION his.undo_check_in(p_ref text)
RETURNS his.reply LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_at    timestamptz := his.instant_();
    v_code  text := his.refused_('undo_check_in');
    v_reply his.reply;
BEGIN
    IF v_code IS NOT NULL THEN
        RETURN his.refusal_(v_code);
    END IF;
    INSERT INTO his.check_in VALUES (p_ref, '', 'undone', v_at)
    ON CONFLICT (ref) DO UPDATE SET state = 'undone';
    v_reply.ret_code := '0';
    v_reply.ret_msg := his.message_('0');
    v_reply.state := 'undone';
    RETURN v_reply;
END $$;

CREATE FUNCTION his.query_check_in(p_ref text)
RETURNS his.reply LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c his.check_in;
BEGIN
    PERFORM his.refuse_reading_('query_check_in');
    SELECT * INTO c FROM his.check_in WHERE ref = p_ref;
    IF NOT FOUND THEN
        RETURN his.refusal_('N00');
    ELSIF c.state = 'undone' THEN
        RETURN his.refusal_('N05');
    END IF;
    RETURN his.standing_(c.of_ref, his.instant_());
END $$;

-- One row where nobody came for this number of the platform, here or at a window, although it stood and the doctor that
-- was booked was there.
CREATE FUNCTION his.query_missed(p_ref text)
RETURNS TABLE (ref text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_missed');
    RETURN QUERY
        SELECT r.ref FROM his.registration r JOIN his.schedule s USING (schedule_id)
        WHERE r.ref = p_ref AND r.source = 'platform' AND r.state <> 'released' AND s.ends_at <= his.instant_()
              AND NOT s.stopped AND s.substitute_no IS NULL
              AND NOT EXISTS (SELECT FROM his.check_in c WHERE c.of_ref = r.ref AND c.state = 'in');
END $$;
