-- Departments, doctors, schedules and how their numbers stand.

CREATE FUNCTION his.query_department()
RETURNS TABLE (dept_code text, parent_code text, dept_name text, name_en text, initial text, building text,
               floor_no int, area text, common_rank int, building_en text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_department');
    RETURN QUERY SELECT d.* FROM his.department d ORDER BY d.dept_code;
END $$;

CREATE FUNCTION his.query_doctor()
RETURNS TABLE (doctor_code text, dept_code text, doctor_name text, initials text, title_code text, specialty text,
               introduction text, specialty_en text, introduction_en text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_doctor');
    RETURN QUERY
        SELECT d.doctor_code, d.dept_code, d.doctor_name, d.initials, d.title_code, d.specialty, d.introduction,
               d.specialty_en, d.introduction_en
        FROM his.doctor d ORDER BY d.doctor_no;
END $$;

-- status_code: O open, S stopped, C closed.
CREATE FUNCTION his.query_schedule(p_dept_code text, p_first date, p_last date)
RETURNS TABLE (schedule_id bigint, doctor_code text, dept_code text, work_date date, session_no int,
               starts_at timestamptz, ends_at timestamptz, fee_fen int, capacity int, taken int, room text,
               in_room boolean, status_code text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_at timestamptz := his.instant_();
BEGIN
    PERFORM his.refuse_reading_('query_schedule');
    RETURN QUERY
        SELECT s.schedule_id, d.doctor_code, s.dept_code, s.work_date, s.session_no, s.starts_at, s.ends_at,
               s.fee_fen, s.capacity,
               (SELECT count(*)::int FROM his.number n
                WHERE n.schedule_id = s.schedule_id AND n.busy_until > v_at),
               s.room,
               NOT s.stopped AND v_at >= s.arrives_at AND v_at < s.ends_at,
               CASE WHEN s.stopped THEN 'S' WHEN v_at >= s.closes_at THEN 'C' ELSE 'O' END
        FROM his.schedule s JOIN his.doctor d ON d.doctor_no = coalesce(s.substitute_no, s.doctor_no)
        WHERE s.dept_code = p_dept_code AND s.work_date BETWEEN p_first AND p_last
        ORDER BY s.starts_at, d.title_code, d.doctor_no;
END $$;

-- status_code: F free, H held, S sold.
CREATE FUNCTION his.query_slot(p_schedule_id bigint)
RETURNS TABLE (no int, starts_at timestamptz, ends_at timestamptz, status_code text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_at timestamptz := his.instant_();
BEGIN
    PERFORM his.refuse_reading_('query_slot');
    RETURN QUERY
        SELECT n.no, his.slot_starts_(s, n.no), his.slot_starts_(s, n.no + 1),
               CASE WHEN n.busy_until <= v_at THEN 'F' WHEN n.busy_until = 'infinity' THEN 'S' ELSE 'H' END
        FROM his.number n JOIN his.schedule s USING (schedule_id)
        WHERE n.schedule_id = p_schedule_id
        ORDER BY n.no;
END $$;

CREATE FUNCTION his.slot_starts_(p_schedule his.schedule, p_no int) RETURNS timestamptz LANGUAGE sql STABLE AS
$$ SELECT p_schedule.starts_at + (p_no - 1) * p_schedule.slot_minutes * interval '1 minute' $$;
