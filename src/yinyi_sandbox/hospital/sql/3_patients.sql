-- Patients: found by document or number, made at the first visit.

CREATE FUNCTION his.query_patient(p_doc_type text, p_doc_no text)
RETURNS TABLE (patient_no text, full_name text, sex_code text, birth_date date, phone text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_patient');
    RETURN QUERY
        SELECT p.patient_no, p.full_name, p.sex_code, p.birth_date, p.phone
        FROM his.patient_document d JOIN his.patient p USING (patient_no)
        WHERE d.doc_type = p_doc_type AND d.doc_no = p_doc_no
        ORDER BY p.patient_no;
END $$;

CREATE FUNCTION his.query_patient_no(p_patient_no text)
RETURNS TABLE (patient_no text, full_name text, sex_code text, birth_date date, phone text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_patient_no');
    RETURN QUERY
        SELECT p.patient_no, p.full_name, p.sex_code, p.birth_date, p.phone
        FROM his.patient asked JOIN his.patient p ON p.patient_no = coalesce(asked.merged_into, asked.patient_no)
        WHERE asked.patient_no = p_patient_no;
END $$;

-- A document that is on record under the same name keeps its old number. Two at once: the second finds the first's.
CREATE FUNCTION his.create_patient(
    p_ref text, p_doc_type text, p_doc_no text, p_full_name text, p_sex_code text, p_birth_date date,
    p_phone text, p_address text, p_nation text, p_guardian_name text DEFAULT '', p_guardian_phone text DEFAULT '')
RETURNS TABLE (ret_code text, ret_msg text, patient_no text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_code text := his.refused_('create_patient');
    v_no   text;
    v_name text;
BEGIN
    IF v_code IS NULL AND (p_doc_no = '' OR p_full_name = '') THEN
        v_code := 'P03';
    END IF;
    IF v_code IS NOT NULL THEN
        RETURN QUERY SELECT v_code, his.message_(v_code), NULL::text;
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(p_doc_type || ' ' || p_doc_no, 1));
    SELECT p.patient_no INTO v_no FROM his.patient p WHERE p.made_by = p_ref;
    IF NOT FOUND THEN
        SELECT p.patient_no, p.full_name INTO v_no, v_name
        FROM his.patient_document d JOIN his.patient p USING (patient_no)
        WHERE d.doc_type = p_doc_type AND d.doc_no = p_doc_no
        ORDER BY p.full_name <> p_full_name, p.patient_no LIMIT 1;
        IF FOUND AND v_name <> p_full_name THEN
            RETURN QUERY SELECT 'P02', his.message_('P02'), NULL::text;
            RETURN;
        END IF;
    END IF;
    IF v_no IS NULL THEN
        v_no := his.new_patient_(p_ref, p_full_name, p_sex_code, p_birth_date, p_phone, p_address, p_nation);
        INSERT INTO his.patient_document VALUES (p_doc_type, p_doc_no, v_no);
        UPDATE his.patient p SET guardian_name = p_guardian_name, guardian_phone = p_guardian_phone
        WHERE p.patient_no = v_no AND p_guardian_name <> '';
    END IF;
    RETURN QUERY SELECT '0', his.message_('0'), v_no;
END $$;

CREATE FUNCTION his.new_patient_(
    p_ref text, p_full_name text, p_sex_code text, p_birth_date date, p_phone text, p_address text, p_nation text)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_person_no int := nextval('his.patient_seq');
    v_no text := to_char(his.today_(), 'YYYY') || lpad(v_person_no::text, 6, '0');
BEGIN
    INSERT INTO his.patient VALUES (v_no, v_person_no, p_full_name, p_sex_code, p_birth_date, p_phone, p_address,
                                    p_nation, p_ref);
    RETURN v_no;
END $$;

CREATE FUNCTION his.query_created(p_ref text)
RETURNS TABLE (patient_no text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_created');
    RETURN QUERY SELECT p.patient_no FROM his.patient p WHERE p.made_by = p_ref;
END $$;

CREATE FUNCTION his.query_visits(p_patient_no text, p_limit int)
RETURNS TABLE (visit_date date, dept_code text, doctor_code text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_visits');
    RETURN QUERY
        SELECT v.visit_date, v.dept_code, v.doctor_code FROM his.visit v WHERE v.patient_no = p_patient_no
        UNION ALL
        SELECT s.work_date, s.dept_code, d.doctor_code
        FROM his.registration r JOIN his.schedule s USING (schedule_id) JOIN his.doctor d USING (doctor_no)
        WHERE r.patient_no = p_patient_no AND r.state = 'confirmed' AND s.work_date <= his.today_()
        ORDER BY 1 DESC, 2, 3
        LIMIT p_limit;
END $$;
