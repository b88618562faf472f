-- Reports tell phone calls from texts.

ALTER TABLE handover ADD COLUMN medium TEXT NOT NULL DEFAULT 'text';
UPDATE handover SET medium = 'voice'
 WHERE conversation_id IN (SELECT id FROM conversation WHERE instr(state, CAST('"medium":"voice"' AS BLOB)));

DROP INDEX handover_requested;
CREATE INDEX handover_requested ON handover (requested_at, id, status, reason, why, provider, channel, language, initiator,
  agent_name, agent_id, active_at, first_reply_at, ended_at, rating, conversation_id, medium);
