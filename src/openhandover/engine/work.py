"""The unit of work: an event goes in, the pure core decides inside the store's transaction, the rest hears of it."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple, cast

import msgspec

from openhandover.core import commands, events as e
from openhandover.core.digest import current_message
from openhandover.core.errors import Refused
from openhandover.core.machine import advance
from openhandover.core.model import Conversation
from openhandover.core.tools import ToolStep
from openhandover.core.turn import Rules, Turn
from openhandover.store.port import Changes, Claim, Cursor, HandoverRow, Loaded, LogRow, Mark, Store, Unit

from .reads import existing

replace = msgspec.structs.replace

Clock = Callable[[], float]


class Done(NamedTuple):
    """What a unit of work did. `turn` None: nothing, because it had been done before; `known` says what is there."""

    turn: Turn | None
    before: Conversation | None
    result: Any = None
    known_message: LogRow | None = None
    known_handover: HandoverRow | None = None
    created: bool = True


class Work:
    """Runs events through core and store; `committed` is told of every turn, after the commit and in order."""

    def __init__(
        self, store: Store, rules: Rules, committed: Callable[[Done], None], clock: Clock = time.time
    ) -> None:
        self._store = store
        self._rules = rules
        self._committed = committed
        self._clock = clock

    async def run(
        self,
        conversation_id: str,
        event: e.Event,
        *,
        message_key: str | None = None,
        handover_id: str | None = None,
        claim: tuple[str, str] | None = None,
        cursor: Cursor | None = None,
    ) -> Done:
        """Run one event. Raises `Refused`; nothing was done then."""
        digest = getattr(event, "digest", None)

        def decide(loaded: Loaded) -> Changes:
            now = self._clock()
            if isinstance(event, e.CreateConversation):
                return self._create(event, loaded.conversation, now)
            state = existing(loaded.conversation)
            if claim and loaded.claimed:
                state = replace(state, repeated=state.repeated + 1)
                return Changes(state, result=Done(None, state, {"applied": False, "reason": "repeated"}))
            if isinstance(event, e.PostMessage) and loaded.message is not None:
                _check_same(loaded.message.digest, digest)
                known = LogRow(loaded.message, loaded.message_delivery or LogRow(loaded.message).delivered)
                return Changes(result=Done(None, state, known_message=known, created=False))
            if isinstance(event, e.RequestHandover) and loaded.handover is not None:
                _check_same(loaded.handover.fingerprint, digest)
                return Changes(result=Done(None, state, known_handover=loaded.handover, created=False))
            if isinstance(event, ToolStep) and event.begins and loaded.message is not None:
                _check_same(loaded.message.digest, digest)
                return Changes(result=Done(None, state, known_message=LogRow(loaded.message), created=False))
            turn = advance(state, _completed(event, loaded), now, self._rules, loaded.recent, loaded.message)
            return self._changes(turn, state, event, claim, cursor)

        unit = Unit(conversation_id, decide, message_key=message_key, handover_id=handover_id, claim=claim)
        done: Done = (await self._store.transact(unit)).result
        if done.turn is not None:
            self._committed(done)
        return done

    def _create(self, event: e.CreateConversation, known: Conversation | None, now: float) -> Changes:
        if known is not None:
            _check_same(known.digest or None, event.digest or None)
            return Changes(result=Done(None, known, created=False))
        turn = commands.create(event, now, self._rules)
        return Changes(turn.state, turn.entries, result=Done(turn, None))

    def _changes(
        self,
        turn: Turn,
        before: Conversation,
        event: e.Event,
        claim: tuple[str, str] | None,
        cursor: Cursor | None,
    ) -> Changes:
        rows: list[HandoverRow] = []
        state = turn.state
        if turn.handover_changed:
            fingerprint = event.digest if isinstance(event, e.RequestHandover) else None
            rows.append(
                HandoverRow(
                    turn.handover, state.channel, state.language, turn.digest, fingerprint, state.medium
                )
            )
        if turn.earlier:
            rows.append(HandoverRow(turn.earlier, state.channel, state.language, medium=state.medium))
        taken = None
        if claim:
            fact = event if isinstance(event, e.FromProvider) else None
            answer = cast("dict[str, Any]", turn.result or {})
            applied = bool(answer.get("applied"))
            taken = Claim(
                claim[0],
                claim[1],
                turn.now,
                "applied" if applied else str(answer.get("reason", "")),
                fact.handover_id if fact else None,
                type(fact.fact).__name__ if fact else "",
                fact.raw if fact and not applied else b"",
            )
        return Changes(
            conversation=turn.state,
            entries=turn.entries,
            marks=[Mark(mark.seq, mark.receiver, mark.state, mark.attempts, turn.now) for mark in turn.marks],
            rewritten=turn.rewritten,
            handovers=rows,
            sessions=turn.sessions,
            claim=taken,
            cursor=cursor,
            result=Done(turn, before, turn.result),
        )


def _completed(event: e.Event, loaded: Loaded) -> e.Event:
    """The event with what only the transaction knows."""
    if isinstance(event, e.Rate) and loaded.handover is not None:
        return replace(event, ended=loaded.handover.handover)
    return event


def _check_same(known: str | None, given: str | None) -> None:
    """The same id stands for the same body, or it is refused."""
    if known is None or given is None or known != given:
        raise Refused("id_reused")


def message_json(row: LogRow) -> dict[str, Any]:
    """A message as it is now."""
    return msgspec.to_builtins(current_message(row))
