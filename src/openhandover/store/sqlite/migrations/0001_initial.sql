-- Times are epoch seconds. `state` columns hold JSON of the frozen structs; the columns beside them repeat what lists,
-- timers and reports ask for.

CREATE TABLE conversation (
  id TEXT PRIMARY KEY,
  state BLOB NOT NULL,
  user_id TEXT NOT NULL,
  channel TEXT NOT NULL,
  seq INTEGER NOT NULL,
  wake_at REAL,
  busy INTEGER NOT NULL,
  created_at REAL NOT NULL
);
CREATE INDEX conversation_user ON conversation (user_id, created_at, id);
CREATE INDEX conversation_created ON conversation (created_at, id);
CREATE INDEX conversation_wake ON conversation (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX conversation_busy ON conversation (id) WHERE busy = 1;

-- `n` is the order of arrival: appending is cheap, and retention walks along it.
CREATE TABLE log (
  n INTEGER PRIMARY KEY,
  conversation_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  type TEXT NOT NULL,
  at REAL NOT NULL,
  floor TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  data BLOB NOT NULL,
  handover_id TEXT,
  to_user INTEGER NOT NULL,
  to_bot INTEGER NOT NULL,
  to_agent INTEGER NOT NULL,
  key TEXT,
  digest TEXT,
  source TEXT,
  user_state TEXT,
  user_tries INTEGER,
  user_at REAL,
  agent_state TEXT,
  agent_tries INTEGER,
  agent_at REAL,
  bot_state TEXT,
  bot_tries INTEGER,
  bot_at REAL,
  repeats INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX log_seq ON log (conversation_id, seq);
CREATE UNIQUE INDEX log_key ON log (conversation_id, key) WHERE key IS NOT NULL;

CREATE TABLE handover (
  id TEXT PRIMARY KEY,
  conversation_id TEXT NOT NULL,
  state BLOB NOT NULL,
  digest BLOB,
  fingerprint TEXT,
  status TEXT NOT NULL,
  reason TEXT,
  ended_by TEXT,
  provider TEXT NOT NULL,
  style TEXT NOT NULL,
  channel TEXT NOT NULL,
  language TEXT NOT NULL,
  initiator TEXT NOT NULL,
  agent_id TEXT,
  agent_name TEXT,
  attempts INTEGER NOT NULL,
  rating INTEGER,
  requested_at REAL NOT NULL,
  queued_at REAL,
  active_at REAL,
  first_reply_at REAL,
  ended_at REAL
);
CREATE INDEX handover_requested ON handover (requested_at, id);
CREATE INDEX handover_conversation ON handover (conversation_id, requested_at);
CREATE INDEX handover_open ON handover (requested_at, id) WHERE ended_at IS NULL;

CREATE TABLE claim (
  source TEXT NOT NULL,
  event_id TEXT NOT NULL,
  at REAL NOT NULL,
  outcome TEXT NOT NULL,
  handover_id TEXT,
  kind TEXT NOT NULL,
  raw BLOB NOT NULL,
  PRIMARY KEY (source, event_id)
);
CREATE INDEX claim_handover ON claim (handover_id) WHERE raw <> x'';

CREATE TABLE parked (
  n INTEGER PRIMARY KEY,
  provider TEXT NOT NULL,
  external_id TEXT NOT NULL,
  event_id TEXT NOT NULL,
  until_at REAL NOT NULL,
  event BLOB NOT NULL,
  UNIQUE (provider, external_id, event_id)
);

CREATE TABLE session (
  provider TEXT NOT NULL,
  external_id TEXT NOT NULL,
  reference TEXT NOT NULL,
  PRIMARY KEY (provider, external_id)
) WITHOUT ROWID;

CREATE TABLE item (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (kind, name)
);

CREATE TABLE upload (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  content_type TEXT NOT NULL,
  size INTEGER NOT NULL,
  at REAL NOT NULL,
  sha256 TEXT NOT NULL,
  fingerprint TEXT
);
CREATE INDEX upload_at ON upload (at);
