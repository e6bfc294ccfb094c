-- Who a user is at an identity provider. The provider's subject is the identity: names and addresses may change hands there.
CREATE TABLE identities (
    issuer        TEXT NOT NULL,
    subject       TEXT NOT NULL,
    user_id       TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_id      TEXT REFERENCES tokens (id) ON DELETE SET NULL,   -- behind the sessions of this identity; nobody knows its text
    created_at    INTEGER NOT NULL,
    last_login_at INTEGER,
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;

CREATE INDEX identities_by_user ON identities (user_id);
CREATE INDEX identities_by_token ON identities (token_id);

-- What the provider said at the login; NULL and 0 for sessions opened with a token.
ALTER TABLE sessions ADD COLUMN groups TEXT;                        -- JSON array of names
ALTER TABLE sessions ADD COLUMN is_admin INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN ends_at INTEGER;                    -- whatever its use
