-- Keeping invoices while a payer pays, paying, letting go, and giving back; every one is referred to by the caller's
-- reference. Locks are taken in one order: the reference, then the invoices by number.

CREATE TYPE his.bill_reply AS (
    ret_code text, ret_msg text, state text, amount_fen int, refunded_fen int, held_until timestamptz,
    paid_at timestamptz, receipt_no text, payment_no text, places text[], places_en text[]);

CREATE FUNCTION his.bill_refusal_(p_code text) RETURNS his.bill_reply LANGUAGE sql IMMUTABLE AS $$
    SELECT ROW(p_code, his.message_(p_code), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::his.bill_reply
$$;

-- How a reference stands. A hold lapses by its time, by a doctor's change, or because somebody else has paid.
CREATE FUNCTION his.bill_standing_(p_ref text, p_at timestamptz) RETURNS his.bill_reply LANGUAGE plpgsql AS $$
DECLARE
    p his.bill_posting;
    v_reply his.bill_reply;
BEGIN
    SELECT * INTO p FROM his.bill_posting WHERE ref = p_ref;
    IF NOT FOUND THEN
        RETURN his.bill_refusal_('N00');
    END IF;
    v_reply.ret_code := '0';
    v_reply.ret_msg := his.message_('0');
    v_reply.state := p.state;
    v_reply.amount_fen := p.amount_fen;
    v_reply.paid_at := p.paid_at;
    v_reply.receipt_no := p.receipt_no;
    v_reply.payment_no := p.payment_no;
    IF p.state = 'held' THEN
        SELECT min(i.held_until) INTO v_reply.held_until
        FROM unnest(p.invoice_nos, p.versions) AS t (invoice_no, version) JOIN his.invoice i USING (invoice_no)
        HAVING bool_and(i.state = 'open' AND i.held_by = p_ref AND i.held_until > p_at AND i.version = t.version);
        IF v_reply.held_until IS NULL THEN
            v_reply.state := 'lapsed';
        END IF;
    ELSIF p.state = 'paid' THEN
        SELECT sum(i.refunded_fen) INTO v_reply.refunded_fen FROM his.invoice i WHERE i.paid_by = p_ref;
        SELECT array_agg(c.place ORDER BY c.rank), array_agg(c.place_en ORDER BY c.rank)
        INTO v_reply.places, v_reply.places_en
        FROM his.charge_category c
        WHERE c.place <> '' AND EXISTS (
            SELECT FROM his.invoice_line l JOIN his.charge_item ci USING (item_code)
            WHERE l.invoice_no = ANY (p.invoice_nos) AND ci.category_code = c.category_code);
    END IF;
    RETURN v_reply;
END $$;

-- What stands against paying this invoice by this reference; null when nothing does.
CREATE FUNCTION his.bill_objection_(i his.invoice, p_version int, p_ref text, p_at timestamptz)
RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN i.invoice_no IS NULL THEN 'B01'
        WHEN i.state = 'cancelled' THEN 'B02'
        WHEN i.state <> 'open' THEN 'B03'
        WHEN i.version <> p_version THEN 'B04'
        WHEN i.held_by <> p_ref AND i.held_until > p_at THEN 'B05' END
$$;

-- The first objection against any of them, all locked.
CREATE FUNCTION his.bill_objections_(p_ref text, p_invoice_nos text[], p_versions int[], p_at timestamptz)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_code text;
    v_patients int;
BEGIN
    IF coalesce(cardinality(p_invoice_nos), 0) = 0 OR cardinality(p_invoice_nos) <> cardinality(p_versions)
       OR cardinality(p_invoice_nos) > 50 THEN
        RETURN 'B01';
    END IF;
    PERFORM FROM his.invoice WHERE invoice_no = ANY (p_invoice_nos) ORDER BY invoice_no FOR UPDATE;
    SELECT min(his.bill_objection_(i, t.version, p_ref, p_at)), count(DISTINCT i.patient_no)
    INTO v_code, v_patients
    FROM unnest(p_invoice_nos, p_versions) AS t (invoice_no, version) LEFT JOIN his.invoice i USING (invoice_no);
    RETURN coalesce(v_code, CASE WHEN v_patients <> 1 THEN 'B06' END);
END $$;

CREATE FUNCTION his.hold_invoices(p_ref text, p_invoice_nos text[], p_versions int[], p_until timestamptz)
RETURNS his.bill_reply LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_at   timestamptz := his.instant_();
    v_code text := his.refused_('hold_invoices');
    p his.bill_posting;
BEGIN
    IF v_code IS NOT NULL THEN
        RETURN his.bill_refusal_(v_code);
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(p_ref, 4));
    SELECT * INTO p FROM his.bill_posting WHERE ref = p_ref;
    IF FOUND AND p.state <> 'released' AND (p.invoice_nos <> p_invoice_nos OR p.versions <> p_versions) THEN
        RETURN his.bill_refusal_('N06');
    ELSIF p.state = 'paid' THEN
        RETURN his.bill_standing_(p_ref, v_at);
    ELSIF p.state = 'released' OR p_until <= v_at THEN
        RETURN his.bill_refusal_('N05');
    END IF;
    v_code := his.bill_objections_(p_ref, p_invoice_nos, p_versions, v_at);
    IF v_code IS NOT NULL THEN
        RETURN his.bill_refusal_(v_code);
    END IF;
    UPDATE his.invoice
    SET held_until = CASE WHEN held_by = p_ref THEN greatest(held_until, p_until) ELSE p_until END, held_by = p_ref
    WHERE invoice_no = ANY (p_invoice_nos);
    INSERT INTO his.bill_posting (ref, source, state, invoice_nos, versions, amount_fen, made_at)
    SELECT p_ref, 'platform', 'held', p_invoice_nos, p_versions, sum(total_fen), v_at
    FROM his.invoice WHERE invoice_no = ANY (p_invoice_nos)
    ON CONFLICT (ref) DO NOTHING;
    RETURN his.bill_standing_(p_ref, v_at);
