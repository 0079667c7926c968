-- Deposits of inpatients, posted, asked about, taken back and returned by the caller's reference.
-- Locks are taken in one order: the reference, then the stay.

CREATE TYPE his.deposit_reply AS (
    ret_code text, ret_msg text, state text, admission_no text, amount_fen int, returned_fen int, receipt_no text,
    payment_no text, paid_at timestamptz, left_fen bigint);

CREATE FUNCTION his.deposit_refusal_(p_code text) RETURNS his.deposit_reply LANGUAGE sql IMMUTABLE AS $$
    SELECT ROW(p_code, his.message_(p_code), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::his.deposit_reply
$$;

-- The answer, or the refusal when there is a code.
CREATE FUNCTION his.deposit_standing_(p_ref text, p_code text) RETURNS his.deposit_reply LANGUAGE plpgsql AS $$
DECLARE
    d his.deposit;
    v_reply his.deposit_reply;
BEGIN
    SELECT * INTO d FROM his.deposit WHERE ref = p_ref;
    IF p_code IS NOT NULL OR d.ref IS NULL THEN
        RETURN his.deposit_refusal_(coalesce(p_code, 'N00'));
    END IF;
    v_reply.ret_code := '0';
    v_reply.ret_msg := his.message_('0');
    v_reply.state := d.state;
    v_reply.admission_no := d.admission_no;
    v_reply.amount_fen := d.amount_fen;
    v_reply.returned_fen := his.returned_(p_ref);
    v_reply.receipt_no := d.receipt_no;
    v_reply.payment_no := d.payment_no;
    v_reply.paid_at := d.paid_at;
    v_reply.left_fen := his.deposited_(d.admission_no) - his.cost_(d.admission_no);
    RETURN v_reply;
END $$;

CREATE FUNCTION his.returned_(p_ref text) RETURNS int LANGUAGE sql STABLE AS
$$ SELECT coalesce(sum(amount_fen), 0)::int FROM his.deposit WHERE of_ref = p_ref AND state = 'posted' $$;

CREATE FUNCTION his.post_deposit(
    p_ref text, p_admission_no text, p_amount_fen int, p_payment_no text, p_means text, p_paid_at timestamptz)
RETURNS his.deposit_reply LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_code text := his.refused_('post_deposit');
BEGIN
    RETURN his.deposit_standing_(p_ref, coalesce(v_code, his.deposit_(
        p_ref, 'platform', p_admission_no, p_amount_fen, p_payment_no, p_means, p_paid_at)));
END $$;

CREATE FUNCTION his.deposit_(
    p_ref text, p_source text, p_admission_no text, p_amount_fen int, p_payment_no text, p_means text,
    p_paid_at timestamptz) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_at timestamptz := his.instant_();
    d his.deposit;
    s his.stay;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_ref, 6));
    SELECT * INTO d FROM his.deposit WHERE ref = p_ref;
    IF d.state = 'reversed' THEN
        RETURN 'N05';
    ELSIF d.ref IS NOT NULL THEN
        RETURN CASE WHEN d.kind <> 'deposit' OR d.admission_no <> p_admission_no OR d.amount_fen <> p_amount_fen
                    THEN 'N06' WHEN d.payment_no <> p_payment_no THEN 'N08' END;
    END IF;
    SELECT * INTO s FROM his.stay WHERE admission_no = p_admission_no FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'D01';
    ELSIF s.state = 'settled' THEN
        RETURN 'D02';
    ELSIF p_amount_fen IS NULL OR p_amount_fen NOT BETWEEN 1 AND 20000000 THEN
        RETURN 'D03';
    END IF;
    INSERT INTO his.deposit
    VALUES (p_ref, p_admission_no, 'deposit', NULL, 'posted', p_amount_fen, p_source, p_means, p_payment_no, v_at,
            p_paid_at, his.new_receipt_no_(v_at));
    RETURN NULL;
END $$;

-- As if it had never been; a reference that never came is remembered. A settled stay's deposits stay, its returns do
-- not: what was not given back after all is there again.
CREATE FUNCTION his.reverse_deposit(p_ref text)
RETURNS his.deposit_reply LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_code text := his.refused_('reverse_deposit');
    d his.deposit;
    s his.stay;
