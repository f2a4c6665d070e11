-- Version 5 of the database: an app says what its events look like. Each is asked anew, as it may have said so before.

ALTER TABLE apps ADD COLUMN event_types TEXT NOT NULL DEFAULT '[]';
UPDATE apps SET checksum = '';
