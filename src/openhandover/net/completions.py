"""Language models behind the chat completions API, which many servers speak: one question, one answer.

https://platform.openai.com/docs/api-reference/chat/create
"""

import msgspec

from openhandover.core.settings import Secret

from .client import Request, encode_json


class _Message(msgspec.Struct):
    content: str


class _Choice(msgspec.Struct):
    message: _Message


class Completion(msgspec.Struct):
    """What of an answer matters."""

    choices: list[_Choice]

    @property
    def text(self) -> str:
        """What the model wrote. Raises LookupError where it wrote nothing."""
        return self.choices[0].message.content


class Model(msgspec.Struct, frozen=True):
    """A model, and the server that has it: `url` is the address up to `/v1`; a server of your own may need no `key`."""

    url: str
    name: str
    key: Secret | None = None

    def request(self, task: str, text: str, timeout_s: float) -> Request:
        """Asks for one answer, the same one each time as far as the model allows."""
        messages = [{"role": "system", "content": task}, {"role": "user", "content": text}]
        headers = {"Content-Type": "application/json"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        return Request(
            method="POST",
            url=f"{self.url.rstrip('/')}/chat/completions",
            headers=headers,
            body=encode_json({"model": self.name, "messages": messages, "temperature": 0}),
            timeout_s=timeout_s,
        )
