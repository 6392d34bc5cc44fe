-- What holds for the whole installation, as JSON. A name that is not here has its default.
CREATE TABLE installation (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
