-- Distributes the tables of a store over the nodes of a Citus cluster: once, on the coordinator, right after `kithkin init`.
-- Kithkin runs no part of this, and it has not been tried; docs/how-to/scale-out.md says what is known to stand against it.
--
-- Citus distributes by one column, which every unique key has to have. Of the two that lead every key here it is `person`: by
-- `tenant`, a large tenant would be on one node. Every query but those of a tenant as a whole names both, and so goes to one
-- node; persons of one name in two tenants lie together there, which harms nobody.
SET search_path = kithkin;

-- The policies ask settings of the session, of which Citus passes on to the nodes those of a transaction alone: nobody
-- would see a row there. The WHERE of each query is then the only wall.
DO $$
DECLARE
    one text;
BEGIN
    FOR one IN SELECT relname FROM pg_class WHERE relnamespace = 'kithkin'::regnamespace AND relrowsecurity
    LOOP
        EXECUTE format('ALTER TABLE %I NO FORCE ROW LEVEL SECURITY', one);
        EXECUTE format('ALTER TABLE %I DISABLE ROW LEVEL SECURITY', one);
    END LOOP;
END $$;

-- Persons' data, each table with its parts; all rows of a person on one node.
SELECT create_distributed_table('person', 'person', colocate_with => 'none');
SELECT create_distributed_table('binding', 'person', colocate_with => 'person');
SELECT create_distributed_table('turn', 'person', colocate_with => 'person');
SELECT create_distributed_table('session', 'person', colocate_with => 'person');
SELECT create_distributed_table('derived_session', 'person', colocate_with => 'person');
SELECT create_distributed_table('memory', 'person', colocate_with => 'person');
SELECT create_distributed_table('memory_source', 'person', colocate_with => 'person');
SELECT create_distributed_table('vector', 'person', colocate_with => 'person');
SELECT create_distributed_table('embedded', 'person', colocate_with => 'person');
SELECT create_distributed_table('feedback', 'person', colocate_with => 'person');
SELECT create_distributed_table('feedback_turn', 'person', colocate_with => 'person');
SELECT create_distributed_table('disclosure', 'person', colocate_with => 'person');

-- Small, and joined with the tables of persons' data: whole on each node.
SELECT create_reference_table('space');
SELECT create_reference_table('derivation');

-- What is left stays on the coordinator, and is joined with nothing.
-- local: meta, erased, erasure, encryption
