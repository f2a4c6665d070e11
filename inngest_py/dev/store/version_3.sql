-- Version 3 of the database: a run knows which one it repeats, and a step whether somebody has edited its input.

ALTER TABLE runs ADD COLUMN original TEXT NOT NULL DEFAULT '';
ALTER TABLE steps ADD COLUMN edited INTEGER NOT NULL DEFAULT 0;
