// The words of the analytics page.

const en = {
  title: "Analytics",
  from: "From",
  to: "Up to",
  by: "By",
  groups: {
    day: "Day", hour: "Hour of the day", status: "Outcome", reason: "Reason", provider: "Provider", channel: "Channel",
    language: "Language", agent: "Agent",
  },
  csv: "Download as CSV",
  handovers: "Handovers",
  open: "Open",
  completed: "Completed",
  cancelled: "Cancelled",
  error: "Failed",
  transferred: "Transferred",
  abandoned: "Gave up waiting",
  contained: "Solved by the bot",
  toAgent: "Time to agent",
  toReply: "Time to first reply",
  duration: "Duration",
  rating: "Rating",
  half: "half within",
  most: "9 of 10 within",
  delivery: "Delivery",
  directions: { to_user: "To the user", to_agent: "To the contact centre", to_bot: "To the bot" },
  accepted: "Accepted",
  delivered: "Delivered",
  failed: "Not delivered",
  retries: "Repeated calls",
  duplicates: "Duplicates suppressed",
  late: "Late events",
  none: "No handovers in this period.",
  total: "Total",
  agent: "Agent",
  password: "Password",
  logIn: "Log in",
  wrong: "Agent or password is wrong.",
  forbidden: "Only supervisors see the figures.",
  failedLoad: "The figures could not be loaded. Try again.",
  loading: "Loading…",
};

export type Texts = typeof en;

const nl: Texts = {
  title: "Cijfers", from: "Van", to: "Tot en met", by: "Per",
  groups: {
    day: "Dag", hour: "Uur van de dag", status: "Afloop", reason: "Reden", provider: "Provider", channel: "Kanaal",
    language: "Taal", agent: "Medewerker",
  },
  csv: "Downloaden als CSV", handovers: "Overdrachten", open: "Open", completed: "Voltooid", cancelled: "Geannuleerd",
  error: "Mislukt", transferred: "Doorgegeven", abandoned: "Wachten opgegeven", contained: "Door de bot opgelost",
  toAgent: "Tijd tot medewerker", toReply: "Tijd tot eerste antwoord", duration: "Duur", rating: "Beoordeling",
  half: "helft binnen", most: "9 van 10 binnen", delivery: "Aflevering",
  directions: { to_user: "Naar de gebruiker", to_agent: "Naar het contactcenter", to_bot: "Naar de bot" },
  accepted: "Aangenomen", delivered: "Afgeleverd", failed: "Niet afgeleverd", retries: "Herhaalde aanroepen",
  duplicates: "Dubbele onderdrukt", late: "Te late events", none: "Geen overdrachten in deze periode.", total: "Totaal",
  agent: "Medewerker", password: "Wachtwoord", logIn: "Inloggen", wrong: "Medewerker of wachtwoord klopt niet.",
  forbidden: "Alleen supervisors zien de cijfers.", failedLoad: "De cijfers konden niet worden geladen. Probeer het opnieuw.",
  loading: "Laden…",
};

const de: Texts = {
  title: "Zahlen", from: "Von", to: "Bis einschließlich", by: "Nach",
  groups: {
    day: "Tag", hour: "Tagesstunde", status: "Ausgang", reason: "Grund", provider: "Anbieter", channel: "Kanal",
    language: "Sprache", agent: "Mitarbeiter",
  },
  csv: "Als CSV herunterladen", handovers: "Übergaben", open: "Offen", completed: "Abgeschlossen", cancelled: "Abgebrochen",
  error: "Gescheitert", transferred: "Weitergegeben", abandoned: "Warten aufgegeben", contained: "Vom Bot gelöst",
  toAgent: "Zeit bis Mitarbeiter", toReply: "Zeit bis zur ersten Antwort", duration: "Dauer", rating: "Bewertung",
  half: "Hälfte in", most: "9 von 10 in", delivery: "Zustellung",
  directions: { to_user: "Zum Nutzer", to_agent: "Zum Contact-Center", to_bot: "Zum Bot" },
  accepted: "Angenommen", delivered: "Zugestellt", failed: "Nicht zugestellt", retries: "Wiederholte Aufrufe",
  duplicates: "Doppelte unterdrückt", late: "Verspätete Ereignisse", none: "Keine Übergaben in diesem Zeitraum.", total: "Gesamt",
  agent: "Mitarbeiter", password: "Passwort", logIn: "Anmelden", wrong: "Mitarbeiter oder Passwort ist falsch.",
  forbidden: "Nur Supervisoren sehen die Zahlen.", failedLoad: "Die Zahlen konnten nicht geladen werden. Bitte erneut versuchen.",
  loading: "Lädt…",
};

