-- Lets YugabyteDB distribute the tables of a store by person: once, right after `kithkin init`, while they are empty.
-- Kithkin runs no part of this, and it has not been tried; docs/how-to/scale-out.md says what is known to stand against it.
--
-- YugabyteDB distributes a table by its primary key, and an index by its own, of which it hashes the first column unless told
-- otherwise: all persons of a tenant would be in one tablet. Here it hashes the two that lead every key together, so that a
-- person's rows of a table lie in one tablet, in order. The other tables are small and left as they are.
SET search_path = kithkin;

ALTER TABLE person DROP CONSTRAINT person_pkey;
ALTER TABLE person ADD PRIMARY KEY ((tenant, person) HASH);

ALTER TABLE binding DROP CONSTRAINT binding_pkey;
ALTER TABLE binding ADD PRIMARY KEY ((tenant, person) HASH);

ALTER TABLE turn DROP CONSTRAINT turn_pkey;
ALTER TABLE turn ADD PRIMARY KEY ((tenant, person) HASH, seq ASC);
DROP INDEX turn_by_id;
CREATE UNIQUE INDEX turn_by_id ON turn ((tenant, person) HASH, turn ASC, conversation ASC, version ASC);

ALTER TABLE session DROP CONSTRAINT session_pkey;
ALTER TABLE session ADD PRIMARY KEY ((tenant, person) HASH, conversation ASC, session ASC);

ALTER TABLE derived_session DROP CONSTRAINT derived_session_pkey;
ALTER TABLE derived_session ADD PRIMARY KEY ((tenant, person) HASH, conversation ASC, session ASC, derivation ASC);

ALTER TABLE memory DROP CONSTRAINT memory_pkey;
ALTER TABLE memory ADD PRIMARY KEY ((tenant, person) HASH, id ASC);
DROP INDEX memory_by_session;
CREATE INDEX memory_by_session ON memory ((tenant, person) HASH, conversation ASC, session ASC, derivation ASC);

ALTER TABLE memory_source DROP CONSTRAINT memory_source_pkey;
ALTER TABLE memory_source ADD PRIMARY KEY ((tenant, person) HASH, seq ASC, memory ASC);

ALTER TABLE vector DROP CONSTRAINT vector_pkey;
ALTER TABLE vector ADD PRIMARY KEY ((tenant, person) HASH, space ASC, kind ASC, id ASC);

ALTER TABLE embedded DROP CONSTRAINT embedded_pkey;
ALTER TABLE embedded ADD PRIMARY KEY ((tenant, person) HASH, space ASC, kind ASC);

ALTER TABLE feedback DROP CONSTRAINT feedback_pkey;
ALTER TABLE feedback ADD PRIMARY KEY ((tenant, person) HASH, id ASC);

ALTER TABLE feedback_turn DROP CONSTRAINT feedback_turn_pkey;
ALTER TABLE feedback_turn ADD PRIMARY KEY ((tenant, person) HASH, seq ASC, feedback ASC);

ALTER TABLE disclosure DROP CONSTRAINT disclosure_pkey;
ALTER TABLE disclosure ADD PRIMARY KEY ((tenant, person) HASH, id ASC);
DROP INDEX disclosure_by_time;
CREATE INDEX disclosure_by_time ON disclosure ((tenant, person) HASH, at ASC);
