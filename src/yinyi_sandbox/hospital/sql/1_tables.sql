-- The sandbox hospital's own tables. Nobody but its owner sees them; the platform may only call the procedures.
CREATE SCHEMA his;
REVOKE ALL ON SCHEMA his FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- How far the hospital's clock is from the machine's.
CREATE TABLE his.clock (shift interval NOT NULL);
INSERT INTO his.clock VALUES (interval '0');

-- Which data these are: the digest of the files and of the seed they were made from.
CREATE TABLE his.edition (digest text NOT NULL);

CREATE TABLE his.department (
    dept_code   text PRIMARY KEY,
    parent_code text NOT NULL,
    dept_name   text NOT NULL,
    name_en     text NOT NULL,
    initial     text NOT NULL,
    building    text NOT NULL,
    floor_no    int  NOT NULL,
    area        text NOT NULL,
    common_rank int  NOT NULL,
    building_en text NOT NULL
);

CREATE TABLE his.doctor (
    doctor_no    int  PRIMARY KEY,
    doctor_code  text NOT NULL UNIQUE,
    dept_code    text NOT NULL REFERENCES his.department,
    doctor_name  text NOT NULL,
    initials     text NOT NULL,
    title_code   text NOT NULL CHECK (title_code IN ('1', '2', '3', '4')),
    specialty    text NOT NULL,
    introduction text NOT NULL,
    specialty_en    text NOT NULL,
    introduction_en text NOT NULL
);

CREATE SEQUENCE his.patient_seq;
CREATE TABLE his.patient (
    patient_no text PRIMARY KEY,
    person_no  int  NOT NULL UNIQUE DEFAULT nextval('his.patient_seq'),
    full_name  text NOT NULL,
    sex_code   text NOT NULL CHECK (sex_code IN ('0', '1', '2')),
    birth_date date,
    phone      text NOT NULL DEFAULT '',
    address    text NOT NULL DEFAULT '',
    nation     text NOT NULL DEFAULT '',
    made_by    text UNIQUE,
    guardian_name  text NOT NULL DEFAULT '',
    guardian_phone text NOT NULL DEFAULT '',
    merged_into    text REFERENCES his.patient
);
COMMENT ON COLUMN his.patient.merged_into IS 'the number that this one leads to; never one that leads on';
COMMENT ON COLUMN his.patient.made_by IS 'the caller''s reference of the creation';

-- One document may lead to several patients: old records that nobody has joined.
CREATE TABLE his.patient_document (
    doc_type   text NOT NULL,
    doc_no     text NOT NULL,
    patient_no text NOT NULL REFERENCES his.patient,
    PRIMARY KEY (doc_type, doc_no, patient_no)
);

-- Visits of the time before this database.
CREATE TABLE his.visit (
    patient_no  text NOT NULL REFERENCES his.patient,
    visit_date  date NOT NULL,
    dept_code   text NOT NULL REFERENCES his.department,
    doctor_code text NOT NULL REFERENCES his.doctor (doctor_code)
);
CREATE INDEX ON his.visit (patient_no, visit_date);

-- Who sits where, every week. Times are of the hospital's day; a session that ends at 24:00 ends with the day.
CREATE TABLE his.rota (
    doctor_no     int      NOT NULL REFERENCES his.doctor,
    weekday       int      NOT NULL CHECK (weekday BETWEEN 1 AND 7),
    session_no    int      NOT NULL CHECK (session_no IN (1, 2, 3)),
    begins        interval NOT NULL,
    ends          interval NOT NULL,
    slot_minutes  int      NOT NULL CHECK (slot_minutes > 0),
    room          text     NOT NULL,
    fee_fen       int      NOT NULL CHECK (fee_fen >= 0),
    closes_before interval NOT NULL,
    arrives_after interval NOT NULL,
    sold_percent  int      NOT NULL,
    PRIMARY KEY (doctor_no, weekday, session_no)
);

CREATE TABLE his.schedule (
    schedule_id bigint PRIMARY KEY,
    doctor_no   int    NOT NULL REFERENCES his.doctor,
    dept_code   text   NOT NULL REFERENCES his.department,
    work_date   date   NOT NULL,
    session_no  int    NOT NULL,
    starts_at   timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL,
    closes_at   timestamptz NOT NULL,
    arrives_at  timestamptz NOT NULL,
    slot_minutes int   NOT NULL,
    capacity    int    NOT NULL,
    fee_fen     int    NOT NULL,
    room        text   NOT NULL,
    stopped     boolean NOT NULL DEFAULT false,
    substitute_no int REFERENCES his.doctor,
    UNIQUE (doctor_no, work_date, session_no)
);
CREATE INDEX ON his.schedule (dept_code, work_date);
CREATE INDEX ON his.schedule (work_date);
COMMENT ON TABLE his.schedule IS 'schedule_id is yyyymmdd, doctor_no in four digits, session_no in one';

-- One row a number. It is free while busy_until lies in the past: a hold ends by itself; a sold one is busy for ever.
CREATE TABLE his.number (
    schedule_id bigint NOT NULL,
    no          int    NOT NULL,
    ref         text,
    busy_until  timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (schedule_id, no)
) WITH (fillfactor = 80);

CREATE TABLE his.registration (
    ref             text PRIMARY KEY,
    schedule_id     bigint,
    no              int,
    patient_no      text,
    source          text NOT NULL,
    state           text NOT NULL CHECK (state IN ('held', 'confirmed', 'released')),
    made_at         timestamptz NOT NULL,
    payment_no      text,
    amount_fen      int,
    paid_at         timestamptz,
    registration_no text UNIQUE
) WITH (fillfactor = 80);
CREATE INDEX ON his.registration (patient_no, schedule_id);
CREATE INDEX ON his.registration (schedule_id);
COMMENT ON TABLE his.registration IS 'a released one without a schedule: given back before it ever came';
CREATE SEQUENCE his.registration_seq;

-- A procedure told to refuse: how often, and with which code.
CREATE TABLE his.refusal (procedure text PRIMARY KEY, code text NOT NULL, times int NOT NULL);
