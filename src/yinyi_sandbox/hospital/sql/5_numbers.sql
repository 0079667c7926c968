-- Taking, keeping, confirming and giving back numbers; every one is referred to by the caller's reference.
-- Locks are taken in one order: the reference, the patient's turn, the registration, the number.

CREATE TYPE his.reply AS (
    ret_code text, ret_msg text, state text, schedule_id bigint, no int, starts_at timestamptz, ends_at timestamptz,
    held_until timestamptz, room text, queue_ahead int, registration_no text);

CREATE FUNCTION his.refusal_(p_code text) RETURNS his.reply LANGUAGE sql IMMUTABLE AS $$
    SELECT ROW(p_code, his.message_(p_code), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::his.reply
$$;

-- How a registration stands. A hold whose time has passed has lapsed, whoever has its number now; a confirmed number
-- is kept to the end of its session.
-- Who takes a number whose time is over is expected from now on until the end of the session.
CREATE FUNCTION his.standing_(p_ref text, p_at timestamptz) RETURNS his.reply LANGUAGE plpgsql AS $$
DECLARE
    r his.registration;
    s his.schedule;
    n his.number;
    v_reply his.reply;
BEGIN
    SELECT * INTO r FROM his.registration WHERE ref = p_ref;
    IF NOT FOUND THEN
        RETURN his.refusal_('N00');
    END IF;
    SELECT * INTO s FROM his.schedule WHERE schedule_id = r.schedule_id;
    SELECT * INTO n FROM his.number
    WHERE schedule_id = r.schedule_id AND no = r.no AND ref = p_ref AND busy_until > p_at;
    v_reply.ret_code := '0';
    v_reply.ret_msg := his.message_('0');
    v_reply.state := CASE WHEN r.state = 'held' AND n.no IS NULL THEN 'lapsed' ELSE r.state END;
    v_reply.schedule_id := r.schedule_id;
    v_reply.no := r.no;
    v_reply.starts_at := his.slot_starts_(s, r.no);
    v_reply.ends_at := his.slot_starts_(s, r.no + 1);
    IF v_reply.ends_at <= r.made_at THEN
        v_reply.starts_at := date_trunc('minute', r.made_at);
        v_reply.ends_at := s.ends_at;
    END IF;
    v_reply.held_until := CASE r.state WHEN 'held' THEN n.busy_until WHEN 'confirmed' THEN s.ends_at END;
    v_reply.room := s.room;
    v_reply.registration_no := r.registration_no;
    v_reply.queue_ahead := (
        SELECT count(*) FROM his.number o
        WHERE o.schedule_id = r.schedule_id AND o.no < r.no AND o.busy_until > p_at
              AND his.slot_starts_(s, o.no + 1) > p_at);
    RETURN v_reply;
END $$;

-- The next free number (or the one asked for), locked; null when none is free and unlocked. Numbers whose time is still
-- to come go first. A number that was just taken by somebody else is locked in passing: without one found, such locks are
-- undone, because who holds them must not wait for another.
CREATE FUNCTION his.free_(p_schedule his.schedule, p_no int, p_at timestamptz) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    v_over int := floor(extract(epoch FROM p_at - p_schedule.starts_at) / 60 / p_schedule.slot_minutes);
    v_no   int;
BEGIN
    SELECT no INTO STRICT v_no FROM his.number
    WHERE schedule_id = p_schedule.schedule_id AND busy_until <= p_at AND (p_no IS NULL OR no = p_no)
    ORDER BY no <= v_over, no LIMIT 1 FOR UPDATE SKIP LOCKED;
    RETURN v_no;
EXCEPTION WHEN no_data_found THEN
    RETURN NULL;
END $$;

-- The number becomes busy; null when there is none. Locked ones are waited for only when nothing else is left, and then
-- by everybody in the same order: who waits keeps what he has waited for before.
CREATE FUNCTION his.take_(p_schedule his.schedule, p_no int, p_ref text, p_until timestamptz, p_at timestamptz)
RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    v_no int := his.free_(p_schedule, p_no, p_at);
BEGIN
    IF v_no IS NULL THEN
        SELECT no INTO v_no FROM his.number
        WHERE schedule_id = p_schedule.schedule_id AND busy_until <= p_at AND (p_no IS NULL OR no = p_no)
        ORDER BY no LIMIT 1 FOR UPDATE;
    END IF;
    UPDATE his.number SET ref = p_ref, busy_until = p_until
    WHERE schedule_id = p_schedule.schedule_id AND no = v_no;
    RETURN v_no;
END $$;

-- Everything that can stand against giving this patient a number of this schedule; null when nothing does.
CREATE FUNCTION his.objection_(p_schedule his.schedule, p_patient_no text, p_at timestamptz)
RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    IF p_schedule.schedule_id IS NULL THEN
        RETURN 'N09';
    ELSIF p_schedule.stopped THEN
        RETURN 'N03';
    ELSIF p_at >= p_schedule.closes_at THEN
        RETURN 'N04';
    ELSIF NOT EXISTS (SELECT FROM his.patient WHERE patient_no = p_patient_no) THEN
        RETURN 'P01';
    ELSIF EXISTS (
        SELECT FROM his.registration r
        JOIN his.number n ON n.schedule_id = r.schedule_id AND n.no = r.no AND n.ref = r.ref
        WHERE r.patient_no = p_patient_no AND r.schedule_id = p_schedule.schedule_id AND n.busy_until > p_at) THEN
        RETURN 'N02';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION his.lock_number(
    p_ref text, p_schedule_id bigint, p_no int, p_patient_no text, p_until timestamptz)
RETURNS his.reply LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_at   timestamptz := his.instant_();
    v_code text := his.refused_('lock_number');
    r his.registration;
    s his.schedule;
BEGIN
    IF v_code IS NOT NULL THEN
        RETURN his.refusal_(v_code);
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(p_ref, 3));
    SELECT * INTO r FROM his.registration WHERE ref = p_ref;
    IF FOUND THEN
        RETURN his.repeated_(r, p_schedule_id, p_no, p_patient_no, v_at);
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(p_patient_no || ' ' || p_schedule_id, 2));
    SELECT * INTO s FROM his.schedule WHERE schedule_id = p_schedule_id;
    v_code := CASE WHEN p_until <= v_at THEN 'N05' ELSE his.objection_(s, p_patient_no, v_at) END;
    IF v_code IS NOT NULL THEN
        RETURN his.refusal_(v_code);
    END IF;
    r.no := his.take_(s, p_no, p_ref, p_until, v_at);
    IF r.no IS NULL THEN
        RETURN his.refusal_('N01');
    END IF;
    INSERT INTO his.registration (ref, schedule_id, no, patient_no, source, state, made_at)
    VALUES (p_ref, p_schedule_id, r.no, p_patient_no, 'platform', 'held', v_at);
    RETURN his.standing_(p_ref, v_at);
