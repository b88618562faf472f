-- Named report queries: plain SELECTs over the columns of `handover`, `log` and `claim`.

-- name: handover_statuses
SELECT status, count(*) AS handovers FROM handover
 WHERE requested_at >= :from_at AND requested_at < :to_at
 GROUP BY status ORDER BY status;

-- name: analytics_handovers
SELECT status, reason, provider, channel, language, coalesce(agent_name, agent_id) AS agent,
       requested_at, active_at, first_reply_at, ended_at, rating
  FROM handover
 WHERE requested_at >= :from_at AND requested_at < :to_at;

-- name: analytics_conversations
SELECT channel, created_at AS requested_at,
       EXISTS (SELECT 1 FROM handover WHERE handover.conversation_id = conversation.id) AS handed_over
  FROM conversation
 WHERE created_at >= :from_at AND created_at < :to_at;

-- name: analytics_delivery
WITH message AS MATERIALIZED (
  SELECT * FROM log WHERE type = 'message.created' AND at >= :from_at AND at < :to_at
), leg AS (
  SELECT 'to_user' AS direction, user_state AS state, user_tries AS tries FROM message WHERE to_user = 1
  UNION ALL
  SELECT 'to_agent', agent_state, agent_tries FROM message WHERE to_agent > 0
  UNION ALL
  SELECT 'to_bot', bot_state, bot_tries FROM message WHERE to_bot = 1
)
SELECT direction,
       count(*) AS accepted,
       sum(state IN ('delivered', 'read')) AS delivered,
       sum(state = 'failed') AS failed,
       sum(coalesce(max(tries - 1, 0), 0)) AS retries
  FROM leg
 GROUP BY direction ORDER BY direction;

-- name: analytics_suppressed
SELECT coalesce(sum(json_extract(CAST(state AS TEXT), '$.late')), 0) AS late_events,
       coalesce(sum(json_extract(CAST(state AS TEXT), '$.repeated')), 0) AS duplicates_suppressed
  FROM conversation
 WHERE created_at >= :from_at AND created_at < :to_at;

-- name: desk_day
WITH day AS MATERIALIZED (
  SELECT reason, active_at - requested_at AS wait FROM handover
   WHERE requested_at >= :from_at AND provider IN (SELECT value FROM json_each(:providers))
), waited AS (
  SELECT wait, row_number() OVER (ORDER BY wait) AS place, count(*) OVER () AS answered
    FROM day WHERE wait IS NOT NULL
)
SELECT (SELECT count(*) FROM day) AS handovers,
       (SELECT count(*) FROM day WHERE wait IS NOT NULL) AS answered,
       (SELECT count(*) FROM day WHERE wait IS NULL AND reason IN ('user_cancelled', 'user_left')) AS abandoned,
       (SELECT wait FROM waited WHERE place = (answered + 1) / 2) AS p50_wait_s;

-- name: desk_previous
SELECT handover.id AS handover_id, handover.conversation_id, handover.ended_at, handover.status, handover.reason,
       handover.agent_id, handover.agent_name, handover.rating, handover.digest
  FROM conversation JOIN handover ON handover.conversation_id = conversation.id
 WHERE conversation.user_id = :user_id AND handover.ended_at IS NOT NULL
   AND handover.id <> :handover_id AND handover.requested_at <= :before
 ORDER BY handover.ended_at DESC, handover.id DESC LIMIT 10;
