#!/bin/sh
# Run once by the image of PostgreSQL when it makes the database: a role that owns it and is no superuser.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$POSTGRES_PASSWORD" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE kithkin LOGIN PASSWORD :'password';
GRANT CREATE ON DATABASE kithkin TO kithkin;
SQL
