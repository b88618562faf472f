"""The proof of who sends a webhook: HMAC-SHA256 over `{timestamp}.{raw body}`; of older servers a token in our address."""

import hmac

from openhandover.core.errors import SignatureError
from openhandover.net.signatures import TOLERANCE_S, is_secret
from openhandover.providers.base import WebhookRequest

from .settings import Settings

_UNSIGNED = (
    "the webhook is not signed: compare `webhook_token` with `?token=` in the webhook URL that Chatwoot has; or it is signed, "
    "and `webhook_secret` is missing"
)
_STALE = "compare the clocks of Chatwoot and of this machine"
_OTHER = "compare `webhook_secret` with the inbox's secret in Chatwoot, not its `hmac_token`; an account webhook has its own"


def verify(settings: Settings, request: WebhookRequest) -> None:
    """Raise SignatureError unless it is signed with one of our secrets and fresh, or carries our token. Whoever signs is
    judged by the signature, if we have a secret at all: a server may begin to sign with an update."""
    secrets = [one for one in (settings.webhook_secret, settings.old_webhook_secret) if one]
    signature = request.headers.get("x-chatwoot-signature")
    if signature is None or not secrets:
        if is_secret(request.query.get("token", "").encode("utf-8", "replace"), settings.webhook_token):
            return
        raise SignatureError(_UNSIGNED)
    stamp = request.headers.get("x-chatwoot-timestamp", "")
    if not (stamp.isascii() and stamp.isdigit()) or len(stamp) > 12:
        raise SignatureError(_STALE)
    if abs(request.received_at - int(stamp)) > TOLERANCE_S:
        raise SignatureError(_STALE)
    signed = stamp.encode() + b"." + request.body
    made = ["sha256=" + hmac.digest(secret.encode(), signed, "sha256").hex() for secret in secrets]
    if not is_secret(signature.encode("utf-8", "replace"), *made):
        raise SignatureError(_OTHER)
