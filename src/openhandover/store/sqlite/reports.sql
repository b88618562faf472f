-- Named report queries: plain SELECTs over the columns of `handover`, `log` and `claim`.

-- name: handover_statuses
SELECT status, count(*) AS handovers FROM handover
 WHERE requested_at >= :from_at AND requested_at < :to_at
 GROUP BY status ORDER BY status;
