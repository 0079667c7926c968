-- Money back for what was paid: a whole invoice or some of its lines.

CREATE FUNCTION his.refund_invoice(p_ref text, p_invoice_no text, p_line_nos int[], p_amount_fen int)
RETURNS his.bill_reply LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_at   timestamptz := his.instant_();
    v_code text := his.refused_('refund_invoice');
BEGIN
    v_code := coalesce(v_code, his.refund_(p_ref, 'platform', p_invoice_no, p_line_nos, p_amount_fen, v_at));
    IF v_code IS NOT NULL THEN
        RETURN his.bill_refusal_(v_code);
    END IF;
    RETURN his.refund_standing_(p_ref);
END $$;

-- Without line_nos: all of it. The amount has to be that of the lines.
CREATE FUNCTION his.refund_(
    p_ref text, p_source text, p_invoice_no text, p_line_nos int[], p_amount_fen int, p_at timestamptz)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    b his.bill_refund;
    i his.invoice;
    v_code  text;
    v_lines int[];
    v_fen   int;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_ref, 5));
    SELECT * INTO b FROM his.bill_refund WHERE ref = p_ref;
    IF FOUND THEN
        RETURN CASE WHEN b.invoice_no <> p_invoice_no OR b.amount_fen <> p_amount_fen
                         OR b.whole <> (p_line_nos IS NULL)
                         OR NOT (b.whole OR (b.line_nos <@ p_line_nos AND p_line_nos <@ b.line_nos)) THEN 'N06' END;
    END IF;
    SELECT * INTO i FROM his.invoice WHERE invoice_no = p_invoice_no FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'B01';
    ELSIF i.state = 'refunded' THEN
        RETURN 'B08';
    ELSIF i.state <> 'paid' THEN
        RETURN 'B09';
    END IF;
    SELECT array_agg(line_no ORDER BY line_no), sum(amount_fen) INTO v_lines, v_fen FROM his.invoice_line
    WHERE invoice_no = p_invoice_no AND (p_line_nos IS NULL OR line_no = ANY (p_line_nos));
    IF NOT coalesce(p_line_nos <@ v_lines AND cardinality(p_line_nos) > 0, p_line_nos IS NULL) THEN
        RETURN 'B10';
    END IF;
    v_code := his.done_already_(ARRAY[p_invoice_no], v_lines);
    IF v_code IS NOT NULL OR v_fen IS DISTINCT FROM p_amount_fen THEN
        RETURN coalesce(v_code, 'N07');
    END IF;
    UPDATE his.invoice_line SET refunded_by = p_ref WHERE invoice_no = p_invoice_no AND line_no = ANY (v_lines);
    UPDATE his.invoice
    SET refunded_fen = refunded_fen + v_fen,
        state = CASE WHEN refunded_fen + v_fen = total_fen THEN 'refunded' ELSE state END
    WHERE invoice_no = p_invoice_no;
    INSERT INTO his.bill_refund VALUES (p_ref, p_source, p_invoice_no, v_lines, p_line_nos IS NULL, v_fen, p_at);
    PERFORM his.cancel_tests_(ARRAY[p_invoice_no], v_lines);
    RETURN NULL;
END $$;

CREATE FUNCTION his.refund_standing_(p_ref text) RETURNS his.bill_reply LANGUAGE plpgsql AS $$
DECLARE
    b his.bill_refund;
    v_reply his.bill_reply;
BEGIN
    SELECT * INTO b FROM his.bill_refund WHERE ref = p_ref;
    IF NOT FOUND THEN
        RETURN his.bill_refusal_('N00');
    END IF;
    v_reply.ret_code := '0';
    v_reply.ret_msg := his.message_('0');
    v_reply.state := 'refunded';
    v_reply.refunded_fen := b.amount_fen;
    RETURN v_reply;
END $$;

CREATE FUNCTION his.query_refund(p_ref text)
RETURNS his.bill_reply LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_refund');
    RETURN his.refund_standing_(p_ref);
END $$;
