"""What to look at when a call is refused; permissions as the vendor's specification names them."""

_NO_INTEGRATION = "check `integration_id`: there is no such Open Messaging integration"

INBOUND = {
    400: "check `integration_id`, and that the OAuth client has the grant Client Credentials",
    403: "the roles of the OAuth client must allow conversation:message:receive",
    404: _NO_INTEGRATION,
    413: "check `max_text` and `max_attributes_bytes`",
}
INTEGRATION = {
    400: _NO_INTEGRATION,
    403: "the roles of the OAuth client must allow messaging:integration:view",
    404: _NO_INTEGRATION,
}
OBSERVATION = {
    400: "check `queue_id`",
    403: "the roles of the OAuth client must allow analytics:queueObservation:view",
    404: "check `queue_id`: there is no such queue",
}
MESSAGE = {
    403: "to read what Genesys Cloud could not bring, the roles of the OAuth client must allow conversation:message:view",
}
QUEUE = {
    400: "check `queue_id`",
    403: "the roles of the OAuth client must allow routing:queue:view",
    404: "check `queue_id`: there is no such queue",
}
