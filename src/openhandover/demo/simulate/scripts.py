"""The stories themselves. Every line of a talk is said once, so that both sides can be compared word by word."""

from random import Random

from .stories import Story, lines_of

STORIES: tuple[Story, ...] = (
    Story("hours", "en", ("Are you open on Sundays?",), weight=2),
    Story("order", "en", ("Where is my order?", "{order}"), weight=2),
    Story("order_nl", "nl", ("Waar blijft mijn bestelling?", "{order}"), weight=2),
    Story("order_de", "de", ("Wo ist meine Bestellung?", "{order}"), weight=2),
    Story(
        "invoice_dispute",
        "en",
        ("There is something wrong with my invoice",),
        lines_of("""
            A Good day {name}, this is {agent}. I see that it is about an invoice. What is wrong with it?
            V I was charged {amount} euros, but I sent one of the two lamps back.
            V Order {order}, delivered three weeks ago.
            A Thank you. Do you have the invoice at hand? You can send it here.
            V/file invoice-{order}.pdf|Here it is.
            A Got it. One moment, I compare it with what our warehouse received.
            A/note Return was booked on the old order number; refund {amount}.
            A You are right: the lamp came back, but nobody told our bookkeeping. I have corrected it just now.
            V Great. When do I get the money?
            A Within five working days, on the account that you paid from.
            V Perfect, thank you!
            A You are welcome, {name}. Have a nice day!
        """),
        weight=3,
        ratings=(5, 5, 4),
        comment="Quick, and nobody asked me twice.",
    ),
    Story(
        "wrong_size",
        "nl",
        ("Kan ik met een medewerker praten?",),
        lines_of("""
            V Ik heb de jas in de verkeerde maat besteld.
            A Hallo {name}, met {agent}. Geen probleem. Welke maat had u nodig?
            V Een 42 in plaats van een 40.
            A Die hebben we nog. Zal ik de ruil voor u klaarzetten onder bestelling {order}?
            V Ja graag. Moet ik de andere eerst terugsturen?
            A Nee, de bezorger neemt hem mee als hij de nieuwe brengt.
            V Dat is handig, dank u wel!
            A Graag gedaan. Fijne dag nog!
        """),
        topic="Return or exchange",
        weight=3,
        ratings=(5, 4, 0),
        comment="Fijn geholpen.",
    ),
    Story(
        "impatient",
        "nl",
        ("Ik wil een mens spreken",),
        lines_of("""
            V Duurt het nog lang?
            V/cancel
        """),
        topic="Something else",
        weight=1,
        hurried=True,
    ),
    Story(
        "double_charge",
        "de",
        ("Ich habe eine Frage zu meiner Rechnung",),
        lines_of("""
            A Guten Tag {name}, mein Name ist {agent}. Worum geht es bei der Rechnung?
            V* Mir wurden {amount} Euro zweimal abgebucht, einmal am Montag und dann am Dienstag noch einmal, obwohl ich nur einmal bestellt habe.
            A Das tut mir leid. Ich prüfe das sofort. Ist das die Bestellung {order}?
            V Ja, genau die.
            A/note Doppelte Abbuchung bestätigt, Rückbuchung angestoßen.
            A Die zweite Abbuchung war ein Fehler von uns. Ich habe die Rückbuchung gerade veranlasst.
            V Danke. Bekomme ich dazu eine Bestätigung?
            A Ja, sie ist schon unterwegs an Ihre E-Mail-Adresse.
            V Prima, das ging ja schnell.
            A Sehr gerne. Einen schönen Tag noch!
        """),
        weight=3,
        ratings=(5, 4, 4),
        comment="Freundlich und schnell.",
    ),
    Story(
        "angry",
        "en",
        ("Get me a person, now",),
        lines_of("""
            V This is the third time I am writing about order {order}!!
            A I am sorry, {name}. My name is {agent} and I stay with this until it is solved. What happened last?
            V Twice you promised a replacement and twice nothing came.
            V I want my {amount} euros back.
            A I understand. I read the whole history. The replacement was stopped because of a wrong house number.
            A/note Address was never corrected after the first complaint. Refund now, tell logistics.
            A I refund the full amount now, and I send you the confirmation while we talk.
            V Finally. Why could nobody do that before?
            A They should have. I have passed that on, with your case as the reason.
            V OK. Thank you for being straight with me.
            A Thank you for your patience, {name}. It is on its way.
        """),
        topic="Return or exchange",
        weight=2,
        ratings=(3, 2, 4),
        comment="Good help, far too late.",
    ),
    Story(
        "transfer",
        "fr",
        ("Je voudrais parler à quelqu'un",),
        lines_of("""
            V J'ai un problème avec la garantie de ma machine à café.
            A Bonjour {name}, ici {agent}. Depuis quand l'avez-vous ?
            V Depuis onze mois, commande {order}.
            A Elle est donc encore sous garantie. Je vous passe un collègue qui s'occupe des réparations.
            A/transfer Machine à café, onze mois, garantie valable. Merci de prendre la suite.
            A Bonjour {name}, {agent} à l'appareil. J'ai lu votre conversation, inutile de tout répéter.
            V Parfait. Que dois-je faire ?
            A Je vous envoie une étiquette de retour par e-mail. La réparation prend une semaine environ.
            V Merci beaucoup !
            A Avec plaisir. Bonne journée !
        """),
        topic="Return or exchange",
        weight=3,
        ratings=(5, 5, 0),
        comment="Je n'ai rien eu à répéter.",
    ),
    Story(
        "address",
        "es",
        ("Quiero hablar con una persona, un agente por favor",),
        lines_of("""
            A Buenos días, {name}. Soy {agent}. ¿En qué puedo ayudarle?
            V Quiero cambiar la dirección de entrega del pedido {order}.
            A Claro. Todavía no ha salido. ¿Cuál es la dirección nueva?
            V* Calle Mayor 12, segundo izquierda, 28013 Madrid. El timbre no funciona, así que mejor que llamen por teléfono antes de subir.
            A Apuntado, y también lo del timbre. Le llega mañana por la tarde.
            V ¡Muchas gracias!
            A A usted. ¡Que tenga un buen día!
        """),
        topic="Change of an order",
        weight=3,
        ratings=(5, 4, 5),
        comment="Muy amable.",
    ),
    Story(
        "comes_back",
        "en",
        ("Can I talk to a human please",),
        lines_of("""
            V My discount code does not work.
            A Hello {name}, {agent} here. Which code is it, and what does the page say?
            V It is SPRING, and it says "expired".
            V/away
            A It ended yesterday, but that is our fault: the mail was late. I have put the discount on your account.
            V Sorry, I lost my connection. I see your answer. Wonderful!
            A No problem at all. Enjoy!
        """),
        topic="Something else",
        weight=2,
        ratings=(5, 0),
    ),
    Story(
        "leaves",
        "de",
        ("Ich möchte mit einem Mitarbeiter sprechen",),
        lines_of("""
            A Guten Tag {name}, hier ist {agent}. Wie kann ich helfen?
            V Ach, ich habe es gerade selbst gefunden. Danke!
            V/end
        """),
        topic="Something else",
        weight=1,
    ),
    Story(
        "parcel_damaged",
        "en",
        ("My parcel arrived broken",),
        lines_of("""
            V The box of order {order} was open and wet.
            A Hello {name}, this is {agent} from the parcel service. That should not happen. Is the content damaged?
            V Yes, the vase is in pieces.
            V/file vase-{order}.txt|I wrote down what was in the box.
            A Thank you. I file the claim now; the shop sends you a new one.
            V Do you need the old one back?
            A No, please throw it away safely.
            V Thanks for the quick help.
            A You are welcome!
        """),
        weight=3,
        provider="partner",
        ratings=(4, 5, 0),
    ),
    Story(
        "parcel_missing",
        "nl",
        ("Mijn pakket is niet aangekomen",),
        lines_of("""
            A Goedendag {name}, {agent} van de pakketdienst. Volgens ons systeem is het gisteren bezorgd.
            V Er is niemand aan de deur geweest. Bestelling {order}.
            A Ik bel even met de bezorger. Een ogenblik.
            A Gevonden: het ligt bij de buren op nummer 14.
            V Daar ga ik meteen kijken. Ja, het is er!
            A Mooi zo. Prettige dag!
        """),
        weight=2,
        provider="partner",
        ratings=(4, 3),
    ),
    Story(
        "parcel_date",
        "fr",
        ("Quand arrive mon colis ?",),
        lines_of("""
            V C'est la commande {order}.
            A Bonjour {name}, {agent} du service de livraison. Il est prévu pour demain matin.
            V Je ne suis pas là le matin. L'après-midi, c'est possible ?
            A Oui, entre 14 et 16 heures. C'est noté.
            V Merci !
            A Je vous en prie. À demain !
        """),
        weight=2,
        provider="partner",
        ratings=(5, 4),
    ),
)

