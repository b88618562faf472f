-- Every statement of the store, by name. `(?, ?) /* per row */` is repeated for as many rows as asked for.

-- name: load_conversations
SELECT id, state FROM conversation WHERE id IN (VALUES (?) /* per row */);

-- name: load_messages
WITH wanted (conversation_id, key) AS (VALUES (?, ?) /* per row */)
SELECT {log} FROM wanted CROSS JOIN log
  ON log.conversation_id = wanted.conversation_id AND log.key = wanted.key;

-- name: load_handovers
SELECT {handover} FROM handover WHERE id IN (VALUES (?) /* per row */);

-- name: load_claims
WITH wanted (source, event_id) AS (VALUES (?, ?) /* per row */)
SELECT claim.source, claim.event_id FROM wanted CROSS JOIN claim
  ON claim.source = wanted.source AND claim.event_id = wanted.event_id;

-- name: load_recent
SELECT {log} FROM log
 WHERE conversation_id = ? AND seq > ? AND type IN ('message.created', 'message.imported')
 ORDER BY seq DESC LIMIT ?;

-- name: save_conversation
INSERT INTO conversation (id, state, user_id, channel, seq, wake_at, busy, created_at, late, repeated)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, user_id = excluded.user_id, seq = excluded.seq,
  wake_at = excluded.wake_at, busy = excluded.busy, late = excluded.late, repeated = excluded.repeated;

-- name: save_state
-- Most changes touch neither a timer nor a list; then no index is written.
UPDATE conversation SET state = ?, seq = ? WHERE id = ?;

-- name: save_entry
INSERT INTO log (conversation_id, seq, type, at, floor, epoch, data, handover_id,
                 to_user, to_bot, to_agent, key, digest, source)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: rewrite_entry
UPDATE log SET data = ? WHERE conversation_id = ? AND seq = ?;

-- name: mark
-- A state never goes back: what was delivered stays so, and its time stays that of the delivery. Who reads tells so at
-- once (tries 0), often before the delivery is acknowledged: that is no repetition.
UPDATE log SET
  repeats = repeats + (:state = 'delivered' AND coalesce({receiver}_tries, 0) > 0
    AND coalesce({receiver}_state, '') IN ('delivered', 'read')),
  {receiver}_at = CASE WHEN {receiver}_state IN ('delivered', 'read') THEN {receiver}_at ELSE :at END,
  {receiver}_tries = max(coalesce({receiver}_tries, 0), :tries),
  {receiver}_state = CASE
    WHEN {receiver}_state = 'read' OR ({receiver}_state = 'delivered' AND :state = 'failed') THEN {receiver}_state
    ELSE :state END
 WHERE conversation_id = :conversation_id AND seq = :seq;

-- name: save_handover
INSERT INTO handover (id, conversation_id, state, digest, fingerprint, status, reason, ended_by, provider, style,
                      channel, language, initiator, agent_id, agent_name, attempts, rating,
                      requested_at, queued_at, active_at, first_reply_at, ended_at, why, medium)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, digest = coalesce(excluded.digest, digest),
  fingerprint = coalesce(excluded.fingerprint, fingerprint), status = excluded.status, reason = excluded.reason,
  ended_by = excluded.ended_by, provider = excluded.provider, style = excluded.style, channel = excluded.channel,
  language = excluded.language, initiator = excluded.initiator, agent_id = excluded.agent_id,
  agent_name = excluded.agent_name, attempts = excluded.attempts, rating = excluded.rating,
  requested_at = excluded.requested_at, queued_at = excluded.queued_at, active_at = excluded.active_at,
  first_reply_at = excluded.first_reply_at, ended_at = excluded.ended_at;

-- name: save_claim
INSERT INTO claim (source, event_id, at, outcome, handover_id, kind, raw) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: take_claim
INSERT OR IGNORE INTO claim (source, event_id, at, outcome, handover_id, kind, raw) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: save_session
INSERT OR REPLACE INTO session (provider, external_id, reference) VALUES (?, ?, ?);

-- name: save_item
INSERT OR REPLACE INTO item (kind, name, value, at) VALUES (?, ?, ?, ?);

-- name: save_new_item
INSERT OR IGNORE INTO item (kind, name, value, at) VALUES (?, ?, ?, ?);

-- name: park
INSERT OR IGNORE INTO parked (provider, external_id, event_id, until_at, event) VALUES (?, ?, ?, ?, ?);

-- name: parked_sessions
SELECT DISTINCT provider, external_id FROM parked;

-- name: parked
SELECT event_id, event FROM parked WHERE provider = ? AND external_id = ? ORDER BY n;

-- name: forget_parked
DELETE FROM parked WHERE provider = ? AND external_id = ? AND event_id = ?;

-- name: save_upload
INSERT OR IGNORE INTO upload (id, name, content_type, size, at, sha256, fingerprint) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: conversation
SELECT state FROM conversation WHERE id = ?;

-- name: conversations
SELECT created_at, id, state FROM conversation
 WHERE (created_at, id) < (:at, :id)
 ORDER BY created_at DESC, id DESC LIMIT :limit;