const fr: Texts = {
  title: "Chiffres", from: "Du", to: "Au", by: "Par",
  groups: {
    day: "Jour", hour: "Heure du jour", status: "Issue", reason: "Raison", provider: "Fournisseur", channel: "Canal",
    language: "Langue", agent: "Agent",
  },
  csv: "Télécharger en CSV", handovers: "Transferts", open: "Ouverts", completed: "Terminés", cancelled: "Annulés",
  error: "Échoués", transferred: "Transmis", abandoned: "Attente abandonnée", contained: "Résolu par le bot",
  toAgent: "Délai jusqu'à l'agent", toReply: "Délai de première réponse", duration: "Durée", rating: "Note",
  half: "la moitié en", most: "9 sur 10 en", delivery: "Distribution",
  directions: { to_user: "Vers l'utilisateur", to_agent: "Vers le centre de contact", to_bot: "Vers le bot" },
  accepted: "Acceptés", delivered: "Distribués", failed: "Non distribués", retries: "Appels répétés",
  duplicates: "Doublons écartés", late: "Événements tardifs", none: "Aucun transfert dans cette période.", total: "Total",
  agent: "Agent", password: "Mot de passe", logIn: "Se connecter", wrong: "Agent ou mot de passe incorrect.",
  forbidden: "Seuls les superviseurs voient les chiffres.", failedLoad: "Les chiffres n'ont pas pu être chargés. Réessayez.",
  loading: "Chargement…",
};

const es: Texts = {
  title: "Cifras", from: "Desde", to: "Hasta", by: "Por",
  groups: {
    day: "Día", hour: "Hora del día", status: "Resultado", reason: "Motivo", provider: "Proveedor", channel: "Canal",
    language: "Idioma", agent: "Agente",
  },
  csv: "Descargar en CSV", handovers: "Traspasos", open: "Abiertos", completed: "Completados", cancelled: "Cancelados",
  error: "Fallidos", transferred: "Transferidos", abandoned: "Dejaron de esperar", contained: "Resuelto por el bot",
  toAgent: "Tiempo hasta el agente", toReply: "Tiempo hasta la primera respuesta", duration: "Duración", rating: "Valoración",
  half: "la mitad en", most: "9 de 10 en", delivery: "Entrega",
  directions: { to_user: "Al usuario", to_agent: "Al centro de contacto", to_bot: "Al bot" },
  accepted: "Aceptados", delivered: "Entregados", failed: "No entregados", retries: "Llamadas repetidas",
  duplicates: "Duplicados descartados", late: "Eventos tardíos", none: "No hay traspasos en este período.", total: "Total",
  agent: "Agente", password: "Contraseña", logIn: "Iniciar sesión", wrong: "El agente o la contraseña no es correcto.",
  forbidden: "Solo los supervisores ven las cifras.", failedLoad: "No se pudieron cargar las cifras. Inténtelo de nuevo.",
  loading: "Cargando…",
};

const ALL: Record<string, Texts> = { en, nl, de, fr, es };

/** The browser's own variant of the language, for dates and numbers. */
export const locale: string = navigator.languages.find((tag) => tag.slice(0, 2).toLowerCase() in ALL) ?? "en";

export const t: Texts = ALL[locale.slice(0, 2).toLowerCase()] ?? en;