STRANGER: dict[str, tuple[str, ...]] = {
    "en": (
        "Hello, this is {agent}, a simulated colleague. No human took your question, so you talk to a script. What is it about?",
        "I see. Tell me a little more, and I write it down.",
        "Thank you, I have noted it. Anything else?",
        "Then I end this here. Have a nice day!",
    ),
    "nl": (
        "Hallo, met {agent}, een gesimuleerde collega. Er was geen mens vrij, dus u praat met een script. Waar gaat het om?",
        "Ik begrijp het. Vertel gerust iets meer, dan schrijf ik het op.",
        "Dank u, ik heb het genoteerd. Kan ik nog iets doen?",
        "Dan sluit ik het hier af. Fijne dag!",
    ),
    "de": (
        "Guten Tag, hier ist {agent}, eine simulierte Kollegin. Kein Mensch war frei, Sie sprechen mit einem Skript. Worum geht es?",
        "Ich verstehe. Erzählen Sie gern etwas mehr, ich schreibe mit.",
        "Danke, das ist notiert. Kann ich noch etwas tun?",
        "Dann beende ich das Gespräch hier. Einen schönen Tag!",
    ),
    "fr": (
        "Bonjour, ici {agent}, un collègue simulé. Personne n'était libre, vous parlez donc à un script. De quoi s'agit-il ?",
        "Je vois. Dites-m'en un peu plus, je prends note.",
        "Merci, c'est noté. Puis-je faire autre chose ?",
        "Alors je m'arrête ici. Bonne journée !",
    ),
    "es": (
        "Hola, soy {agent}, un compañero simulado. No había nadie libre, así que habla con un guion. ¿De qué se trata?",
        "Entiendo. Cuénteme un poco más y lo apunto.",
        "Gracias, queda anotado. ¿Algo más?",
        "Entonces lo dejamos aquí. ¡Que tenga un buen día!",
    ),
}
"""What a simulated agent says to a real person, by language: after each answer the next."""


def stranger(language: str) -> Story:
    """A story for a visitor who has none: a person who tries the chat."""
    said = STRANGER.get(language, STRANGER["en"])
    talk = "\nV ...\n".join(f"A {text}" for text in said)
    return Story("stranger", "en", (), lines_of(talk))


def choose(random: Random, among: tuple[Story, ...] = STORIES) -> Story:
    """The next visitor's story, by weight."""
    return random.choices(among, [story.weight for story in among])[0]
