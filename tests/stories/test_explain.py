"""A handover's life in sentences, told from what the rules themselves log."""

from typing import Any

import pytest

from openhandover.core import commands, events as e, machine
from openhandover.core.model import Agent, Entry, Limits, Settings, Target, User
from openhandover.core.turn import Rules, Turn
from openhandover.store.port import Delivered, LogRow
from openhandover.stories.explain import explain

RULES = Rules(
    channel=lambda _: "pull",
    bot=lambda _: "none",
    attachments=lambda _: "always",
    duration=lambda wait_ms, _: f"{wait_ms} ms",
)
T0 = 1_767_614_400.0


class Life:
    """One conversation that events move, with its log."""

    def __init__(self, *providers: str, settings: Settings | None = None) -> None:
        self.rows: list[LogRow] = []
        begun = commands.create(e.CreateConversation(id="c", channel="web", user=User("u")), T0 - 10, RULES)
        self._keep(begun)
        chain = tuple(Target(provider=name) for name in providers)
        request = e.RequestHandover(
            id="h", chain=chain, settings=settings or Settings(), why="invoice", epoch=self.state.epoch
        )
        self.at(0, request)

    def _keep(self, turn: Turn) -> None:
        self.state = turn.state
        self.rows += [LogRow(entry) for entry in turn.entries]

    def at(self, seconds: float, event: Any) -> None:
        """Let an event happen so many seconds after the request."""
        self._keep(machine.advance(self.state, event, T0 + seconds, RULES, recent=()))

    def fact(self, seconds: float, fact: e.ProviderFact, provider: str = "support") -> None:
        """Let the contact centre tell something."""
        self.at(seconds, e.FromProvider(provider, f"e{len(self.rows)}", fact, handover_id="h"))

    def opened(self, seconds: float, position: int | None = None) -> None:
        """Let the provider accept."""
        lane = self.state.lanes[-1].id
        self.at(
            seconds, e.Opened(lane, f"x{lane}", position, None if position is None else position * 60_000)
        )

    def told(self, language: str | None = None) -> list[str]:
        """The sentences so far."""
        assert self.state.handover is not None
        return [sentence.text for sentence in explain(self.state.handover, self.rows, language)]


def test_a_whole_life_is_told_in_order() -> None:
    """Who asked and why, who accepted after how long, who joined, answered and closed, and how much was said."""
    life = Life("support")
    life.opened(0.4, position=2)
    life.fact(42, e.AgentJoined(Agent("anna", "Anna")))
    life.fact(54, e.AgentMessage("Hello", agent=Agent("anna", "Anna")))
    life.fact(60, e.AgentTransferred(Agent("bob", "Bob")))
    life.fact(200, e.Closed(sequenced=True))
    assert life.told() == [
        "The bot asked for a human (invoice). Provider support is asked.",
        "Provider support accepted after 0.4 s: position 2, expected wait 2 min.",
        "Anna joined; the user had waited 42 s.",
        "Anna answered for the first time 12 s after joining.",
        "The conversation went from Anna to Bob.",
        "Completed (agent_closed): the agent closed it.",
        "Messages: 0 by the user, 1 by agents; 3 min 20 s from the request to the end.",
    ]


AT_ONCE = {
    "en": (
        "Provider support accepted at once: position 1, expected wait 1 min.",
        "Anna joined at once.",
        "Anna answered for the first time right after joining.",
        "Messages: 0 by the user, 1 by agents; it ended as soon as it was requested.",
    ),
    "nl": (
        "Provider support nam de aanvraag meteen aan: plaats 1, verwachte wachttijd 1 min.",
        "Anna kwam meteen in het gesprek.",
        "Anna antwoordde voor het eerst, meteen na binnenkomst.",
        "Berichten: 0 van de klant, 1 van medewerkers; het was meteen na de aanvraag afgelopen.",
    ),
    "de": (
        "Anbieter support hat sofort angenommen: Platz 1, voraussichtliche Wartezeit 1 min.",
        "Anna ist dem Gespräch sofort beigetreten.",
        "Anna hat zum ersten Mal geantwortet, gleich nach dem Beitritt.",
        "Nachrichten: 0 vom Kunden, 1 von Mitarbeitern; gleich nach der Anfrage war es zu Ende.",
    ),
    "es": (
        "El proveedor support aceptó de inmediato: posición 1, espera prevista 1 min.",
        "Anna se unió de inmediato a la conversación.",
        "Anna respondió por primera vez nada más unirse.",
        "Mensajes: 0 del cliente, 1 de los agentes; terminó nada más pedirse.",
    ),
    "fr": (
        "Le fournisseur support a accepté aussitôt : position 1, attente estimée 1 min.",
        "Anna a aussitôt rejoint la conversation.",
        "Anna a répondu pour la première fois, juste après son arrivée.",
        "Messages : 0 du client, 1 des agents ; terminé aussitôt après la demande.",
    ),
}


