-- Electronic receipts: accepted at once, issued later, reversed by red ones, downloaded, marked as printed. By the
-- caller's reference, under which there is never more than one.

-- How long the bureau of finance takes.
CREATE TABLE his.einvoice_pace (late interval NOT NULL);
INSERT INTO his.einvoice_pace VALUES (interval '5 seconds');

CREATE SEQUENCE his.einvoice_seq;
CREATE TABLE his.einvoice (
    ref         text PRIMARY KEY,
    of_ref      text REFERENCES his.einvoice,
    patient_no  text NOT NULL REFERENCES his.patient,
    payment_no  text NOT NULL,
    title       text NOT NULL,
    amount_fen  int  NOT NULL CHECK (amount_fen > 0),
    paid_at     timestamptz,
    accepted_at timestamptz NOT NULL,
    due_at      timestamptz NOT NULL,
    code        text NOT NULL,
    number      text NOT NULL UNIQUE,
    check_code  text NOT NULL,
    printed_at  timestamptz
);
CREATE INDEX ON his.einvoice (patient_no, due_at);
CREATE INDEX ON his.einvoice (of_ref);

-- Without issued_at: accepted, and not issued before due_at.
CREATE TYPE his.einvoice_reply AS (
    ret_code text, ret_msg text, code text, number text, check_code text, due_at timestamptz, issued_at timestamptz,
    amount_fen int, url text, digest text, printed boolean);

CREATE FUNCTION his.einvoice_refusal_(p_code text) RETURNS his.einvoice_reply LANGUAGE sql IMMUTABLE AS $$
    SELECT ROW(p_code, his.message_(p_code), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::his.einvoice_reply
$$;

CREATE FUNCTION his.einvoice_url_(e his.einvoice) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT format('https://einvoice.yunshan.example/v/%s/%s/%s', e.code, e.number, e.check_code) $$;

-- A page of PDF, with nothing but ASCII on it.
CREATE FUNCTION his.einvoice_pdf_(e his.einvoice) RETURNS bytea LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_text text := format(
        'BT /F1 16 Tf 40 220 Td 24 TL (%s) Tj T* (Code %s) Tj T* (No. %s) Tj T* (Check %s) Tj T* (CNY %s) Tj ET',
        CASE WHEN e.of_ref IS NULL THEN 'Electronic receipt' ELSE 'Electronic receipt, reversal' END,
        e.code, e.number, e.check_code,
        to_char(CASE WHEN e.of_ref IS NULL THEN e.amount_fen ELSE -e.amount_fen END / 100.0, 'FM99999990.00'));
    v_objects text[] := ARRAY[
        '<< /Type /Catalog /Pages 2 0 R >>',
        '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
        '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 420 280] /Contents 4 0 R'
            || ' /Resources << /Font << /F1 5 0 R >> >> >>',
        format(E'<< /Length %s >>\nstream\n%s\nendstream', length(v_text), v_text),
        '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>'];
    v_pdf text := E'%PDF-1.4\n';
    v_places text := '';
    i int;
BEGIN
    FOR i IN 1 .. cardinality(v_objects) LOOP
        v_places := v_places || lpad(length(v_pdf)::text, 10, '0') || E' 00000 n \n';
        v_pdf := v_pdf || format(E'%s 0 obj\n%s\nendobj\n', i, v_objects[i]);
    END LOOP;
    RETURN convert_to(v_pdf || format(
        E'xref\n0 6\n0000000000 65535 f \n%strailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%s\n%%%%EOF\n',
        v_places, length(v_pdf)), 'UTF8');
END $$;

CREATE FUNCTION his.einvoice_standing_(p_ref text, p_code text) RETURNS his.einvoice_reply LANGUAGE plpgsql AS $$
DECLARE
    e his.einvoice;
    v_reply his.einvoice_reply;
BEGIN
    SELECT * INTO e FROM his.einvoice WHERE ref = p_ref;
    IF p_code IS NOT NULL OR e.ref IS NULL THEN
        RETURN his.einvoice_refusal_(coalesce(p_code, 'N00'));
    END IF;
    v_reply.ret_code := '0';
    v_reply.ret_msg := his.message_('0');
    v_reply.due_at := e.due_at;
    v_reply.amount_fen := e.amount_fen;
    v_reply.printed := e.printed_at IS NOT NULL;
    IF e.due_at <= his.instant_() THEN
        v_reply.code := e.code;
        v_reply.number := e.number;
        v_reply.check_code := e.check_code;
        v_reply.issued_at := e.due_at;
        v_reply.url := his.einvoice_url_(e);
        v_reply.digest := encode(sha256(his.einvoice_pdf_(e)), 'hex');
    END IF;
    RETURN v_reply;
END $$;

CREATE FUNCTION his.accept_einvoice_(
    p_ref text, p_of_ref text, p_patient_no text, p_payment_no text, p_title text, p_amount_fen int,
    p_paid_at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_at     timestamptz := his.instant_();
    v_number text := lpad(nextval('his.einvoice_seq')::text, 10, '0');
BEGIN
    INSERT INTO his.einvoice
    SELECT p_ref, p_of_ref, p_patient_no, p_payment_no, p_title, p_amount_fen, p_paid_at, v_at, v_at + late,
           '330601' || to_char(v_at AT TIME ZONE 'Asia/Shanghai', 'YY'), v_number,
           lpad((abs(hashtextextended(v_number || p_ref, 9) % 1000000))::text, 6, '0')
    FROM his.einvoice_pace;
END $$;

CREATE FUNCTION his.issue_einvoice(
    p_ref text, p_payment_no text, p_patient_no text, p_title text, p_amount_fen int, p_paid_at timestamptz)
RETURNS his.einvoice_reply LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_code text := his.refused_('issue_einvoice');
    e his.einvoice;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_ref, 8));
    SELECT * INTO e FROM his.einvoice WHERE ref = p_ref;
    IF v_code IS NOT NULL THEN
        NULL;
    ELSIF e.ref IS NOT NULL THEN
        IF e.of_ref IS NOT NULL OR e.patient_no <> p_patient_no OR e.amount_fen <> p_amount_fen THEN
            v_code := 'N06';
        END IF;
    ELSIF NOT EXISTS (SELECT FROM his.patient WHERE patient_no = p_patient_no) THEN
        v_code := 'P01';
    ELSIF coalesce(p_amount_fen, 0) <= 0 THEN
        v_code := 'N07';
    ELSE
        PERFORM his.accept_einvoice_(p_ref, NULL, p_patient_no, p_payment_no, p_title, p_amount_fen, p_paid_at);
    END IF;
    RETURN his.einvoice_standing_(p_ref, v_code);