END $$;

-- The answer to a reference that has been used before.
CREATE FUNCTION his.repeated_(
    r his.registration, p_schedule_id bigint, p_no int, p_patient_no text, p_at timestamptz)
RETURNS his.reply LANGUAGE plpgsql AS $$
BEGIN
    IF r.schedule_id <> p_schedule_id OR r.patient_no <> p_patient_no OR r.no <> p_no THEN
        RETURN his.refusal_('N06');
    END IF;
    RETURN his.kept_(r.ref, p_at);
END $$;

CREATE FUNCTION his.extend_lock(p_ref text, p_until timestamptz)
RETURNS his.reply LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_at   timestamptz := his.instant_();
    v_code text := his.refused_('extend_lock');
    r his.registration;
BEGIN
    IF v_code IS NOT NULL THEN
        RETURN his.refusal_(v_code);
    END IF;
    SELECT * INTO r FROM his.registration WHERE ref = p_ref FOR UPDATE;
    IF r.state = 'held' THEN
        UPDATE his.number SET busy_until = greatest(busy_until, p_until)
        WHERE schedule_id = r.schedule_id AND no = r.no AND ref = p_ref AND busy_until > v_at;
    END IF;
    RETURN his.kept_(p_ref, v_at);
END $$;

-- Its standing while it is held or confirmed, and otherwise the refusal.
CREATE FUNCTION his.kept_(p_ref text, p_at timestamptz) RETURNS his.reply LANGUAGE plpgsql AS $$
DECLARE
    v_reply his.reply := his.standing_(p_ref, p_at);
BEGIN
    IF v_reply.state IN ('held', 'confirmed') THEN
        RETURN v_reply;
    END IF;
    RETURN his.refusal_('N05');
END $$;

CREATE FUNCTION his.confirm_registration(p_ref text, p_payment_no text, p_amount_fen int, p_paid_at timestamptz)
RETURNS his.reply LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_at   timestamptz := his.instant_();
    v_code text := his.refused_('confirm_registration');
