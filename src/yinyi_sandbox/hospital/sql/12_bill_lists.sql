-- Reading invoices, their lines, and what was posted.

CREATE FUNCTION his.query_invoices(p_patient_no text, p_state text, p_first date, p_last date, p_limit int)
RETURNS TABLE (invoice_no text, form_no text, patient_no text, registration_no text, dept_code text, doctor_code text,
               title text, ordered_at timestamptz, version int, state text, total_fen int, refunded_fen int,
               busy boolean, paid_at timestamptz, receipt_no text, payment_no text, line_count int, title_en text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_invoices');
    RETURN QUERY
        SELECT r.* FROM his.invoice i CROSS JOIN LATERAL his.invoice_row_(i) AS r
        WHERE i.patient_no = p_patient_no AND (p_state = '' OR i.state = p_state)
              AND i.ordered_at >= p_first::timestamp AT TIME ZONE 'Asia/Shanghai'
              AND i.ordered_at < (p_last + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
        ORDER BY i.ordered_at DESC, i.invoice_no DESC LIMIT p_limit;
END $$;

-- By the invoice's number or what the request form's QR says.
CREATE FUNCTION his.query_invoice(p_number text)
RETURNS TABLE (invoice_no text, form_no text, patient_no text, registration_no text, dept_code text, doctor_code text,
               title text, ordered_at timestamptz, version int, state text, total_fen int, refunded_fen int,
               busy boolean, paid_at timestamptz, receipt_no text, payment_no text, line_count int, title_en text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_invoice');
    RETURN QUERY
        SELECT r.* FROM his.invoice i CROSS JOIN LATERAL his.invoice_row_(i) AS r
        WHERE i.invoice_no = p_number OR i.form_no = p_number;
END $$;

-- What the hospital's own forms are called in English; what is called otherwise has no English name.
CREATE FUNCTION his.title_en_(p_title text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE p_title WHEN '检验检查申请单' THEN 'Tests and examinations' WHEN '处方' THEN 'Prescription' ELSE '' END
$$;

-- busy: somebody is just paying it.
CREATE FUNCTION his.invoice_row_(i his.invoice)
RETURNS TABLE (invoice_no text, form_no text, patient_no text, registration_no text, dept_code text, doctor_code text,
               title text, ordered_at timestamptz, version int, state text, total_fen int, refunded_fen int,
               busy boolean, paid_at timestamptz, receipt_no text, payment_no text, line_count int, title_en text)
LANGUAGE sql STABLE AS $$
    SELECT i.invoice_no, i.form_no, i.patient_no, i.registration_no, i.dept_code, i.doctor_code, i.title, i.ordered_at,
           i.version, i.state, i.total_fen, i.refunded_fen, i.state = 'open' AND i.held_until > his.instant_(),
           i.paid_at, p.receipt_no, p.payment_no,
           (SELECT count(*)::int FROM his.invoice_line l WHERE l.invoice_no = i.invoice_no), his.title_en_(i.title)
    FROM (SELECT 1) AS one LEFT JOIN his.bill_posting p ON p.ref = i.paid_by
$$;

CREATE FUNCTION his.query_invoice_lines(p_invoice_nos text[])
RETURNS TABLE (invoice_no text, line_no int, item_code text, category_code text, category_name text, item_name text,
               name_en text, unit text, quantity int, price_fen int, amount_fen int, remark text, performed boolean,
               refunded boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_invoice_lines');
    RETURN QUERY
        SELECT l.invoice_no, l.line_no, l.item_code, c.category_code, c.category_name, i.item_name, i.name_en, i.unit,
               l.quantity, l.price_fen, l.amount_fen, l.remark, l.performed, l.refunded_by IS NOT NULL
        FROM his.invoice_line l JOIN his.charge_item i USING (item_code) JOIN his.charge_category c USING (category_code)
        WHERE l.invoice_no = ANY (p_invoice_nos) ORDER BY l.invoice_no, l.line_no;
END $$;

-- What the platform posted in that time, whatever has become of it since: payments, and what was given back.
CREATE FUNCTION his.query_postings(p_since timestamptz, p_until timestamptz)
RETURNS TABLE (ref text, kind text, state text, invoice_nos text[], amount_fen int, payment_no text, means text,
               receipt_no text, made_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_postings');
    RETURN QUERY
        SELECT p.ref, 'payment', p.state, p.invoice_nos, p.amount_fen, p.payment_no, p.means, p.receipt_no, p.made_at
        FROM his.bill_posting p WHERE p.source = 'platform' AND p.made_at BETWEEN p_since AND p_until
        UNION ALL
        SELECT b.ref, 'refund', 'refunded', ARRAY[b.invoice_no], b.amount_fen, NULL, NULL, NULL, b.made_at
        FROM his.bill_refund b WHERE b.source = 'platform' AND b.made_at BETWEEN p_since AND p_until
        ORDER BY 9, 1;
END $$;