END $$;

-- All of them are paid, or none. The same payment twice is once. A hold that has run out does no harm while nothing
-- else has happened to them.
CREATE FUNCTION his.pay_invoices(
    p_ref text, p_invoice_nos text[], p_versions int[], p_amount_fen int, p_payment_no text, p_means text,
    p_paid_at timestamptz)
RETURNS his.bill_reply LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_at   timestamptz := his.instant_();
    v_code text := his.refused_('pay_invoices');
BEGIN
    v_code := coalesce(v_code, his.pay_(p_ref, 'platform', p_invoice_nos, p_versions, p_amount_fen, p_payment_no,
                                        p_means, p_paid_at, v_at));
    IF v_code IS NOT NULL THEN
        RETURN his.bill_refusal_(v_code);
    END IF;
    RETURN his.bill_standing_(p_ref, v_at);
END $$;

CREATE FUNCTION his.pay_(
    p_ref text, p_source text, p_invoice_nos text[], p_versions int[], p_amount_fen int, p_payment_no text,
    p_means text, p_paid_at timestamptz, p_at timestamptz) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    p his.bill_posting;
    v_code text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_ref, 4));
    SELECT * INTO p FROM his.bill_posting WHERE ref = p_ref;
    IF p.state = 'paid' AND p.payment_no <> p_payment_no THEN
        RETURN 'N08';
    ELSIF p.state = 'released' THEN
        RETURN 'N05';
    ELSIF p.ref IS NOT NULL AND (p.invoice_nos <> p_invoice_nos OR p.versions <> p_versions) THEN
        RETURN 'N06';
    ELSIF p.state = 'paid' THEN
        RETURN CASE WHEN p.amount_fen <> p_amount_fen THEN 'N06' END;
    END IF;
    v_code := his.bill_objections_(p_ref, p_invoice_nos, p_versions, p_at);
    IF v_code IS NOT NULL THEN
        RETURN v_code;
    ELSIF p_amount_fen IS DISTINCT FROM
          (SELECT sum(total_fen) FROM his.invoice WHERE invoice_no = ANY (p_invoice_nos)) THEN
        RETURN 'N07';
    END IF;
    UPDATE his.invoice
    SET state = 'paid', paid_by = p_ref, paid_at = p_paid_at, held_by = NULL, held_until = '-infinity'
    WHERE invoice_no = ANY (p_invoice_nos);
    INSERT INTO his.bill_posting
    VALUES (p_ref, p_source, 'paid', p_invoice_nos, p_versions, p_amount_fen, p_at, p_payment_no, p_means, p_paid_at,
            his.new_receipt_no_(p_at))
    ON CONFLICT (ref) DO UPDATE
    SET state = 'paid', payment_no = excluded.payment_no, means = excluded.means, paid_at = excluded.paid_at,
        receipt_no = excluded.receipt_no;
    PERFORM his.request_tests_(p_invoice_nos, p_at);
    RETURN NULL;
