"""The tables of stores in PostgreSQL, in a schema of their own: made when they are missing, refused when they are newer.

`append` is a function of the database, so that a batch is one round trip and one transaction. It locks each run's row
until its end, against whoever takes the run over: an event is stored before that, or not at all.
"""

from __future__ import annotations

from ..errors import StoreFailure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from psycopg import Connection

VERSION = 2  # as SQLite's; there was no version 1
FENCED = "LAT01"  # our own SQLSTATEs
PRUNED = "LAT02"
_LOCK = 0x4C415454  # whoever makes the tables holds this advisory lock

_SCHEMA = """
CREATE SCHEMA IF NOT EXISTS agent_lattice;
CREATE TABLE agent_lattice.version (version integer NOT NULL);
CREATE TABLE agent_lattice.runs (
    key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, run_id text NOT NULL UNIQUE, workflow text NOT NULL,
    plan text NOT NULL, status text NOT NULL, head_seq bigint, head_hash bytea, due bigint,
    token bigint NOT NULL DEFAULT 1, owner text, lease timestamptz
) WITH (fillfactor = 80);
CREATE TABLE agent_lattice.events (
    run bigint NOT NULL, seq bigint NOT NULL, ts bigint NOT NULL, type text NOT NULL, step text NOT NULL,
    payload text NOT NULL, redaction text, hash bytea NOT NULL,
    PRIMARY KEY (run, seq)
);
CREATE TABLE agent_lattice.checkpoints (
    key bigint PRIMARY KEY, run_id text NOT NULL UNIQUE, workflow text NOT NULL, plan text NOT NULL, status text NOT NULL,
    head_seq bigint NOT NULL, head_hash bytea NOT NULL, started bigint NOT NULL, ended bigint NOT NULL,
    number bigint NOT NULL UNIQUE, hash bytea NOT NULL
);
CREATE INDEX runs_open ON agent_lattice.runs (due) WHERE status IN ('queued', 'running', 'waiting');
"""
_APPEND = f"""
CREATE FUNCTION agent_lattice.append(
    keys bigint[], tokens bigint[], ids text[], workflows text[], plans text[], statuses text[], dues bigint[],
    head_seqs bigint[], head_hashes bytea[], changed boolean[], new_owner text, new_lease interval,
    places integer[], seqs bigint[], times bigint[], types text[], steps text[], payloads text[], redactions text[],
    hashes bytea[]
) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    wanted bigint; found bigint; all_keys bigint[];
BEGIN
    SELECT count(*) INTO wanted FROM unnest(keys, changed) AS given (key, changed) WHERE given.key IS NOT NULL AND NOT given.changed;
    IF wanted > 0 THEN
        SELECT count(*) INTO found FROM (
            SELECT 1 FROM agent_lattice.runs AS run, unnest(keys, tokens, changed) AS given (key, token, changed)
            WHERE run.key = given.key AND NOT given.changed AND (given.token IS NULL OR given.token = run.token)
            ORDER BY run.key FOR SHARE OF run
        ) AS locked;
        IF found <> wanted THEN RAISE EXCEPTION USING ERRCODE = '{FENCED}'; END IF;
    END IF;
    SELECT count(*) INTO wanted FROM unnest(keys, changed) AS given (key, changed) WHERE given.key IS NOT NULL AND given.changed;
    IF wanted > 0 THEN
        UPDATE agent_lattice.runs AS run SET
            status = given.status, due = given.due, head_seq = given.head_seq, head_hash = given.head_hash,
            owner = CASE WHEN given.token IS NULL OR given.status = 'running' THEN run.owner END
        FROM unnest(keys, tokens, statuses, dues, head_seqs, head_hashes, changed)
            AS given (key, token, status, due, head_seq, head_hash, changed)
        WHERE run.key = given.key AND given.changed AND (given.token IS NULL OR given.token = run.token);
        GET DIAGNOSTICS found = ROW_COUNT;
        IF found <> wanted THEN RAISE EXCEPTION USING ERRCODE = '{FENCED}'; END IF;
    END IF;
    IF array_position(keys, NULL) IS NOT NULL THEN
        IF EXISTS (SELECT FROM agent_lattice.checkpoints AS gone, unnest(keys, ids) AS given (key, run_id)
                   WHERE given.key IS NULL AND gone.run_id = given.run_id) THEN
            RAISE EXCEPTION USING ERRCODE = '{PRUNED}';
        END IF;
        INSERT INTO agent_lattice.runs (run_id, workflow, plan, status, due, head_seq, head_hash, owner, lease)
        SELECT run_id, workflow, plan, status, due, head_seq, head_hash,
            CASE WHEN status = 'running' THEN new_owner END, clock_timestamp() + new_lease
        FROM unnest(keys, ids, workflows, plans, statuses, dues, head_seqs, head_hashes) WITH ORDINALITY
            AS given (key, run_id, workflow, plan, status, due, head_seq, head_hash, place)
        WHERE key IS NULL ORDER BY place;
    END IF;
    all_keys := ARRAY(
        SELECT coalesce(given.key, run.key) FROM unnest(keys, ids) WITH ORDINALITY AS given (key, run_id, place)
        LEFT JOIN agent_lattice.runs AS run ON given.key IS NULL AND run.run_id = given.run_id ORDER BY given.place
    );
    INSERT INTO agent_lattice.events
    SELECT all_keys[place], seq, ts, type, step, payload, redaction, hash
    FROM unnest(places, seqs, times, types, steps, payloads, redactions, hashes)
        AS given (place, seq, ts, type, step, payload, redaction, hash);
    RETURN all_keys;
END $$;
"""


def prepare(connection: Connection[Any], where: str, readonly: bool) -> None:
    """Make sure that the tables are there and of our version. Raises StoreFailure, and what psycopg raises."""
    version = _version(connection)
    if version is None and not readonly:
        _create(connection, where)
        version = _version(connection)
    if version is None:
        raise StoreFailure("not_found", f"there is no store at {where}")
    if version > VERSION:
        raise StoreFailure("validation", f"{where} was written by a newer version (format {version}, not {VERSION})")
    if version < VERSION:
        raise StoreFailure("validation", f"{where} has the unknown format {version}")


def _version(connection: Connection[Any]) -> int | None:
    there = connection.execute("SELECT to_regclass('agent_lattice.version') IS NOT NULL").fetchone()
    if not there or not there[0]:
        return None
    row = connection.execute("SELECT max(version) FROM agent_lattice.version").fetchone()
    return int(row[0] or 0) if row else 0


def _create(connection: Connection[Any], where: str) -> None:
    encoding = connection.execute("SHOW server_encoding").fetchone()
    if encoding is None or encoding[0] != "UTF8":
        raise StoreFailure("validation", f"{where} does not keep text in UTF8: make a database with that encoding")
    # not a lock of the transaction: that would go on with what it knew of the tables before it waited
    connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
    try:
        with connection.transaction():
            if _version(connection) is None:  # nobody else was faster
                connection.execute(_SCHEMA.encode())
                connection.execute(_APPEND.encode())
                connection.execute("INSERT INTO agent_lattice.version VALUES (%s)", (VERSION,))
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))
