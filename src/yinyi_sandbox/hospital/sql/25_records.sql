-- What the registration office does to people's records and their visits, and what is told of it.

-- control_id: under which it is told. number: of a patient or a visit. merged_no: the number that is left,
-- or from which another one was parted.
CREATE TABLE his.told_event (
    control_id text PRIMARY KEY,
    event      text NOT NULL CHECK (event IN ('ADT^A04', 'ADT^A08', 'ADT^A37', 'ADT^A40', 'SIU^S13', 'SIU^S17',
                                              'SIU^S26')),
    patient_no text NOT NULL REFERENCES his.patient,
    ref        text REFERENCES his.registration,
    merged_no  text,
    at         timestamptz NOT NULL
);
CREATE INDEX ON his.told_event (at);

CREATE FUNCTION his.tell_(p_event text, p_patient_no text, p_ref text DEFAULT NULL, p_merged_no text DEFAULT NULL)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO his.told_event
    VALUES (split_part(p_event, '^', 2) || '-' || left(replace(gen_random_uuid()::text, '-', ''), 16),
            p_event, p_patient_no, p_ref, p_merged_no, his.instant_())
$$;

-- Somebody new gets a record at the window.
CREATE FUNCTION his.register_(p_ref text, p_doc_type text, p_doc_no text, p_full_name text, p_sex_code text)
RETURNS TABLE (ret_code text, ret_msg text, patient_no text) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT * FROM his.create_patient(p_ref, p_doc_type, p_doc_no, p_full_name, p_sex_code, NULL::date,
                                                  '', '', '');
    PERFORM his.tell_('ADT^A04', p.patient_no) FROM his.patient p WHERE p.made_by = p_ref;
END $$;

CREATE FUNCTION his.change_patient_(p_patient_no text, p_full_name text, p_phone text)
RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    UPDATE his.patient SET full_name = coalesce(nullif(p_full_name, ''), full_name),
        phone = coalesce(nullif(p_phone, ''), phone)
    WHERE patient_no = p_patient_no AND merged_into IS NULL;
    IF NOT FOUND THEN
        RETURN 'P01';
    END IF;
    PERFORM his.tell_('ADT^A08', p_patient_no);
    RETURN '0';
END $$;

-- Two numbers are one person's: everything of the first is the second's, and whoever asks for the first is led there.
CREATE FUNCTION his.merge_patients_(p_patient_no text, p_into text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_table text;
BEGIN
    PERFORM FROM his.patient WHERE patient_no IN (p_patient_no, p_into) AND merged_into IS NULL
    ORDER BY patient_no FOR UPDATE;
    IF p_patient_no = p_into OR (SELECT count(*) <> 2 FROM his.patient
                                 WHERE patient_no IN (p_patient_no, p_into) AND merged_into IS NULL) THEN
        RETURN 'P01';
    END IF;
    INSERT INTO his.patient_document SELECT doc_type, doc_no, p_into FROM his.patient_document
    WHERE patient_no = p_patient_no ON CONFLICT DO NOTHING;
    DELETE FROM his.patient_document WHERE patient_no = p_patient_no;
    FOREACH v_table IN ARRAY '{visit,registration,invoice,test_order,stay,einvoice,account_charge}'::text[] LOOP
        EXECUTE format('UPDATE his.%I SET patient_no = $1 WHERE patient_no = $2', v_table) USING p_into, p_patient_no;
    END LOOP;
    UPDATE his.patient SET merged_into = p_into WHERE p_patient_no IN (patient_no, merged_into);
    PERFORM his.tell_('ADT^A40', p_into, NULL, p_patient_no);
    RETURN '0';
END $$;

-- A number that was merged by mistake is a patient's own again. What was whose before nobody can say any more: it stays
-- where it is.
CREATE FUNCTION his.part_patients_(p_patient_no text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_from text;
BEGIN
    SELECT merged_into INTO v_from FROM his.patient WHERE patient_no = p_patient_no FOR UPDATE;
    IF v_from IS NULL THEN
        RETURN 'P01';
    END IF;
    UPDATE his.patient SET merged_into = NULL WHERE patient_no = p_patient_no;
    PERFORM his.tell_('ADT^A37', p_patient_no, NULL, v_from);
    RETURN '0';
END $$;

-- A number that somebody has, paid for or not, becomes the next free one of its session, at another time; its
-- reference stays.
CREATE FUNCTION his.move_number_(p_ref text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_at    timestamptz := his.instant_();
    r       his.registration;
    s       his.schedule;
    v_until timestamptz;
    v_no    int;
BEGIN
    SELECT * INTO r FROM his.registration WHERE ref = p_ref FOR UPDATE;
    SELECT n.busy_until INTO v_until FROM his.number n
    WHERE n.schedule_id = r.schedule_id AND n.no = r.no AND n.ref = p_ref AND n.busy_until > v_at;
    IF v_until IS NULL THEN
        RETURN CASE WHEN r.ref IS NULL THEN 'N00' ELSE 'N05' END;
    END IF;
    SELECT * INTO s FROM his.schedule WHERE schedule_id = r.schedule_id;
    v_no := his.take_(s, NULL, p_ref, v_until, v_at);
    IF v_no IS NULL THEN
        RETURN 'N01';
    END IF;
    UPDATE his.number SET ref = NULL, busy_until = '-infinity'
    WHERE schedule_id = r.schedule_id AND no = r.no AND ref = p_ref;
    UPDATE his.registration SET no = v_no WHERE ref = p_ref;
    PERFORM his.tell_('SIU^S13', r.patient_no, p_ref);
    RETURN '0';
END $$;

-- It was entered by mistake: the number is free again, whoever has it.
CREATE FUNCTION his.delete_number_(p_ref text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    r his.registration;
BEGIN
    SELECT * INTO r FROM his.registration WHERE ref = p_ref FOR UPDATE;
    IF r.ref IS NULL OR r.state = 'released' THEN
        RETURN CASE WHEN r.ref IS NULL THEN 'N00' ELSE 'N05' END;
    END IF;
    UPDATE his.number SET ref = NULL, busy_until = '-infinity'
    WHERE schedule_id = r.schedule_id AND no = r.no AND ref = p_ref;
    UPDATE his.registration SET state = 'released' WHERE ref = p_ref;
    PERFORM his.tell_('SIU^S17', r.patient_no, p_ref);
    RETURN '0';
END $$;

-- The doctor has called, and nobody came.
CREATE FUNCTION his.missed_(p_ref text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    r his.registration;
BEGIN
    SELECT * INTO r FROM his.registration WHERE ref = p_ref;
    IF r.ref IS NULL OR r.state = 'released' THEN
        RETURN CASE WHEN r.ref IS NULL THEN 'N00' ELSE 'N05' END;
    ELSIF EXISTS (SELECT FROM his.check_in c WHERE c.of_ref = p_ref AND c.state = 'in') THEN
        RETURN 'N12';
    END IF;
    PERFORM his.tell_('SIU^S26', r.patient_no, p_ref);
    RETURN '0';
END $$;

-- What the platform has told (reception.py), and how it was answered. reference: of a visit. digest: of what it said.
CREATE TABLE his.heard (
    control_id text PRIMARY KEY,
    event      text NOT NULL,
    answer     text NOT NULL CHECK (answer IN ('AA', 'AE', 'AR')),
    problem    text NOT NULL,
    patient_no text NOT NULL,
    reference  text NOT NULL,
    payment_no text NOT NULL,
    amount_fen int,
    digest     bytea NOT NULL,
    heard_at   timestamptz NOT NULL
);
CREATE INDEX ON his.heard (heard_at);