-- name: conversations_of_user
SELECT created_at, id, state FROM conversation
 WHERE user_id = :user_id AND (created_at, id) < (:at, :id)
 ORDER BY created_at DESC, id DESC LIMIT :limit;

-- name: log
SELECT {log} FROM log
 WHERE conversation_id = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?;

-- name: messages
SELECT {log} FROM log
 WHERE conversation_id = ? AND seq > ? AND seq <= ? AND type IN ('message.created', 'message.imported') ORDER BY seq LIMIT ?;

-- name: lane_user
SELECT {entry} FROM log WHERE conversation_id = ? AND seq > ? AND to_user = 1 ORDER BY seq LIMIT ?;

-- name: lane_bot
SELECT {entry} FROM log WHERE conversation_id = ? AND seq > ? AND to_bot = 1 ORDER BY seq LIMIT ?;

-- name: lane_agent
SELECT {entry} FROM log WHERE conversation_id = ? AND seq > ? AND to_agent = ? ORDER BY seq LIMIT ?;

-- name: tail
SELECT {log} FROM log
 WHERE conversation_id = ? AND seq <= ? AND type IN ('message.created', 'message.imported') ORDER BY seq DESC LIMIT ?;

-- name: message
SELECT {log} FROM log WHERE conversation_id = ? AND key = ?;

-- name: session
SELECT reference FROM session WHERE provider = ? AND external_id = ?;

-- name: handover
SELECT {handover} FROM handover WHERE id = ?;

-- name: busy
SELECT id FROM conversation WHERE busy = 1 AND id > ? ORDER BY id LIMIT ?;

-- name: wakes
SELECT id, wake_at FROM conversation WHERE wake_at IS NOT NULL AND wake_at <= ? ORDER BY wake_at, id LIMIT ?;

-- name: next_wake
SELECT min(wake_at) FROM conversation WHERE wake_at IS NOT NULL;

-- name: item
SELECT value FROM item WHERE kind = ? AND name = ?;

-- name: items
SELECT name, value FROM item WHERE kind = ? ORDER BY name;

-- name: upload
SELECT id, name, content_type, size, at, sha256, fingerprint FROM upload WHERE id = ?;

-- name: handovers
SELECT requested_at, id, {handover} FROM handover
 WHERE (requested_at, id) < (:at, :id) /* conditions */
 ORDER BY requested_at DESC, id DESC LIMIT :limit;

-- name: touch
-- A write that changes nothing, to see whether one would pass.
UPDATE item SET value = value WHERE kind = '' AND name = '';

-- name: forget_claims
DELETE FROM claim WHERE rowid IN (SELECT rowid FROM claim WHERE at < ? LIMIT ?);

-- name: forget_vendor_calls
DELETE FROM vendor_call WHERE rowid IN (SELECT rowid FROM vendor_call WHERE at < ? LIMIT ?);

-- name: add_vendor_call
INSERT INTO vendor_call (handover_id, at, data) VALUES (?, ?, ?);

-- name: vendor_calls
SELECT data FROM vendor_call WHERE handover_id = ? ORDER BY at DESC, rowid DESC LIMIT ?;

-- name: erase_vendor_calls
DELETE FROM vendor_call WHERE handover_id = ?;

-- name: forget_items
DELETE FROM item WHERE rowid IN (SELECT rowid FROM item WHERE at < ? LIMIT ?);

-- name: forget_late_parked
DELETE FROM parked WHERE until_at < ?;

-- name: old_uploads
SELECT id FROM upload WHERE at < ? ORDER BY at LIMIT ?;

-- name: forget_upload
DELETE FROM upload WHERE id = ?;

-- name: walk_log
SELECT n, type, at, data FROM log WHERE n > ? ORDER BY n LIMIT ?;

-- name: walk_ends
-- Entries in order of arrival; the last one of a conversation comes with its id and seq.
SELECT log.n, log.at, conversation.id, conversation.seq FROM log
  LEFT JOIN conversation ON conversation.id = log.conversation_id AND conversation.seq = log.seq
 WHERE log.n > ? ORDER BY log.n LIMIT ?;

-- name: unspoken
SELECT id, seq FROM conversation WHERE created_at >= ? AND created_at < ? AND seq = 0;

-- name: conversation_log
SELECT n, type, at, data FROM log WHERE conversation_id = ?;

-- name: scrub_entry
UPDATE log SET data = ? WHERE n = ?;

-- name: old_digests
SELECT id FROM handover WHERE ended_at < ? AND digest IS NOT NULL LIMIT ?;

-- name: forget_digest
UPDATE handover SET digest = NULL WHERE id = ?;

-- name: ids_of_user
SELECT id FROM conversation WHERE user_id = ?;

-- name: handovers_of_conversation
SELECT id, state FROM handover WHERE conversation_id = ?;

-- name: scrub_handover
UPDATE handover SET state = ?, digest = NULL, agent_name = NULL, why = NULL WHERE id = ?;

-- name: scrub_claims
UPDATE claim SET raw = x'' WHERE handover_id = ? AND raw <> x'';
