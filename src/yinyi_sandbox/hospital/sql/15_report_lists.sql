-- Reading what was tested and found.

CREATE FUNCTION his.order_row_(o his.test_order)
RETURNS TABLE (order_no text, kind_code text, patient_no text, item_code text, item_name text, name_en text,
               modality text, specimen text, specimen_en text, tube text, sensitive boolean, barcode text, state text,
               version int, requested_at timestamptz, sampled_at timestamptz, issued_at timestamptz, invoice_no text,
               form_no text, dept_code text, doctor_code text)
LANGUAGE sql STABLE AS $$
    SELECT o.order_no, o.kind_code, o.patient_no, o.item_code, c.item_name, c.name_en, coalesce(e.modality, ''),
           coalesce(p.specimen, ''), coalesce(p.specimen_en, ''), coalesce(p.tube, ''), coalesce(p.sensitive, false),
           coalesce(o.barcode, ''), o.state, o.version, o.requested_at, o.sampled_at, o.issued_at, o.invoice_no,
           i.form_no, i.dept_code, i.doctor_code
    FROM his.charge_item c
    JOIN his.invoice i ON i.invoice_no = o.invoice_no
    LEFT JOIN his.panel p ON p.item_code = o.item_code
    LEFT JOIN his.examination e ON e.item_code = o.item_code
    WHERE c.item_code = o.item_code
$$;

-- Newest first; cancelled ones are left out.
CREATE FUNCTION his.query_reports(p_patient_no text, p_first date, p_last date, p_limit int)
RETURNS TABLE (order_no text, kind_code text, patient_no text, item_code text, item_name text, name_en text,
               modality text, specimen text, specimen_en text, tube text, sensitive boolean, barcode text, state text,
               version int, requested_at timestamptz, sampled_at timestamptz, issued_at timestamptz, invoice_no text,
               form_no text, dept_code text, doctor_code text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_reports');
    RETURN QUERY
        SELECT r.* FROM his.test_order o CROSS JOIN LATERAL his.order_row_(o) AS r
        WHERE o.patient_no = p_patient_no AND o.state <> 'cancelled'
              AND o.requested_at >= p_first::timestamp AT TIME ZONE 'Asia/Shanghai'
              AND o.requested_at < (p_last + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
        ORDER BY o.requested_at DESC, o.order_no LIMIT p_limit;
END $$;

-- By the order's number, or by a tube's barcode what is tested out of that tube.
CREATE FUNCTION his.query_report(p_number text)
RETURNS TABLE (order_no text, kind_code text, patient_no text, item_code text, item_name text, name_en text,
               modality text, specimen text, specimen_en text, tube text, sensitive boolean, barcode text, state text,
               version int, requested_at timestamptz, sampled_at timestamptz, issued_at timestamptz, invoice_no text,
               form_no text, dept_code text, doctor_code text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_report');
    RETURN QUERY
        SELECT r.* FROM his.test_order o CROSS JOIN LATERAL his.order_row_(o) AS r
        WHERE (o.order_no = p_number OR o.barcode = p_number) AND o.state <> 'cancelled'
        ORDER BY o.order_no;
END $$;

-- Every version that ever came out, newest first: text and who signed it.
CREATE FUNCTION his.query_report_text(p_order_no text)
RETURNS TABLE (version int, state text, issued_at timestamptz, findings text, impression text, remark text,
               reported_by text, reviewed_by text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_report_text');
    RETURN QUERY
        SELECT r.version, r.state, r.issued_at, r.findings, r.impression, r.remark, r.reported_by, r.reviewed_by
        FROM his.report r WHERE r.order_no = p_order_no ORDER BY r.version DESC;
END $$;

CREATE FUNCTION his.query_report_results(p_order_no text, p_version int)
RETURNS TABLE (rank int, analyte_code text, analyte_name text, name_en text, loinc text, unit text, value float8,
               value_text text, low float8, high float8, expected text, flag text, decimals int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_report_results');
    RETURN QUERY
        SELECT r.rank, r.analyte_code, a.analyte_name, a.name_en, a.loinc, a.unit, r.value, r.value_text, r.low, r.high,
               r.expected, r.flag, a.decimals
        FROM his.report_result r JOIN his.analyte a USING (analyte_code)
        WHERE r.order_no = p_order_no AND r.version = p_version ORDER BY r.rank;
END $$;

-- How one value went, newest first, in the latest version of each report.
CREATE FUNCTION his.query_analyte(p_patient_no text, p_analyte_code text, p_limit int)
RETURNS TABLE (order_no text, version int, sampled_at timestamptz, value float8, value_text text, low float8,
               high float8, flag text, unit text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_analyte');
    RETURN QUERY
        SELECT o.order_no, o.version, o.sampled_at, r.value, r.value_text, r.low, r.high, r.flag, a.unit
        FROM his.test_order o
        JOIN his.report_result r ON r.order_no = o.order_no AND r.version = o.version
        JOIN his.analyte a USING (analyte_code)
        WHERE o.patient_no = p_patient_no AND r.analyte_code = p_analyte_code AND o.state IN ('final', 'corrected')
        ORDER BY o.sampled_at DESC, o.order_no LIMIT p_limit;
END $$;
