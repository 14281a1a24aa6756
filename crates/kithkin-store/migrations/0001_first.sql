-- The first schema. Every table of a person's data is keyed by (tenant, person) first and has no rowid, so that one
-- person's rows lie together and the cost of an operation does not depend on how many persons there are.

-- Numbers of the store as a whole:
-- floor: no person starts its counters at or below it. It rises to the counters of each erased person, so that a later
--   person of the same name cannot be taken for the erased one, without the name being kept.
-- purge: 1 from the moment at which something is erased until its bytes have left the files.
-- probe: what the health check writes and reads back.
CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta (name, value) VALUES ('floor', 0), ('purge', 0), ('probe', 0);

-- Names of vector spaces and of derivations: long, few, and not personal.
CREATE TABLE space (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE derivation (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

-- last_seq and last_memory are 0 until the first turn and the first memory.
CREATE TABLE person (
    tenant      TEXT NOT NULL,
    person      TEXT NOT NULL,
    last_seq    INTEGER NOT NULL,
    last_memory INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    epoch       INTEGER NOT NULL,
    PRIMARY KEY (tenant, person)
) STRICT, WITHOUT ROWID;

CREATE TABLE binding (
    tenant     TEXT NOT NULL,
    person     TEXT NOT NULL,
    method     TEXT NOT NULL,
    spec       TEXT NOT NULL,
    derivation TEXT NOT NULL,
    PRIMARY KEY (tenant, person)
) STRICT, WITHOUT ROWID;

-- The log. The text comes last, so that a scan of the small columns does not read the overflow pages of long texts.
-- supersedes and replaced_by link the versions of one turn in both directions. said_start is the first millisecond
-- that said_at may mean; hash is that of the content.
CREATE TABLE turn (
    tenant       TEXT NOT NULL,
    person       TEXT NOT NULL,
    seq          INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    supersedes   INTEGER,
    replaced_by  INTEGER,
    recorded_at  INTEGER NOT NULL,
    said_start   INTEGER,
    hash         BLOB NOT NULL,
    conversation TEXT NOT NULL,
    session      TEXT NOT NULL,
    turn         TEXT NOT NULL,
    speaker      TEXT NOT NULL,
    role         TEXT NOT NULL,
    said_at      TEXT,
    attachments  TEXT,
    text         TEXT NOT NULL,
    PRIMARY KEY (tenant, person, seq)
) STRICT, WITHOUT ROWID;
-- The id before the conversation, so that one index finds a turn by its key and by its id alone.
CREATE UNIQUE INDEX turn_by_id ON turn (tenant, person, turn, conversation, version);

-- The sittings of the log: where each began, and the place of the last turn that was added to it or replaced in it.
CREATE TABLE session (
    tenant       TEXT NOT NULL,
    person       TEXT NOT NULL,
    conversation TEXT NOT NULL,
    session      TEXT NOT NULL,
    first_seq    INTEGER NOT NULL,
    changed_seq  INTEGER NOT NULL,
    PRIMARY KEY (tenant, person, conversation, session)
) STRICT, WITHOUT ROWID;

-- Up to which place a derivation has seen a session.
CREATE TABLE derived_session (
    tenant       TEXT NOT NULL,
    person       TEXT NOT NULL,
    conversation TEXT NOT NULL,
    session      TEXT NOT NULL,
    derivation   INTEGER NOT NULL,
    upto         INTEGER NOT NULL,
    PRIMARY KEY (tenant, person, conversation, session, derivation)
) STRICT, WITHOUT ROWID;

CREATE TABLE memory (
    tenant       TEXT NOT NULL,
    person       TEXT NOT NULL,
    id           INTEGER NOT NULL,
    derivation   INTEGER NOT NULL,
    conversation TEXT NOT NULL,
    session      TEXT NOT NULL,
    kind         TEXT NOT NULL,
    said_at      TEXT,
    sources      TEXT NOT NULL,
    text         TEXT NOT NULL,
    PRIMARY KEY (tenant, person, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX memory_by_session ON memory (tenant, person, conversation, session, derivation);

-- memory.sources the other way round: which memories an erased turn takes with it.
CREATE TABLE memory_source (
    tenant TEXT NOT NULL,
    person TEXT NOT NULL,
    seq    INTEGER NOT NULL,
    memory INTEGER NOT NULL,
    PRIMARY KEY (tenant, person, seq, memory)
) STRICT, WITHOUT ROWID;

-- kind 0: id is the place of a turn; kind 1: the number of a memory. vector: f32, little-endian.
CREATE TABLE vector (
    tenant TEXT NOT NULL,
    person TEXT NOT NULL,
    space  INTEGER NOT NULL,
    kind   INTEGER NOT NULL,
    id     INTEGER NOT NULL,
    vector BLOB NOT NULL,
    PRIMARY KEY (tenant, person, space, kind, id)
) STRICT, WITHOUT ROWID;
