CREATE SCHEMA kithkin;
SET search_path = kithkin;

-- The first schema on PostgreSQL: the tables of the file's schemas 1 to 4, each cut into 16 parts by (tenant, person),
-- which leads every key. Names are compared byte by byte, whatever the database's locale. No statistics are kept of what
-- persons said or are called: they would be a copy of it that an erasure does not reach, and every query goes by key.

-- schema: the version of this schema.
-- floor: no person starts its counters at or below it. It rises to the counters of each erased person.
-- probe: what the health check writes and reads back.
CREATE TABLE meta (
    name  text COLLATE "C" PRIMARY KEY,
    value bigint NOT NULL
);
INSERT INTO meta (name, value) VALUES ('schema', 0), ('floor', 0), ('probe', 0);

-- An erasure whose bytes are still in the files of a part: the part, and the transaction that deleted the rows.
CREATE TABLE erased (
    id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    part smallint NOT NULL,
    xid  xid8 NOT NULL
);

-- Names of vector spaces and of derivations: long, few, and not personal.
CREATE TABLE space (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text COLLATE "C" NOT NULL UNIQUE);
CREATE TABLE derivation (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text COLLATE "C" NOT NULL UNIQUE);

CREATE TABLE person (
    tenant      text COLLATE "C" NOT NULL,
    person      text COLLATE "C" NOT NULL,
    last_seq    bigint NOT NULL,
    last_memory bigint NOT NULL,
    version     bigint NOT NULL,
    epoch       bigint NOT NULL,
    PRIMARY KEY (tenant, person)
) PARTITION BY HASH (tenant, person);

CREATE TABLE binding (
    tenant     text COLLATE "C" NOT NULL,
    person     text COLLATE "C" NOT NULL,
    method     text COLLATE "C" NOT NULL,
    spec       text NOT NULL,
    derivation text NOT NULL,
    PRIMARY KEY (tenant, person)
) PARTITION BY HASH (tenant, person);

-- The log. supersedes and replaced_by link the versions of one turn in both directions.
CREATE TABLE turn (
    tenant       text COLLATE "C" NOT NULL,
    person       text COLLATE "C" NOT NULL,
    seq          bigint NOT NULL,
    version      bigint NOT NULL,
    supersedes   bigint,
    replaced_by  bigint,
    recorded_at  bigint NOT NULL,
    said_start   bigint,
    hash         bytea NOT NULL,
    conversation text COLLATE "C" NOT NULL,
    session      text COLLATE "C" NOT NULL,
    turn         text COLLATE "C" NOT NULL,
    speaker      text NOT NULL,
    role         text NOT NULL,
    said_at      text,
    attachments  text,
    text         text NOT NULL,
    PRIMARY KEY (tenant, person, seq)
) PARTITION BY HASH (tenant, person);
CREATE UNIQUE INDEX turn_by_id ON turn (tenant, person, turn, conversation, version);

CREATE TABLE session (
    tenant       text COLLATE "C" NOT NULL,
    person       text COLLATE "C" NOT NULL,
    conversation text COLLATE "C" NOT NULL,
    session      text COLLATE "C" NOT NULL,
    first_seq    bigint NOT NULL,
    changed_seq  bigint NOT NULL,
    PRIMARY KEY (tenant, person, conversation, session)
) PARTITION BY HASH (tenant, person);

CREATE TABLE derived_session (
    tenant       text COLLATE "C" NOT NULL,
    person       text COLLATE "C" NOT NULL,
    conversation text COLLATE "C" NOT NULL,
    session      text COLLATE "C" NOT NULL,
    derivation   integer NOT NULL,
    upto         bigint NOT NULL,
    PRIMARY KEY (tenant, person, conversation, session, derivation)
) PARTITION BY HASH (tenant, person);

-- Texts of memories and questions, and names of models, are bytes of UTF-8: unlike turns they may hold a NUL.
CREATE TABLE memory (
    tenant       text COLLATE "C" NOT NULL,
    person       text COLLATE "C" NOT NULL,
    id           bigint NOT NULL,
    derivation   integer NOT NULL,
    conversation text COLLATE "C" NOT NULL,
    session      text COLLATE "C" NOT NULL,
    kind         text NOT NULL,
    said_at      text,
    sources      bigint[] NOT NULL,
    text         bytea NOT NULL,
    PRIMARY KEY (tenant, person, id)
) PARTITION BY HASH (tenant, person);
CREATE INDEX memory_by_session ON memory (tenant, person, conversation, session, derivation);

-- memory.sources the other way round: which memories an erased turn takes with it.
CREATE TABLE memory_source (
    tenant text COLLATE "C" NOT NULL,
    person text COLLATE "C" NOT NULL,
    seq    bigint NOT NULL,
    memory bigint NOT NULL,
    PRIMARY KEY (tenant, person, seq, memory)
) PARTITION BY HASH (tenant, person);

