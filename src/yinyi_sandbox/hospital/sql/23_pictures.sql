-- Picture files of examinations: all examinations of one kind show the same ones.

CREATE TABLE his.picture (
    modality   text NOT NULL,
    nth        int  NOT NULL,
    caption    text NOT NULL,
    caption_en text NOT NULL,
    content    bytea NOT NULL,
    PRIMARY KEY (modality, nth)
);

CREATE FUNCTION his.query_report_pictures(p_order_no text, p_version int)
RETURNS TABLE (nth int, caption text, caption_en text, byte_count int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_report_pictures');
    RETURN QUERY
        SELECT p.nth, p.caption, p.caption_en, length(p.content)
        FROM his.report r
        JOIN his.test_order o USING (order_no)
        JOIN his.examination e USING (item_code)
        JOIN his.picture p USING (modality)
        WHERE r.order_no = p_order_no AND r.version = p_version ORDER BY p.nth;
END $$;

-- The file in base64; no row: there is none.
CREATE FUNCTION his.download_report_picture(p_order_no text, p_version int, p_nth int) RETURNS TABLE (content text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('download_report_picture');
    RETURN QUERY
        SELECT encode(p.content, 'base64')
        FROM his.report r
        JOIN his.test_order o USING (order_no)
        JOIN his.examination e USING (item_code)
        JOIN his.picture p USING (modality)
        WHERE r.order_no = p_order_no AND r.version = p_version AND p.nth = p_nth;
END $$;
