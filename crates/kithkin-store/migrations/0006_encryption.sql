-- One row where all content comes encrypted: which keyring has its keys. An earlier version, which would not know, refuses the
-- file by the version of its schema.
CREATE TABLE encryption (keyring BLOB NOT NULL) STRICT;
