#!/bin/sh
# Run once by the database's image: the role that owns the tables, the role that the product works as, and the database.
set -eu
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\getenv owner_password OWNER_DATABASE_PASSWORD
\getenv app_password APP_DATABASE_PASSWORD
CREATE ROLE vca_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE vca_app LOGIN PASSWORD :'app_password';
CREATE DATABASE vca OWNER vca_owner;
REVOKE ALL ON DATABASE vca FROM PUBLIC;
GRANT CONNECT ON DATABASE vca TO vca_app;
SQL
