-- Named report queries: plain SELECTs over the columns of `handover`, `log` and `claim`.

-- name: handover_statuses
SELECT status, count(*) AS handovers FROM handover
 WHERE requested_at >= :from_at AND requested_at < :to_at
 GROUP BY status ORDER BY status;

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

-- name: heard_sessions
-- The conversations in which an agent of these providers may still say something.
SELECT DISTINCT conversation_id FROM handover
 WHERE provider IN (SELECT value FROM json_each(:providers)) AND (ended_at IS NULL OR ended_at >= :since);