-- kind 0: id is the place of a turn; kind 1: the number of a memory. vector: f32, little-endian.
CREATE TABLE vector (
    tenant text COLLATE "C" NOT NULL,
    person text COLLATE "C" NOT NULL,
    space  integer NOT NULL,
    kind   smallint NOT NULL,
    id     bigint NOT NULL,
    vector bytea NOT NULL,
    PRIMARY KEY (tenant, person, space, kind, id)
) PARTITION BY HASH (tenant, person);

-- Up to which number all units of a kind have a vector of a space.
CREATE TABLE embedded (
    tenant text COLLATE "C" NOT NULL,
    person text COLLATE "C" NOT NULL,
    space  integer NOT NULL,
    kind   smallint NOT NULL,
    upto   bigint NOT NULL,
    PRIMARY KEY (tenant, person, space, kind)
) PARTITION BY HASH (tenant, person);

CREATE TABLE feedback (
    tenant      text COLLATE "C" NOT NULL,
    person      text COLLATE "C" NOT NULL,
    id          bigint NOT NULL,
    asked_at    bigint NOT NULL,
    recorded_at bigint NOT NULL,
    shown       text NOT NULL,
    space       integer,
    vector      bytea,
    question    bytea NOT NULL,
    PRIMARY KEY (tenant, person, id)
) PARTITION BY HASH (tenant, person);

-- feedback.shown the other way round: which feedback an erased turn takes with it.
CREATE TABLE feedback_turn (
    tenant   text COLLATE "C" NOT NULL,
    person   text COLLATE "C" NOT NULL,
    seq      bigint NOT NULL,
    feedback bigint NOT NULL,
    PRIMARY KEY (tenant, person, seq, feedback)
) PARTITION BY HASH (tenant, person);

CREATE TABLE disclosure (
    tenant  text COLLATE "C" NOT NULL,
    person  text COLLATE "C" NOT NULL,
    id      bigint NOT NULL,
    at      bigint NOT NULL,
    purpose text NOT NULL,
    model   bytea NOT NULL,
    calls   bigint NOT NULL,
    read    bigint NOT NULL,
    said    bigint NOT NULL,
    turns   text NOT NULL,
    PRIMARY KEY (tenant, person, id)
) PARTITION BY HASH (tenant, person);
CREATE INDEX disclosure_by_time ON disclosure (tenant, person, at);

-- Each table's parts. Row-level security is the second wall: whatever a query asks, it sees the rows of the person that
-- the connection was told last, or, told no person, those of the tenant. It binds the owner too, but no superuser. Each part
-- has it as well, for a query that names a part is not asked what the table allows.
DO $$
DECLARE
    whole text;
    one   text;
    col   text;
