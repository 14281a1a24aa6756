-- What of a person reached a chat model. turns: JSON, the places of the turns; no word of them. A row is written before
-- the model is asked, and its counts when it has answered.
CREATE TABLE disclosure (
    tenant  TEXT NOT NULL,
    person  TEXT NOT NULL,
    id      INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    purpose TEXT NOT NULL,
    model   TEXT NOT NULL,
    calls   INTEGER NOT NULL,
    read    INTEGER NOT NULL,
    said    INTEGER NOT NULL,
    turns   TEXT NOT NULL,
    PRIMARY KEY (tenant, person, id)
) STRICT, WITHOUT ROWID;
-- What a day has cost so far is looked at before each piece of work.
CREATE INDEX disclosure_by_time ON disclosure (tenant, person, at);
