-- The keyring of a store, in a schema of its own. It names nobody.
CREATE SCHEMA kithkin_keyring;

-- One row: the version of this schema; the name of the keyring; a secret that only the right master key unwraps; and, while
-- bytes of old keys may still be in the files, the transaction that changed the last of them.
CREATE TABLE kithkin_keyring.ring (
    version integer NOT NULL,
    id      bytea NOT NULL,
    secret  bytea NOT NULL,
    purge   xid8
);

-- person: a keyed hash of whose the key is. wrapped: the key, encrypted with the master key. going: how many erasures of the
-- person have begun and not ended. Of a destroyed key there are the number and the time alone.
CREATE TABLE kithkin_keyring.key (
    number       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id           bytea NOT NULL UNIQUE,
    person       bytea,
    wrapped      bytea,
    going        integer NOT NULL,
    destroyed_at bigint
);
CREATE INDEX key_by_person ON kithkin_keyring.key (person) WHERE person IS NOT NULL;
-- Statistics would be a copy of some of it that the destruction of a key does not reach.
ALTER TABLE kithkin_keyring.key ALTER COLUMN id SET STATISTICS 0, ALTER COLUMN person SET STATISTICS 0,
    ALTER COLUMN wrapped SET STATISTICS 0;
