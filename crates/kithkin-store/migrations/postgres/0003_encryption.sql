-- One row where all content comes encrypted: which keyring has its keys.
CREATE TABLE encryption (keyring bytea NOT NULL);
