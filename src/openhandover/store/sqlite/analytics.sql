-- The queries behind the analytics. `{filter}` are the conditions that every list and report of handovers shares; a
-- parameter that is NULL asks for nothing. All of them read indexes alone (see migration 2).

-- name: analytics_handovers
-- One row per key, with the spans of its handovers in milliseconds as "12,34". The inner query makes small integers
-- before anything is sorted; its LIMIT keeps SQLite from dissolving it again.
SELECT key, count(*) AS handovers,
       sum(status = 'completed') AS completed, sum(status = 'cancelled') AS cancelled,
       sum(status = 'error') AS error, sum(status = 'transferred') AS transferred,
       count(wait) AS answered, sum(gave_up) AS abandoned,
       sum(rating = 1) AS rated_1, sum(rating = 2) AS rated_2, sum(rating = 3) AS rated_3, sum(rating = 4) AS rated_4,
       sum(rating = 5) AS rated_5,
       group_concat(wait) AS waits, group_concat(reply) AS replies, group_concat(talk) AS talks,
       group_concat(patience) AS patiences
  FROM (SELECT CASE :by WHEN 'status' THEN status WHEN 'reason' THEN reason WHEN 'why' THEN why
                        WHEN 'provider' THEN provider WHEN 'channel' THEN channel WHEN 'language' THEN language
                        WHEN 'agent' THEN coalesce(agent_name, agent_id) WHEN 'initiator' THEN initiator WHEN 'medium' THEN medium
                        WHEN 'time' THEN CAST(requested_at / :grain_s AS INTEGER) END AS key,
               status, rating,
               active_at IS NULL AND coalesce(reason, '') IN ('user_cancelled', 'user_left') AS gave_up,
               CAST((active_at - requested_at) * 1000 + 0.5 AS INTEGER) AS wait,
               CAST((first_reply_at - requested_at) * 1000 + 0.5 AS INTEGER) AS reply,
               CAST((ended_at - active_at) * 1000 + 0.5 AS INTEGER) AS talk,
               CASE WHEN active_at IS NULL AND reason IN ('user_cancelled', 'user_left')
                    THEN CAST((ended_at - requested_at) * 1000 + 0.5 AS INTEGER) END AS patience
          FROM handover
         WHERE requested_at >= :from_at AND requested_at < :to_at {filter}
         LIMIT -1)
 GROUP BY key;

-- name: analytics_conversations
SELECT key, count(*) AS begun, sum(handed_over) AS handed_over
  FROM (SELECT CASE :by WHEN 'channel' THEN channel WHEN 'time' THEN CAST(created_at / :grain_s AS INTEGER) END AS key,
               EXISTS (SELECT 1 FROM handover WHERE handover.conversation_id = conversation.id) AS handed_over
          FROM conversation
         WHERE created_at >= :from_at AND created_at < :to_at AND (:channel IS NULL OR channel = :channel)
         LIMIT -1)
 GROUP BY key;

-- name: analytics_values
SELECT DISTINCT status, provider, channel, language, coalesce(agent_name, agent_id) AS agent
  FROM handover
 WHERE requested_at >= :from_at AND requested_at < :to_at;

-- name: analytics_list
SELECT id, conversation_id, status, reason, why, provider, channel, medium, language, initiator,
       coalesce(agent_name, agent_id) AS agent, requested_at, active_at, first_reply_at, ended_at, rating
  FROM handover
 WHERE requested_at >= :from_at AND requested_at < :to_at AND (requested_at, id) < (:before_at, :before_id) {filter}
 ORDER BY requested_at DESC, id DESC LIMIT :limit;

-- name: analytics_open
SELECT id, conversation_id, status, reason, why, provider, channel, medium, language, initiator,
       coalesce(agent_name, agent_id) AS agent, requested_at, active_at, first_reply_at, ended_at, rating
  FROM handover
 WHERE ended_at IS NULL {filter}
 ORDER BY requested_at, id LIMIT :limit;

-- name: analytics_open_counts
SELECT count(*) AS open, sum(active_at IS NULL) AS waiting, min(CASE WHEN active_at IS NULL THEN requested_at END) AS since_at
  FROM handover
 WHERE ended_at IS NULL {filter};

-- name: analytics_delivery
-- Almost everything arrives at the first call: only the exceptions are looked at twice (`analytics_exceptions`).
SELECT sum(to_user) AS to_user_accepted, sum(to_user AND user_state IS NULL) AS to_user_pending,
       sum(to_agent > 0) AS to_agent_accepted, sum(to_agent > 0 AND agent_state IS NULL) AS to_agent_pending,
       sum(to_bot) AS to_bot_accepted, sum(to_bot AND bot_state IS NULL) AS to_bot_pending
  FROM log
 WHERE type = 'message.created' AND at >= :from_at AND at < :to_at;

-- name: analytics_exceptions
SELECT sum(to_user AND user_state = 'failed') AS to_user_failed,
       sum(CASE WHEN to_user AND user_tries > 1 THEN user_tries - 1 END) AS to_user_retries,
       sum(to_agent > 0 AND agent_state = 'failed') AS to_agent_failed,
       sum(CASE WHEN to_agent > 0 AND agent_tries > 1 THEN agent_tries - 1 END) AS to_agent_retries,
       sum(to_bot AND bot_state = 'failed') AS to_bot_failed,
       sum(CASE WHEN to_bot AND bot_tries > 1 THEN bot_tries - 1 END) AS to_bot_retries
  FROM log
 WHERE type = 'message.created' AND at >= :from_at AND at < :to_at
   AND (user_tries > 1 OR agent_tries > 1 OR bot_tries > 1
        OR user_state = 'failed' OR agent_state = 'failed' OR bot_state = 'failed');

-- name: analytics_troubles
-- Messages that needed more than one call or were given up, newest first; the index alone finds their places.
SELECT found.at, log.conversation_id, log.seq, log.handover_id,
       log.to_user, log.user_state, log.user_tries, log.to_agent > 0 AS to_agent, log.agent_state, log.agent_tries,
       log.to_bot, log.bot_state, log.bot_tries
  FROM (SELECT n, at FROM log
         WHERE type = 'message.created' AND at >= :from_at AND at < :to_at
           AND (user_tries > 1 OR agent_tries > 1 OR bot_tries > 1
                OR user_state = 'failed' OR agent_state = 'failed' OR bot_state = 'failed')
         ORDER BY at DESC LIMIT :limit) AS found CROSS JOIN log ON log.n = found.n
 ORDER BY found.at DESC;

-- name: analytics_suppressed
SELECT coalesce(sum(late), 0) AS late_events, coalesce(sum(repeated), 0) AS duplicates_suppressed
  FROM conversation
 WHERE created_at >= :from_at AND created_at < :to_at AND (late > 0 OR repeated > 0);
