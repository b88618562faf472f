-- Small things that matter for a while only are dated, and forgotten with the old claims.

ALTER TABLE item ADD COLUMN at REAL;
CREATE INDEX item_at ON item (at) WHERE at IS NOT NULL;

-- Phone calls, ended sessions of the desk and handovers that moved between inboxes were kept for ever.
UPDATE item SET at = CAST(strftime('%s', 'now') AS REAL)
 WHERE kind IN ('desk_revoked', 'twilio', 'cm_last', 'cm_joined') OR (kind = 'desk_inbox' AND length(value) = 0);
