-- The chain of each tenant's erasures: the hash of each receipt, and that of the entry with the one before. It has no name
-- and no word of a person, and outlives the persons.
CREATE TABLE erasure (
    tenant  text COLLATE "C" NOT NULL,
    number  bigint NOT NULL,
    at      bigint NOT NULL,
    receipt bytea NOT NULL,
    link    bytea NOT NULL,
    PRIMARY KEY (tenant, number)
);

-- A copy of the store asks for its tenants. For that question alone, and only where it is asked, every row of this table may
-- be looked at; it has names and counters, and nothing that was said.
DO $$
DECLARE
    one text;
BEGIN
    FOR n IN -1..15 LOOP
        one := CASE WHEN n < 0 THEN 'person' ELSE 'person_' || n END;
        EXECUTE format('CREATE POLICY listed ON %I FOR SELECT USING (current_setting(''kithkin.lists'', true) = ''tenants'')',
                       one);
    END LOOP;
END $$;
