-- The company's address book. Runs on SQLite and PostgreSQL alike.
CREATE TABLE contacts (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    organisation TEXT NOT NULL,
    -- A JSON list of labels and numbers: they are read and written as one.
    numbers TEXT NOT NULL
);
