-- What reports read lies in indexes, so that they never walk through the states.

ALTER TABLE handover ADD COLUMN why TEXT;
UPDATE handover SET why = json_extract(CAST(state AS TEXT), '$.why');

DROP INDEX handover_requested;
CREATE INDEX handover_requested ON handover (requested_at, id, status, reason, why, provider, channel, language, initiator,
  agent_name, agent_id, active_at, first_reply_at, ended_at, rating, conversation_id);

DROP INDEX conversation_created;
CREATE INDEX conversation_created ON conversation (created_at, id, channel);

-- Events that came late or twice: few conversations have any.
ALTER TABLE conversation ADD COLUMN late INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN repeated INTEGER NOT NULL DEFAULT 0;
UPDATE conversation SET late = coalesce(json_extract(CAST(state AS TEXT), '$.late'), 0),
  repeated = coalesce(json_extract(CAST(state AS TEXT), '$.repeated'), 0)
 WHERE instr(state, CAST('"late":' AS BLOB)) OR instr(state, CAST('"repeated":' AS BLOB));
CREATE INDEX conversation_noted ON conversation (created_at) WHERE late > 0 OR repeated > 0;

CREATE INDEX log_delivery ON log (at, to_user, to_bot, to_agent, user_state, user_tries, bot_state, bot_tries,
  agent_state, agent_tries, type) WHERE type = 'message.created';