@pytest.mark.parametrize(("language", "sentences"), AT_ONCE.items())
def test_what_happens_within_a_moment_happens_at_once(language: str, sentences: tuple[str, ...]) -> None:
    """Nobody reads of 0 s, in any language."""
    life = Life("support")
    life.opened(0.01, position=1)
    life.fact(0.02, e.AgentJoined(Agent("anna", "Anna")))
    life.fact(0.03, e.AgentMessage("Hello", agent=Agent("anna", "Anna")))
    life.fact(0.04, e.Closed(sequenced=True))
    told = life.told(language)
    assert (*told[1:4], told[-1]) == sentences


def test_a_notice_is_told() -> None:
    """A vendor that accepts first and says later that its desk has the conversation."""
    life = Life("support")
    life.opened(1)
    life.fact(2, e.Noticed())
    assert life.told()[2] == "The provider gave notice that its desk has the conversation."


def test_timer_and_next_provider_are_named() -> None:
    """A queue time-out names its limit and the provider tried next; an open handover says where it stands."""
    life = Life("support", "backup")
    life.opened(1)
    life.at(601, e.Wake())
    told = life.told()
    assert told[2] == (
        "Provider support was given up: nobody took it for 10 min (limit queue_s). Attempt 2: provider backup."
    )
    assert told[-1] == "It is requested now."


def test_a_limit_is_named_once() -> None:
    """The reason has it in the reader's language, so the error's own words are left out."""
    life = Life("support")
    life.opened(1)
    life.at(601, e.Wake())
    assert life.told("nl")[2].startswith("Mislukt (queue_timeout): niemand ")
    assert "limit queue_s is over" not in "".join(life.told("nl"))


def test_agent_who_left_is_named() -> None:
    """The one who left is told by name, and who came instead."""
    life = Life("support")
    life.opened(1)
    life.fact(10, e.AgentJoined(Agent("anna", "Anna")))
    life.fact(20, e.AgentLeft())
    life.fact(30, e.AgentJoined(Agent("bob", "Bob")))
    assert life.told()[3:5] == [
        "Anna left; somebody else is looked for.",
        "Bob joined; the user had waited 30 s.",
    ]


def test_waiting_silence_and_departure_are_told() -> None:
    """An idle limit that runs the flow, a lost connection, a give-up and its reason, a rating: each has words."""
    settings = Settings(events=frozenset({"inactive"}), limits=Limits(user_idle_s=60))
    life = Life("support", settings=settings)
    life.opened(1)
    life.fact(10, e.AgentMessage("Hello", agent=Agent("anna", "Anna")))
    life.at(71, e.Wake())
    life.at(80, e.SetPresence("disconnected"))
    life.at(85, e.SetPresence("connected"))
    life.fact(90, e.Failed("rejected", "queue closed", sequenced=True))
    life.at(95, e.Rate("h", 2))
    told = life.told()
    assert told[4:7] == [
        "The one whose turn it was stayed silent (time 1); the flow was told.",
        "The user's connection was lost.",
        "The user came back.",
    ]
    assert told[7] == "Failed (rejected): the provider refused it, by the provider. In detail: queue closed."
    assert told[-1] == "The user rated it 2 of 5."


def test_trouble_with_a_delivery_is_told_with_calls_and_time() -> None:
    """A message that needed four calls says so, and how long it took."""
    life = Life("support")
    life.opened(1)
    life.at(5, e.PostMessage(id="m", author="user", text="anyone?"))
    row = life.rows[-1]
    life.rows[-1] = LogRow(row.entry, Delivered(agent=("delivered", 4, row.entry.at + 32)))
    sentence = next(text for text in life.told() if text.startswith("Message"))
    assert (
        sentence == f"Message {row.entry.seq} by the user: It reached the provider after 4 calls, 32 s later."
    )


def test_no_message_text_is_told() -> None:
    """The sentences are about what happened, not about what was said."""
    life = Life("support")
    life.opened(1)
    life.at(5, e.PostMessage(id="m", author="user", text="my secret"))
    life.fact(6, e.AgentMessage("another secret", agent=Agent("anna", "Anna")))
    assert "secret" not in " ".join(life.told())


def test_other_handovers_of_the_conversation_stay_out() -> None:
    """Only the handover's own entries are told, also when the log goes on after its end."""
    life = Life("support")
    life.opened(1)
    life.fact(2, e.Closed(sequenced=True))
    before = life.told()
    other = Entry(
        "c", 999, "handover.requested", T0 + 99, "human", 9, life.rows[0].entry.data, handover_id="h2"
    )
    life.rows.append(LogRow(other))
    assert life.told() == before


@pytest.mark.parametrize(
    ("language", "begins"),
    [("nl", "De bot vroeg om een mens"), ("fr-CA", "Le bot a"), ("EN-gb", "The bot"), ("he", "The bot")],
)
def test_the_language_is_found(language: str, begins: str) -> None:
    """A variant of ours is ours, and one that we do not have becomes English."""
    assert Life("support").told(language)[0].startswith(begins)