BEGIN
    IF v_code IS NOT NULL THEN
        RETURN his.deposit_refusal_(v_code);
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(p_ref, 6));
    INSERT INTO his.deposit (ref, kind, state, amount_fen, source, made_at)
    VALUES (p_ref, 'deposit', 'reversed', 0, 'platform', his.instant_()) ON CONFLICT (ref) DO NOTHING;
    SELECT * INTO d FROM his.deposit WHERE ref = p_ref;
    IF d.state = 'posted' THEN
        SELECT * INTO s FROM his.stay WHERE admission_no = d.admission_no FOR UPDATE;
        IF d.kind = 'deposit' AND s.state = 'settled' THEN
            RETURN his.deposit_refusal_('D02');
        END IF;
        UPDATE his.deposit SET state = 'reversed' WHERE ref = p_ref;
    END IF;
    RETURN his.deposit_standing_(p_ref, NULL);
END $$;

-- Some of a deposit goes back to where it came from: after the settlement, and no more than is left of everything.
CREATE FUNCTION his.return_deposit(p_ref text, p_deposit_ref text, p_amount_fen int)
RETURNS his.deposit_reply LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_code text := his.refused_('return_deposit');
BEGIN
    RETURN his.deposit_standing_(p_ref, coalesce(v_code, his.return_(p_ref, 'platform', p_deposit_ref, p_amount_fen)));
END $$;

CREATE FUNCTION his.return_(p_ref text, p_source text, p_deposit_ref text, p_amount_fen int)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_at timestamptz := his.instant_();
    r his.deposit;
    d his.deposit;
    s his.stay;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_ref, 6));
    SELECT * INTO r FROM his.deposit WHERE ref = p_ref;
    IF r.state = 'reversed' THEN
        RETURN 'N05';
    ELSIF r.ref IS NOT NULL THEN
        RETURN CASE WHEN r.of_ref IS DISTINCT FROM p_deposit_ref OR r.amount_fen <> p_amount_fen THEN 'N06' END;
    END IF;
    SELECT * INTO d FROM his.deposit WHERE ref = p_deposit_ref;
    SELECT * INTO s FROM his.stay WHERE admission_no = d.admission_no FOR UPDATE;
    SELECT * INTO d FROM his.deposit WHERE ref = p_deposit_ref AND kind = 'deposit' AND state = 'posted';
    IF NOT FOUND THEN
        RETURN 'D06';
    ELSIF s.state <> 'settled' THEN
        RETURN 'D05';
    ELSIF p_amount_fen IS NULL OR p_amount_fen < 1 THEN
        RETURN 'D03';
    ELSIF p_amount_fen > least(d.amount_fen - his.returned_(d.ref),
                               his.deposited_(s.admission_no) - his.cost_(s.admission_no)) THEN
        RETURN 'D04';
    END IF;
    INSERT INTO his.deposit
    VALUES (p_ref, s.admission_no, 'return', p_deposit_ref, 'posted', p_amount_fen, p_source, d.means, '', v_at, NULL,
            his.new_receipt_no_(v_at));
    RETURN NULL;
END $$;

CREATE FUNCTION his.query_deposit(p_ref text)
RETURNS his.deposit_reply LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_deposit');
    RETURN his.deposit_standing_(p_ref, NULL);
END $$;

-- Of one stay, also what was taken back.
CREATE FUNCTION his.query_deposits(p_admission_no text)
RETURNS TABLE (ref text, kind text, of_ref text, state text, amount_fen int, returned_fen int, source text, means text,
               payment_no text, receipt_no text, made_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_deposits');
    RETURN QUERY
        SELECT d.ref, d.kind, d.of_ref, d.state, d.amount_fen, his.returned_(d.ref), d.source, d.means, d.payment_no,
               d.receipt_no, d.made_at
        FROM his.deposit d WHERE d.admission_no = p_admission_no ORDER BY d.made_at, d.ref;
END $$;

-- What the platform posted in that time, whatever has become of it since.
CREATE FUNCTION his.query_deposit_postings(p_since timestamptz, p_until timestamptz)
RETURNS TABLE (ref text, kind text, of_ref text, state text, admission_no text, amount_fen int, returned_fen int,
               source text, means text, payment_no text, receipt_no text, made_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_deposit_postings');
    RETURN QUERY
        SELECT d.ref, d.kind, d.of_ref, d.state, d.admission_no, d.amount_fen, his.returned_(d.ref), d.source,
               d.means, d.payment_no, d.receipt_no, d.made_at
        FROM his.deposit d WHERE d.source = 'platform' AND d.made_at BETWEEN p_since AND p_until
        ORDER BY d.made_at, d.ref;
END $$;