BEGIN
    v_code := coalesce(v_code, his.confirm_(p_ref, p_payment_no, p_amount_fen, p_paid_at, v_at));
    IF v_code IS NOT NULL THEN
        RETURN his.refusal_(v_code);
    END IF;
    RETURN his.standing_(p_ref, v_at);
END $$;

-- A held number becomes a registration; the code of what stands against it, or null. The same payment twice is once.
CREATE FUNCTION his.confirm_(p_ref text, p_payment_no text, p_amount_fen int, p_paid_at timestamptz, p_at timestamptz)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    r his.registration;
    s his.schedule;
BEGIN
    SELECT * INTO r FROM his.registration WHERE ref = p_ref FOR UPDATE;
    IF r.state = 'confirmed' THEN
        RETURN CASE WHEN r.payment_no <> p_payment_no THEN 'N08' END;
    ELSIF r.state IS DISTINCT FROM 'held' THEN
        RETURN 'N05';
    END IF;
    SELECT * INTO s FROM his.schedule WHERE schedule_id = r.schedule_id;
    IF s.stopped THEN
        RETURN 'N03';
    ELSIF s.fee_fen <> p_amount_fen THEN
        RETURN 'N07';
    END IF;
    UPDATE his.number SET busy_until = 'infinity'
    WHERE schedule_id = r.schedule_id AND no = r.no AND ref = p_ref AND busy_until > p_at;
    IF NOT FOUND THEN
        RETURN 'N05';
    END IF;
    UPDATE his.registration
    SET state = 'confirmed', payment_no = p_payment_no, amount_fen = p_amount_fen, paid_at = p_paid_at,
        registration_no = his.new_registration_no_(s)
    WHERE ref = p_ref;
    RETURN NULL;
END $$;

CREATE FUNCTION his.new_registration_no_(p_schedule his.schedule) RETURNS text LANGUAGE sql VOLATILE AS
$$ SELECT to_char(p_schedule.work_date, 'YYMMDD') || lpad(nextval('his.registration_seq')::text, 6, '0') $$;

-- Always succeeds. A reference that never came is remembered, so that a late call with it finds the door shut.
CREATE FUNCTION his.release_number(p_ref text)
RETURNS his.reply LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_at   timestamptz := his.instant_();
    v_code text := his.refused_('release_number');
    r his.registration;
BEGIN
    IF v_code IS NOT NULL THEN
        RETURN his.refusal_(v_code);
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(p_ref, 3));
    INSERT INTO his.registration (ref, source, state, made_at) VALUES (p_ref, 'platform', 'released', v_at)
    ON CONFLICT (ref) DO NOTHING;
    SELECT * INTO r FROM his.registration WHERE ref = p_ref FOR UPDATE;
    IF r.state <> 'released' THEN
        UPDATE his.number SET ref = NULL, busy_until = '-infinity'
        WHERE schedule_id = r.schedule_id AND no = r.no AND ref = p_ref;
        UPDATE his.registration SET state = 'released' WHERE ref = p_ref;
    END IF;
    RETURN his.standing_(p_ref, v_at);
END $$;

CREATE FUNCTION his.query_registration(p_ref text)
RETURNS his.reply LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_registration');
    RETURN his.standing_(p_ref, his.instant_());
END $$;

-- What the platform was given in that time, whatever has become of it since.
CREATE FUNCTION his.query_numbers(p_since timestamptz, p_until timestamptz)
RETURNS TABLE (ref text, state text, patient_no text, schedule_id bigint, no int, dept_code text, doctor_code text,
               work_date date, session_no int, room text, fee_fen int, made_at timestamptz, held_until timestamptz,
               starts_at timestamptz, ends_at timestamptz, registration_no text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_numbers');
    RETURN QUERY
    SELECT r.ref, st.state, r.patient_no, r.schedule_id, r.no, s.dept_code, d.doctor_code, s.work_date, s.session_no,
           s.room, s.fee_fen, r.made_at, st.held_until, st.starts_at, st.ends_at, r.registration_no
    FROM his.registration r
    JOIN his.schedule s ON s.schedule_id = r.schedule_id
    JOIN his.doctor d ON d.doctor_no = coalesce(s.substitute_no, s.doctor_no)
    CROSS JOIN LATERAL his.standing_(r.ref, his.instant_()) AS st
    WHERE r.source = 'platform' AND r.made_at BETWEEN p_since AND p_until
    ORDER BY r.made_at, r.ref;
END $$;
