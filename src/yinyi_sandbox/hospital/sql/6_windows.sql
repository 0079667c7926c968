-- What the hospital's own windows do with the same numbers.

CREATE FUNCTION his.window_sell_(p_ref text, p_schedule_id bigint, p_patient_no text)
RETURNS his.reply LANGUAGE plpgsql AS $$
DECLARE
    v_at timestamptz := his.instant_();
    s his.schedule;
    v_code text;
    v_no int;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_patient_no || ' ' || p_schedule_id, 2));
    SELECT * INTO s FROM his.schedule WHERE schedule_id = p_schedule_id;
    v_code := his.objection_(s, p_patient_no, v_at);
    IF v_code IS NULL THEN
        v_no := his.take_(s, NULL, p_ref, 'infinity', v_at);
        v_code := CASE WHEN v_no IS NULL THEN 'N01' END;
    END IF;
    IF v_code IS NOT NULL THEN
        RETURN his.refusal_(v_code);
    END IF;
    INSERT INTO his.registration VALUES (p_ref, p_schedule_id, v_no, p_patient_no, 'window', 'confirmed', v_at, p_ref,
                                         s.fee_fen, v_at, his.new_registration_no_(s));
    RETURN his.standing_(p_ref, v_at);
END $$;

-- The holder of a kept number pays in cash.
CREATE FUNCTION his.window_collect_(p_ref text, p_receipt_no text) RETURNS his.reply LANGUAGE plpgsql AS $$
DECLARE
    v_at   timestamptz := his.instant_();
    v_fee  int := (SELECT s.fee_fen FROM his.registration r JOIN his.schedule s USING (schedule_id) WHERE r.ref = p_ref);
    v_code text := his.confirm_(p_ref, p_receipt_no, v_fee, v_at, v_at);
BEGIN
    IF v_code IS NOT NULL THEN
        RETURN his.refusal_(v_code);
    END IF;
    RETURN his.standing_(p_ref, v_at);
END $$;
