"""What Twilio reports of a transfer, in our words: tables.

`DialCallStatus`, `ReferCallStatus` and the status codes are those of Twilio's pages on <Dial> and <Refer>; the SIP
codes of a human who is called mean the same in both (RFC 3261).
"""

from collections.abc import Mapping

from openhandover.core.table import CallOutcome

HUNG_UP = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
"""`CallStatus` of a call that is over."""

DIALLED: dict[str, CallOutcome] = {
    "completed": "connected",
    "answered": "connected",
    "busy": "busy",
    "no-answer": "no_answer",
    "canceled": "no_answer",
    "failed": "failed",
}
"""`DialCallStatus`; a call that was cancelled while it rang was not answered."""

CALLED: dict[int, CallOutcome] = {
    486: "busy",
    600: "busy",
    408: "no_answer",
    480: "no_answer",
    487: "no_answer",
    403: "declined",
    603: "declined",
    607: "declined",
    404: "invalid_target",
    410: "invalid_target",
    484: "invalid_target",
    604: "invalid_target",
}
"""Final SIP code of the call to the human; any other failure is `failed`."""

REFUSED: dict[int, CallOutcome] = {
    405: "unsupported",
    420: "unsupported",
    501: "unsupported",
    403: "rejected",
    603: "rejected",
}
"""SIP code that the caller's side gave to the REFER itself."""

Report = Mapping[str, str]


def of_dial(report: Report) -> tuple[list[CallOutcome], int | None]:
    """The outcomes that a <Dial> amounts to, in order, and the SIP code behind them."""
    code = _code(report.get("DialSipResponseCode"))
    status = report.get("DialCallStatus", "")
    outcome = DIALLED.get(status, "unknown")
    if outcome == "connected":
        # Answered but never joined: nobody spoke with anybody.
        joined = report.get("DialBridged") != "false"
        return (["connected", "ended"] if joined else ["unknown"]), code
    if outcome == "failed" and code is not None:
        outcome = CALLED.get(code, outcome)
    return [outcome], code


def of_refer(report: Report) -> tuple[CallOutcome, int | None]:
    """The outcome that a <Refer> amounts to, and the SIP code behind it."""
    answer, final = _code(report.get("ReferSipResponseCode")), _code(report.get("NotifySipResponseCode"))
    if report.get("ReferCallStatus") == "canceled":
        return "caller_hung_up", final
    if answer is None or not 200 <= answer < 300:
        return REFUSED.get(answer or 0, "failed"), answer
    if final is None:
        return "unknown", answer
    if 200 <= final < 300:
        return "connected", final
    return CALLED.get(final, "failed" if final >= 400 else "unknown"), final


def _code(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) == 3 else None
