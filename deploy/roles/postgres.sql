-- Who may do what in PostgreSQL: a role for each part, each with no more than its part needs. A
-- superuser runs this in the database of the store and in Dagster's, and again after every upgrade of
-- Dagster:
--
--     psql --dbname footfall --file deploy/roles/postgres.sql
--     psql --dbname dagster --file deploy/roles/postgres.sql
--
-- It may be run again at any time. footfall owns the database and keeps it: daemon, code server,
-- purge and objections run as footfall. The other parts are
--
--     footfall_vision     runs of camera-days: locks, and telling Dagster how they went
--     footfall_marts      runs of marts and reports: the same, and both DuckLakes
--     footfall_viewer     a webserver that only shows
--     footfall_dashboard  whoever asks the published marts: that DuckLake, and nothing else
--
-- No role has a password here. Give each its own with \password, or a certificate in pg_hba.conf.

DO $$
DECLARE part text;
BEGIN
    FOREACH part IN ARRAY
        ARRAY['footfall_vision', 'footfall_marts', 'footfall_viewer', 'footfall_dashboard']
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = part) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', part);
        END IF;
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), part);
    END LOOP;
    EXECUTE format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END
$$;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- What footfall_marts makes is footfall's as well, who purges it.
GRANT footfall_marts TO footfall;

-- Both DuckLakes.

CREATE SCHEMA IF NOT EXISTS core AUTHORIZATION footfall;
CREATE SCHEMA IF NOT EXISTS published AUTHORIZATION footfall;
GRANT USAGE, CREATE ON SCHEMA core, published TO footfall_marts;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA core, published TO footfall_marts;
ALTER DEFAULT PRIVILEGES FOR ROLE footfall IN SCHEMA core, published
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO footfall_marts;

GRANT USAGE ON SCHEMA published TO footfall_dashboard;
GRANT SELECT ON ALL TABLES IN SCHEMA published TO footfall_dashboard;
ALTER DEFAULT PRIVILEGES FOR ROLE footfall, footfall_marts IN SCHEMA published
    GRANT SELECT ON TABLES TO footfall_dashboard;

-- Dagster's storage. What stands in the event log is neither changed nor deleted by a run: it has
-- the seals of the privacy report. A run is never made by one either, as it might be of any part.

REVOKE ALL ON SCHEMA public FROM footfall_dashboard;
GRANT USAGE ON SCHEMA public TO footfall_vision, footfall_marts, footfall_viewer;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO footfall_vision, footfall_marts, footfall_viewer;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO footfall_vision, footfall_marts;
ALTER DEFAULT PRIVILEGES FOR ROLE footfall IN SCHEMA public
    GRANT SELECT ON TABLES TO footfall_vision, footfall_marts, footfall_viewer;
ALTER DEFAULT PRIVILEGES FOR ROLE footfall IN SCHEMA public
    GRANT USAGE ON SEQUENCES TO footfall_vision, footfall_marts;

DO $$
DECLARE may record;
BEGIN
    FOR may IN SELECT * FROM (VALUES
        ('event_logs', 'INSERT'),
        ('asset_event_tags', 'INSERT'),
        ('asset_keys', 'INSERT, UPDATE'),
        ('asset_check_executions', 'INSERT, UPDATE'),
        ('runs', 'UPDATE'),
        ('run_tags', 'INSERT, UPDATE'),
        ('concurrency_limits', 'INSERT, UPDATE, DELETE'),
        ('concurrency_slots', 'INSERT, UPDATE, DELETE'),
        ('pending_steps', 'INSERT, UPDATE, DELETE')
    ) AS of_runs (stored, rights)
    LOOP
        IF to_regclass('public.' || may.stored) IS NULL THEN
            RAISE NOTICE 'Dagster''s table % is not there yet: run this again once it is', may.stored;
        ELSE
            EXECUTE format(
                'GRANT %s ON public.%I TO footfall_vision, footfall_marts', may.rights, may.stored
            );
        END IF;
    END LOOP;
END
$$;

-- Locks. Whoever only reads could hold one and so keep others from writing.

DO $$
DECLARE lock regprocedure;
BEGIN
    FOR lock IN
        SELECT oid::regprocedure FROM pg_proc
        WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ '^pg_(try_)?advisory_'
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', lock);
        EXECUTE format(
            'GRANT EXECUTE ON FUNCTION %s TO footfall, footfall_vision, footfall_marts', lock
        );
    END LOOP;
END
$$;
