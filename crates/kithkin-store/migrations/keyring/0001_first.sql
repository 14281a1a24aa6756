-- The keyring of a store, a file of its own. It names nobody.

-- One row: the name of the keyring; a secret that only the right master key unwraps; and whether bytes of old keys may
-- still be in the file.
CREATE TABLE ring (
    id     BLOB NOT NULL,
    secret BLOB NOT NULL,
    purge  INTEGER NOT NULL
) STRICT;

-- person: a keyed hash of whose the key is. wrapped: the key, encrypted with the master key. going: how many erasures of the
-- person have begun and not ended. Of a destroyed key there are the number and the time alone.
CREATE TABLE key (
    number       INTEGER PRIMARY KEY,
    id           BLOB NOT NULL UNIQUE,
    person       BLOB,
    wrapped      BLOB,
    going        INTEGER NOT NULL,
    destroyed_at INTEGER
) STRICT;
CREATE INDEX key_by_person ON key (person) WHERE person IS NOT NULL;
