// Every word of the widget that does not come from the server, in columns: English, Dutch, German, French, Spanish.
// `{}` is filled in; `one|many` is chosen by a number.

const LANGUAGES = ["en", "nl", "de", "fr", "es"];

const TABLE = {
  title: ["Chat", "Chat", "Chat", "Discussion", "Chat"],
  open: ["Open the chat", "Chat openen", "Chat öffnen", "Ouvrir la discussion", "Abrir el chat"],
  close: ["Close the chat", "Chat sluiten", "Chat schließen", "Fermer la discussion", "Cerrar el chat"],
  unread: [
    "1 new message|{} new messages",
    "1 nieuw bericht|{} nieuwe berichten",
    "1 neue Nachricht|{} neue Nachrichten",
    "1 nouveau message|{} nouveaux messages",
    "1 mensaje nuevo|{} mensajes nuevos",
  ],
  hide: ["Hide this message", "Dit bericht verbergen", "Diese Nachricht ausblenden", "Masquer ce message", "Ocultar este mensaje"],
  menu: ["Options", "Opties", "Optionen", "Options", "Opciones"],
  sound: ["Sound", "Geluid", "Ton", "Son", "Sonido"],
  save: [
    "Save conversation",
    "Gesprek opslaan",
    "Gespräch speichern",
    "Enregistrer la conversation",
    "Guardar la conversación",
  ],
  log: ["Messages", "Berichten", "Nachrichten", "Messages", "Mensajes"],
  newest: ["To the newest message", "Naar het nieuwste bericht", "Zur neuesten Nachricht", "Aller au dernier message", "Ir al último mensaje"],
  write: ["Write a message", "Schrijf een bericht", "Nachricht schreiben", "Écrivez un message", "Escriba un mensaje"],
  send: ["Send", "Versturen", "Senden", "Envoyer", "Enviar"],
  attach: ["Attach a file", "Bestand toevoegen", "Datei anhängen", "Joindre un fichier", "Adjuntar un archivo"],
  remove: ["Remove {}", "{} verwijderen", "{} entfernen", "Retirer {}", "Quitar {}"],
  you: ["You", "U", "Sie", "Vous", "Usted"],
  bot: ["Assistant", "Assistent", "Assistent", "Assistant", "Asistente"],
  agent: ["Agent", "Medewerker", "Mitarbeiter", "Conseiller", "Agente"],
  greeting: [
    "Hello! Write a message to start.",
    "Hallo! Schrijf een bericht om te beginnen.",
    "Hallo! Schreiben Sie eine Nachricht, um zu beginnen.",
    "Bonjour ! Écrivez un message pour commencer.",
    "¡Hola! Escriba un mensaje para empezar.",
  ],
  human: ["Talk to a person", "Praat met een medewerker", "Mit einem Menschen sprechen", "Parler à une personne", "Hablar con una persona"],
  end: ["End chat", "Chat beëindigen", "Chat beenden", "Terminer la discussion", "Terminar el chat"],
  endAsk: ["End this chat?", "Deze chat beëindigen?", "Diesen Chat beenden?", "Terminer cette discussion ?", "¿Terminar este chat?"],
  keep: ["Keep chatting", "Verder chatten", "Weiter chatten", "Continuer", "Seguir"],
  endedByYou: [
    "You ended this chat.",
    "U hebt deze chat beëindigd.",
    "Sie haben diesen Chat beendet.",
    "Vous avez terminé cette discussion.",
    "Ha terminado este chat.",
  ],
  restart: ["New chat", "Nieuwe chat", "Neuer Chat", "Nouvelle discussion", "Nuevo chat"],
  away: ["Our team is away.", "Ons team is er nu niet.", "Unser Team ist gerade nicht da.", "Notre équipe est absente.", "Nuestro equipo no está ahora."],
  back: [
    "We are back {} {}.",
    "We zijn {} om {} terug.",
    "Wir sind {} um {} wieder da.",
    "De retour {} à {}.",
    "Estaremos de vuelta: {} a las {}.",
  ],
  waiting: ["Waiting for a person", "Wachten op een medewerker", "Wir suchen jemanden für Sie", "En attente d’un conseiller", "Buscando a una persona"],
  place: [
    "You are next|You are number {} in line",
    "U bent de volgende|U bent nummer {} in de rij",
    "Sie sind als Nächstes dran|Sie sind Nummer {} in der Reihe",
    "C’est bientôt à vous|Vous êtes numéro {} dans la file",
    "Es el siguiente|Es el número {} de la cola",
  ],
  wait: [
    "about a minute|about {} minutes",
    "ongeveer een minuut|ongeveer {} minuten",
    "etwa eine Minute|etwa {} Minuten",
    "environ une minute|environ {} minutes",
    "un minuto aproximadamente|unos {} minutos",
  ],
  joined: ["{} joined", "{} neemt deel aan het gesprek", "{} ist jetzt dabei", "{} a rejoint la discussion", "{} se ha unido"],
  left: ["{} left", "{} heeft het gesprek verlaten", "{} hat den Chat verlassen", "{} a quitté la discussion", "{} ha salido"],
  talked: [
    "The conversation with {} has ended",
    "Het gesprek met {} is afgelopen",
    "Das Gespräch mit {} ist beendet",
    "L’échange avec {} est terminé",
    "La conversación con {} ha terminado",
  ],
  typing: ["{} is typing", "{} is aan het typen", "{} schreibt", "{} est en train d’écrire", "{} está escribiendo"],
  reconnecting: ["Reconnecting…", "Opnieuw verbinden…", "Wird neu verbunden…", "Reconnexion…", "Reconectando…"],
  offline: [
    "No connection. What you write will be sent later.",
    "Geen verbinding. Wat u schrijft wordt later verstuurd.",
    "Keine Verbindung. Was Sie schreiben, wird später gesendet.",
    "Pas de connexion. Vos messages partiront plus tard.",
    "Sin conexión. Lo que escriba se enviará más tarde.",
  ],
  refused: [
    "The chat is not available on this page.",
    "De chat is op deze pagina niet beschikbaar.",
    "Der Chat ist auf dieser Seite nicht verfügbar.",
    "La discussion n’est pas disponible sur cette page.",
    "El chat no está disponible en esta página.",
  ],
  renewed: [
    "Your earlier chat has expired.",
    "Uw vorige chat is verlopen.",
    "Ihr früherer Chat ist abgelaufen.",
    "Votre discussion précédente a expiré.",
    "Su chat anterior ha caducado.",
  ],
  sending: ["Sending…", "Versturen…", "Wird gesendet…", "Envoi…", "Enviando…"],
  pending: ["Sent", "Verzonden", "Gesendet", "Envoyé", "Enviado"],
  delivered: ["Delivered", "Afgeleverd", "Zugestellt", "Remis", "Entregado"],
  read: ["Read", "Gelezen", "Gelesen", "Lu", "Leído"],
  failed: ["Not delivered", "Niet afgeleverd", "Nicht zugestellt", "Non remis", "No entregado"],
  again: ["Try again", "Opnieuw proberen", "Erneut versuchen", "Réessayer", "Reintentar"],
  discard: ["Remove", "Verwijderen", "Entfernen", "Retirer", "Quitar"],
  room: ["{} characters left", "Nog {} tekens", "Noch {} Zeichen", "Encore {} caractères", "Quedan {} caracteres"],
  tooLong: [
    "This message is too long. Please send it in parts.",
    "Dit bericht is te lang. Verstuur het in delen.",
    "Diese Nachricht ist zu lang. Bitte senden Sie sie in Teilen.",
    "Ce message est trop long. Envoyez-le en plusieurs fois.",
    "Este mensaje es demasiado largo. Envíelo por partes.",
  ],
  noFiles: [
    "Files cannot be sent now.",
    "Bestanden kunnen nu niet worden verstuurd.",
    "Dateien können gerade nicht gesendet werden.",
    "Les fichiers ne peuvent pas être envoyés maintenant.",
    "Ahora no se pueden enviar archivos.",
  ],
  tooMany: ["At most 10 files at once.", "Hooguit 10 bestanden tegelijk.", "Höchstens 10 Dateien auf einmal.", "10 fichiers au plus à la fois.", "Como máximo 10 archivos a la vez."],
  tooLarge: ["This is too large.", "Dit is te groot.", "Das ist zu groß.", "C’est trop volumineux.", "Es demasiado grande."],
  badFile: [
    "We cannot take files of this kind.",
    "Dit soort bestanden kunnen we niet aannemen.",
    "Dateien dieser Art können wir nicht annehmen.",
    "Nous ne pouvons pas accepter ce type de fichier.",
    "No podemos aceptar este tipo de archivo.",
  ],
  tooFast: [
    "That was a lot at once. Please wait a moment.",
    "Dat was veel tegelijk. Wacht even.",
    "Das war viel auf einmal. Bitte warten Sie einen Moment.",
    "Cela fait beaucoup d’un coup. Patientez un instant.",
    "Ha sido mucho de una vez. Espere un momento.",
  ],
  other: [
    "That did not work. Please try again.",
    "Dat is niet gelukt. Probeer het opnieuw.",
    "Das hat nicht geklappt. Versuchen Sie es erneut.",
    "Cela n’a pas fonctionné. Réessayez.",
    "No ha funcionado. Inténtelo de nuevo.",
  ],
  rate: ["How was it?", "Hoe was het?", "Wie war es?", "Comment c’était ?", "¿Qué tal ha ido?"],
  stars: ["{} of 5", "{} van 5", "{} von 5", "{} sur 5", "{} de 5"],
  poor: ["poor", "slecht", "schlecht", "mauvais", "mal"],
  good: ["very good", "zeer goed", "sehr gut", "très bien", "muy bien"],
  comment: [
    "Anything to add? (optional)",
    "Wilt u iets toevoegen? (niet verplicht)",
    "Möchten Sie etwas hinzufügen? (freiwillig)",
    "Quelque chose à ajouter ? (facultatif)",
    "¿Algo que añadir? (opcional)",
  ],
  rateSend: ["Send rating", "Beoordeling versturen", "Bewertung senden", "Envoyer l’avis", "Enviar valoración"],
  later: ["Not now", "Niet nu", "Jetzt nicht", "Pas maintenant", "Ahora no"],
  thanks: ["Thank you for your answer.", "Bedankt voor uw antwoord.", "Danke für Ihre Antwort.", "Merci pour votre réponse.", "Gracias por su respuesta."],
};

export type Texts = Record<keyof typeof TABLE, string>;

const ERRORS: Record<string, keyof Texts> = {
  attachments_off: "noFiles",
  too_large: "tooLarge",
  too_many: "tooMany",
  bad_file: "badFile",
  rate_limited: "tooFast",
};

/** The words for a language tag like "nl-BE"; English when there are none. */
export function textsFor(language: string): Texts {
  const column = Math.max(0, LANGUAGES.indexOf(language.slice(0, 2).toLowerCase()));
  return Object.fromEntries(Object.entries(TABLE).map(([key, row]) => [key, row[column]])) as Texts;
}

/** The text with each `{}` filled in, in turn. */
export function fill(text: string, ...values: string[]): string {
  return text.replace(/{}/g, () => values.shift() ?? "");
}

/** The form for this number. */
export function counted(text: string, count: number): string {
  return fill(text.split("|")[count > 1 ? 1 : 0] ?? "", `${count}`);
}

/** The sentence for a refusal. */
export function errorText(t: Texts, code: string): string {
  return t[ERRORS[code] ?? "other"];
}
