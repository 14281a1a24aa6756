-- What was said of the turns that a recall showed. shown: JSON, the turns with their places and whether each was useful.
-- space and vector: those of the question, if it was embedded; f32, little-endian. The question comes last, like the
-- texts of turns.
CREATE TABLE feedback (
    tenant      TEXT NOT NULL,
    person      TEXT NOT NULL,
    id          INTEGER NOT NULL,
    asked_at    INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    shown       TEXT NOT NULL,
    space       INTEGER,
    vector      BLOB,
    question    TEXT NOT NULL,
    PRIMARY KEY (tenant, person, id)
) STRICT, WITHOUT ROWID;

-- feedback.shown the other way round: which feedback an erased turn takes with it.
CREATE TABLE feedback_turn (
    tenant   TEXT NOT NULL,
    person   TEXT NOT NULL,
    seq      INTEGER NOT NULL,
    feedback INTEGER NOT NULL,
    PRIMARY KEY (tenant, person, seq, feedback)
) STRICT, WITHOUT ROWID;