END $$;

-- Locks are taken in one order: the reference, then the one that is reversed.
CREATE FUNCTION his.reverse_einvoice(p_ref text, p_of_ref text, p_amount_fen int, p_title text)
RETURNS his.einvoice_reply LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_code text := his.refused_('reverse_einvoice');
    e his.einvoice;
    b his.einvoice;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_ref, 8));
    SELECT * INTO e FROM his.einvoice WHERE ref = p_ref;
    SELECT * INTO b FROM his.einvoice WHERE ref = p_of_ref AND of_ref IS NULL FOR UPDATE;
    IF v_code IS NOT NULL THEN
        NULL;
    ELSIF e.ref IS NOT NULL THEN
        IF e.of_ref IS DISTINCT FROM p_of_ref OR e.amount_fen <> p_amount_fen THEN
            v_code := 'N06';
        END IF;
    ELSIF b.ref IS NULL OR b.due_at > his.instant_() THEN
        v_code := 'E01';
    ELSIF coalesce(p_amount_fen, 0) <= 0 OR p_amount_fen > b.amount_fen
          - (SELECT coalesce(sum(amount_fen), 0) FROM his.einvoice WHERE of_ref = p_of_ref) THEN
        v_code := 'E02';
    ELSE
        PERFORM his.accept_einvoice_(p_ref, p_of_ref, b.patient_no, b.payment_no, p_title, p_amount_fen, b.paid_at);
    END IF;
    RETURN his.einvoice_standing_(p_ref, v_code);
END $$;

CREATE FUNCTION his.query_einvoice(p_ref text)
RETURNS his.einvoice_reply LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_einvoice');
    RETURN his.einvoice_standing_(p_ref, NULL);
END $$;

CREATE FUNCTION his.mark_einvoice_printed(p_ref text)
RETURNS his.einvoice_reply LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_code text := his.refused_('mark_einvoice_printed');
BEGIN
    IF v_code IS NULL AND EXISTS (SELECT FROM his.einvoice WHERE ref = p_ref AND due_at > his.instant_()) THEN
        v_code := 'E01';
    ELSIF v_code IS NULL THEN
        UPDATE his.einvoice SET printed_at = coalesce(printed_at, his.instant_()) WHERE ref = p_ref;
    END IF;
    RETURN his.einvoice_standing_(p_ref, v_code);
END $$;

CREATE FUNCTION his.query_einvoices(p_patient_no text, p_first date, p_last date)
RETURNS TABLE (ref text, of_ref text, payment_no text, amount_fen int, code text, number text, check_code text,
               issued_at timestamptz, url text, digest text, printed boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_einvoices');
    RETURN QUERY
        SELECT e.ref, e.of_ref, e.payment_no, e.amount_fen, e.code, e.number, e.check_code, e.due_at,
               his.einvoice_url_(e), encode(sha256(his.einvoice_pdf_(e)), 'hex'), e.printed_at IS NOT NULL
        FROM his.einvoice e
        WHERE e.patient_no = p_patient_no AND e.due_at <= his.instant_()
          AND (e.due_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN p_first AND p_last
        ORDER BY e.due_at DESC, e.number DESC;
END $$;

-- The PDF in base64; no row: not issued.
CREATE FUNCTION his.download_einvoice(p_ref text) RETURNS TABLE (content text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('download_einvoice');
    RETURN QUERY
        SELECT encode(his.einvoice_pdf_(e), 'base64') FROM his.einvoice e
        WHERE e.ref = p_ref AND e.due_at <= his.instant_();
END $$;
