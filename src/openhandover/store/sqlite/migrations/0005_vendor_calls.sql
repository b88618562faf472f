-- What we and a contact centre said to each other about a handover, without bodies: for diagnosis, forgotten as claims are.

CREATE TABLE vendor_call (
  handover_id TEXT NOT NULL,
  at          REAL NOT NULL,
  data        BLOB NOT NULL
);
CREATE INDEX vendor_call_handover ON vendor_call (handover_id);
CREATE INDEX vendor_call_at ON vendor_call (at);
