-- Whether tasks of the namespace may use the host's network.
ALTER TABLE namespaces ADD COLUMN network INTEGER NOT NULL DEFAULT 1;