END $$;

CREATE FUNCTION his.new_receipt_no_(p_at timestamptz) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT to_char(p_at AT TIME ZONE 'Asia/Shanghai', 'YYMMDD') || lpad(nextval('his.receipt_seq')::text, 8, '0')
$$;

-- As if it had never been. A reference that never came is remembered, so that a late call with it finds the door shut.
-- Refused when something of it was done or given back already.
CREATE FUNCTION his.release_invoices(p_ref text)
RETURNS his.bill_reply LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_at   timestamptz := his.instant_();
    v_code text := his.refused_('release_invoices');
    p his.bill_posting;
BEGIN
    IF v_code IS NOT NULL THEN
        RETURN his.bill_refusal_(v_code);
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(p_ref, 4));
    INSERT INTO his.bill_posting (ref, source, state, invoice_nos, versions, amount_fen, made_at)
    VALUES (p_ref, 'platform', 'released', '{}', '{}', 0, v_at) ON CONFLICT (ref) DO NOTHING;
    SELECT * INTO p FROM his.bill_posting WHERE ref = p_ref;
    PERFORM FROM his.invoice WHERE invoice_no = ANY (p.invoice_nos) ORDER BY invoice_no FOR UPDATE;
    v_code := CASE WHEN p.state = 'paid' THEN his.done_already_(p.invoice_nos, NULL) END;
    IF v_code IS NOT NULL THEN
        RETURN his.bill_refusal_(v_code);
    END IF;
    PERFORM his.cancel_tests_(p.invoice_nos, NULL) WHERE p.state = 'paid';
    UPDATE his.invoice SET state = 'open', paid_by = NULL, paid_at = NULL WHERE paid_by = p_ref;
    UPDATE his.invoice SET held_by = NULL, held_until = '-infinity' WHERE held_by = p_ref
        AND invoice_no = ANY (p.invoice_nos);
    UPDATE his.bill_posting SET state = 'released' WHERE ref = p_ref;
    RETURN his.bill_standing_(p_ref, v_at);
END $$;

-- Whether lines of these invoices (all without line_nos) can no longer be taken back.
CREATE FUNCTION his.done_already_(p_invoice_nos text[], p_line_nos int[]) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN bool_or(refunded_by IS NOT NULL) THEN 'B08' WHEN bool_or(performed) THEN 'B07' END
    FROM his.invoice_line
    WHERE invoice_no = ANY (p_invoice_nos) AND (p_line_nos IS NULL OR line_no = ANY (p_line_nos))
$$;

CREATE FUNCTION his.query_posting(p_ref text)
RETURNS his.bill_reply LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_posting');
    RETURN his.bill_standing_(p_ref, his.instant_());
END $$;
