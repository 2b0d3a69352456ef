-- One row a run, one a step, and what is large once. Times are nanoseconds since 1970 (UTC), durations
-- nanoseconds, sizes bytes.
CREATE TABLE runs (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    command TEXT NOT NULL,          -- run, batch
    agent TEXT NOT NULL,
    inputs TEXT NOT NULL,
    setup TEXT NOT NULL,            -- how it was started: see `Setting`
    seed BLOB NOT NULL,
    origin TEXT,                    -- the run that it was forked from
    began INTEGER NOT NULL,
    ended INTEGER,                  -- nothing: it is running, or was killed
    exit_code INTEGER,
    failure TEXT
) STRICT;

CREATE TABLE agents (
    key INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,           -- of all that it is made of
    UNIQUE (name, digest)
) STRICT;

CREATE TABLE cells (
    run INTEGER NOT NULL,
    number INTEGER NOT NULL,        -- in the order in which they began to be written
    path TEXT NOT NULL,
    agent INTEGER NOT NULL,
    purity TEXT,                    -- pure, reads, effects; nothing for a workflow
    began INTEGER NOT NULL,
    inputs TEXT NOT NULL,
    outputs TEXT,                   -- nothing: it has begun, and nobody knows how it went
    status INTEGER,
    reason TEXT,
    code TEXT,                      -- in JSON
    failure TEXT,
    denials TEXT,
    fuel INTEGER,
    memory INTEGER,
    time INTEGER,
    steps INTEGER,
    bytes INTEGER,
    calls INTEGER,
    allowed TEXT,                   -- in JSON: what was asked for and allowed; since version 2
    PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;

-- Large values, by their SHA-256, and which runs have them.
CREATE TABLE large (
    sha256 TEXT PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;

CREATE TABLE holds (
    run INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (run, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX held ON holds (sha256);

-- Answers of pure agents that ask for it (`cache = true`), by a hash of the agent and its inputs, in the order
-- in which they were given. What one holds is held by the run of its number, negative: no run has such a key.
CREATE TABLE answers (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    outputs TEXT NOT NULL
) STRICT;
