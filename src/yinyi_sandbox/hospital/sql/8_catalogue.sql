-- What the hospital charges for, what its laboratory measures, what its doctors mostly order.

CREATE TABLE his.charge_category (
    category_code text PRIMARY KEY,
    category_name text NOT NULL,
    name_en       text NOT NULL,
    place         text NOT NULL,
    place_en      text NOT NULL,
    rank          int  NOT NULL
);
COMMENT ON COLUMN his.charge_category.place IS 'where to go with what has been paid of it';

CREATE TABLE his.charge_item (
    item_code     text PRIMARY KEY,
    category_code text NOT NULL REFERENCES his.charge_category,
    item_name     text NOT NULL,
    name_en       text NOT NULL,
    unit          text NOT NULL,
    price_fen     int  NOT NULL CHECK (price_fen > 0)
);

CREATE TABLE his.panel (
    item_code   text PRIMARY KEY REFERENCES his.charge_item,
    specimen    text NOT NULL,
    specimen_en text NOT NULL,
    tube        text NOT NULL,
    sensitive   boolean NOT NULL
);

CREATE TABLE his.analyte (
    analyte_code text PRIMARY KEY,
    analyte_name text NOT NULL,
    name_en      text NOT NULL,
    unit         text NOT NULL,
    loinc        text NOT NULL,
    decimals     int  NOT NULL,
    words        text[] NOT NULL,
    calculated   text[] NOT NULL
);
COMMENT ON COLUMN his.analyte.words IS 'the expected one first; none where it is a number';
COMMENT ON COLUMN his.analyte.calculated IS 'rest, share, less or ratio, then of which others';

CREATE TABLE his.panel_analyte (
    item_code    text NOT NULL REFERENCES his.panel,
    rank         int  NOT NULL,
    analyte_code text NOT NULL REFERENCES his.analyte,
    PRIMARY KEY (item_code, rank)
);

-- By age in years, without age_to; sex 0 is anybody's.
CREATE TABLE his.reference_range (
    analyte_code text NOT NULL REFERENCES his.analyte,
    sex_code     text NOT NULL,
    age_from     int  NOT NULL,
    age_to       int  NOT NULL CHECK (age_to > age_from),
    low          float8,
    high         float8
);
CREATE INDEX ON his.reference_range (analyte_code);

CREATE TABLE his.examination (
    item_code       text PRIMARY KEY REFERENCES his.charge_item,
    modality        text NOT NULL,
    well_findings   text NOT NULL,
    well_impression text NOT NULL,
    ill_findings    text NOT NULL,
    ill_impression  text NOT NULL
);

CREATE TABLE his.habit (dept_code text PRIMARY KEY REFERENCES his.department, tests text[], medicines text[]);

CREATE TABLE his.ward (
    ward_code text PRIMARY KEY,
    ward_name text NOT NULL,
    name_en   text NOT NULL,
    dept_code text NOT NULL REFERENCES his.department,
    place     text NOT NULL,
    beds      int  NOT NULL,
    diagnosis text NOT NULL
);
CREATE TABLE his.ward_habit (rank int PRIMARY KEY, item_code text NOT NULL REFERENCES his.charge_item);

-- How long things take here; visits_on and the others are switches of the hospital's own work.
CREATE TABLE his.pace (
    visit    interval NOT NULL,
    sampling interval NOT NULL,
    testing  interval NOT NULL,
    report   interval NOT NULL,
    working  boolean  NOT NULL
);
INSERT INTO his.pace VALUES ('3 min', '2 min', '1 min', '3 min', true);
COMMENT ON TABLE his.pace IS
    'from the paid registration to the orders, from paying to the tube, to the analyser, to the report';

CREATE FUNCTION his.query_charge_items()
RETURNS TABLE (item_code text, category_code text, category_name text, item_name text, name_en text, unit text,
               price_fen int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM his.refuse_reading_('query_charge_items');
    RETURN QUERY
        SELECT i.item_code, i.category_code, c.category_name, i.item_name, i.name_en, i.unit, i.price_fen
        FROM his.charge_item i JOIN his.charge_category c USING (category_code) ORDER BY c.rank, i.item_code;
END $$;

-- From 0 up to and without 1, and the same for the same key wherever it is drawn.
CREATE FUNCTION his.draw_(p_key text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT (hashtextextended(p_key, 11) & 1048575)::float8 / 1048576 $$;
