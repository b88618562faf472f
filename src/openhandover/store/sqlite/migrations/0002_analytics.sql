-- What reports read lies in indexes, so that they never walk through the states.

ALTER TABLE handover ADD COLUMN why TEXT;
UPDATE handover SET why = json_extract(CAST(state AS TEXT), '$.why');

DROP INDEX handover_requested;
CREATE INDEX handover_requested ON handover (requested_at, id, status, reason, why, provider, channel, language, initiator,
  agent_name, agent_id, active_at, first_reply_at, ended_at, rating, conversation_id);

DROP INDEX conversation_created;
CREATE INDEX conversation_created ON conversation (created_at, id, channel);

-- The few conversations where an event came late or twice: `"late":` or `"repeated":` stands in their state.
CREATE INDEX conversation_noted ON conversation (created_at)
  WHERE instr(state, x'226C617465223A') OR instr(state, x'227265706561746564223A');

CREATE INDEX log_delivery ON log (at, to_user, to_bot, to_agent, user_state, user_tries, bot_state, bot_tries,
  agent_state, agent_tries, type) WHERE type = 'message.created';
