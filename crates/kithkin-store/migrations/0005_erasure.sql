-- The chain of each tenant's erasures: the hash of each receipt, and that of the entry with the one before. It has no name
-- and no word of a person, and outlives the persons.
CREATE TABLE erasure (
    tenant  TEXT NOT NULL,
    number  INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    receipt BLOB NOT NULL,
    link    BLOB NOT NULL,
    PRIMARY KEY (tenant, number)
) STRICT, WITHOUT ROWID;

-- One row where the file is a whole backup: the digest of everything in it.
CREATE TABLE seal (digest BLOB NOT NULL) STRICT;