BEGIN
    FOREACH whole IN ARRAY ARRAY['person', 'binding', 'turn', 'session', 'derived_session', 'memory', 'memory_source',
                                 'vector', 'embedded', 'feedback', 'feedback_turn', 'disclosure']
    LOOP
        FOR n IN -1..15 LOOP
            one := whole;
            IF n >= 0 THEN
                one := whole || '_' || n;
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS 16, REMAINDER %s)',
                               one, whole, n);
            END IF;
            FOR col IN SELECT column_name FROM information_schema.columns
                        WHERE table_schema = current_schema() AND table_name = one AND data_type IN ('text', 'bytea')
            LOOP
                EXECUTE format('ALTER TABLE %I ALTER COLUMN %I SET STATISTICS 0', one, col);
            END LOOP;
            EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', one);
            EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', one);
            EXECUTE format('CREATE POLICY own ON %I USING (tenant = current_setting(''kithkin.tenant'', true)
                            AND (person = current_setting(''kithkin.person'', true)
                                 OR current_setting(''kithkin.person'', true) = ''''))', one);
        END LOOP;
    END LOOP;
END $$;

INSERT INTO kithkin.space (id, name) OVERRIDING SYSTEM VALUE VALUES (1, 'v');
INSERT INTO kithkin.derivation (id, name) OVERRIDING SYSTEM VALUE VALUES (1, 'd');
INSERT INTO kithkin.person (tenant, person, last_seq, last_memory, version, epoch) VALUES ('default', '安 Ann', 4, 1, 8, 2);
INSERT INTO kithkin.binding (tenant, person, method, spec, derivation) VALUES ('default', '安 Ann', 'bm25', '{"cost":"Nothing to write beyond the log; a search reads the postings of the question''s words.","id":"bm25","paper":{"claims":"A strong lexical baseline for any collection.","title":"Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond, 2009"},"recall":{"abstain_below":0.2,"answer":{"bias":-3.6,"coverage":13.2,"strategy":"logistic"},"fuse":{"strategy":"weighted"},"retrieve":[{"b":0.5,"k1":0.9,"strategy":"bm25"}],"sessions":{"strategy":"best-turn"}},"status":"stable","summary":"Finds the turns that hold the words of the question, rare words first. Words are stemmed in the language of their turn,\nChinese, Japanese and Korean are matched by character pairs, function words of the question are passed over.\n","title":"BM25 over single turns"}', 'none');
INSERT INTO kithkin.session (tenant, person, conversation, session, first_seq, changed_seq) VALUES ('default', '安 Ann', 'c', 's', 1, 4);
INSERT INTO kithkin.session (tenant, person, conversation, session, first_seq, changed_seq) VALUES ('default', '安 Ann', 'c', 't', 3, 3);
INSERT INTO kithkin.turn (tenant, person, seq, version, supersedes, replaced_by, recorded_at, said_start, hash, conversation, session, turn, speaker, role, said_at, attachments, text) VALUES ('default', '安 Ann', 1, 1, NULL, NULL, 1795799666370, 1683554160000, '\x36a31e6c4a82eb0c6e96fac9371060a2', 'c', 's', '1', 'Ann', 'user', '2023-05-08T13:56', NULL, 'I adopted a cat, it is called Miso. 🐈');
INSERT INTO kithkin.turn (tenant, person, seq, version, supersedes, replaced_by, recorded_at, said_start, hash, conversation, session, turn, speaker, role, said_at, attachments, text) VALUES ('default', '安 Ann', 3, 1, NULL, NULL, 1795799666370, NULL, '\x8a0c1b188a095748160672fbe2b74213', 'c', 't', '3', 'Ann', 'user', NULL, NULL, 'Tea, please.');
INSERT INTO kithkin.turn (tenant, person, seq, version, supersedes, replaced_by, recorded_at, said_start, hash, conversation, session, turn, speaker, role, said_at, attachments, text) VALUES ('default', '安 Ann', 4, 2, 2, NULL, 1795799666395, 1683590400000, '\xc09343b72806f5b5768eeb7baf05ed3a', 'c', 's', '2', '林', 'user', '2023-05-09', NULL, '它叫什么名字？');
INSERT INTO kithkin.turn (tenant, person, seq, version, supersedes, replaced_by, recorded_at, said_start, hash, conversation, session, turn, speaker, role, said_at, attachments, text) VALUES ('default', '安 Ann', 2, 1, NULL, 4, 1795799666370, 1683590400000, '\x9b8cf44b9588ee4a59f451c23fd7a491', 'c', 's', '2', '林', 'user', '2023-05-09', NULL, '她叫什么名字?');
INSERT INTO kithkin.memory (tenant, person, id, derivation, conversation, session, kind, said_at, sources, text) VALUES ('default', '安 Ann', 1, 1, 'c', 's', 'window', '2023-05-08T13:56', '{1}', '\x61626f757420492061646f707465642061206361742c2069742069732063616c6c6564204d69736f2e20f09f9088');
INSERT INTO kithkin.memory_source (tenant, person, seq, memory) VALUES ('default', '安 Ann', 1, 1);
INSERT INTO kithkin.derived_session (tenant, person, conversation, session, derivation, upto) VALUES ('default', '安 Ann', 'c', 's', 1, 3);
INSERT INTO kithkin.embedded (tenant, person, space, kind, upto) VALUES ('default', '安 Ann', 1, 0, 2);
INSERT INTO kithkin.embedded (tenant, person, space, kind, upto) VALUES ('default', '安 Ann', 1, 1, 1);
INSERT INTO kithkin.vector (tenant, person, space, kind, id, vector) VALUES ('default', '安 Ann', 1, 0, 1, '\x0000803f000000bf');
INSERT INTO kithkin.vector (tenant, person, space, kind, id, vector) VALUES ('default', '安 Ann', 1, 1, 1, '\x0000003f0000003f');
INSERT INTO kithkin.feedback (tenant, person, id, asked_at, recorded_at, shown, space, vector, question) VALUES ('default', '安 Ann', 3, 1685663999999, 1795799666407, '[{"seq":1,"useful":true},{"seq":4,"useful":false}]', NULL, NULL, '\x5768696368206361743f');
INSERT INTO kithkin.feedback_turn (tenant, person, seq, feedback) VALUES ('default', '安 Ann', 1, 3);
INSERT INTO kithkin.feedback_turn (tenant, person, seq, feedback) VALUES ('default', '安 Ann', 4, 3);
INSERT INTO kithkin.disclosure (tenant, person, id, at, purpose, model, calls, read, said, turns) VALUES ('default', '安 Ann', 1, 5, 'reply', '\x6d', 1, 2, 3, '[1,2]');
SELECT pg_catalog.setval('kithkin.derivation_id_seq', 1, true);
SELECT pg_catalog.setval('kithkin.erased_id_seq', 1, false);
SELECT pg_catalog.setval('kithkin.space_id_seq', 1, true);
UPDATE meta SET value = 1 WHERE name = 'schema';
