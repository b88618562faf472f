"""NOT a language model: a stub that speaks the Chat Completions protocol of OpenAI-compatible servers and answers by three
rules. It needs no account and says the same every time. Point bot.py at a real server, and nothing else changes.
"""

import itertools
import json
import re

from aiohttp import web

EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
NAME = re.compile(r"(?:I am|I'm|my name is) ([A-Z]\w*(?: [A-Z]\w*)*)")
HUMAN = re.compile(r"\b(person|human|agent)\b", re.IGNORECASE)

numbers = itertools.count(1)


def answer(messages: list[dict], tools: list[dict]) -> dict:
    """The assistant's message: a tool call once it knows who asks for a person, else a text."""
    said = [one["content"] for one in messages if one["role"] == "user"]
    helped = [one["content"] for one in messages if one["role"] == "tool"]
    can_hand_over = any(tool["function"]["name"] == "talk_to_human" for tool in tools)
    if helped:
        # What a handover left behind stands in the place of the tool's result, as if the model had been there.
        return {"role": "assistant", "content": f"Welcome back. I know that this happened: {helped[-1]}"}
    if not can_hand_over or not any(HUMAN.search(text) for text in said):
        return {"role": "assistant", "content": "I am the assistant. Ask for a person whenever you like."}
    name, email = NAME.search(" ".join(said)), EMAIL.search(" ".join(said))
    if not name or not email:
        return {"role": "assistant", "content": "Of course. What is your name and your e-mail address?"}
    topic = "billing" if "invoice" in " ".join(said) else "other"
    arguments = {"name": name[1], "email_address": email[0], "topic": topic}
    function = {"name": "talk_to_human", "arguments": json.dumps(arguments)}
    call = {"id": f"call_{next(numbers)}", "type": "function", "function": function}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


async def completions(request: web.Request) -> web.Response:
    """POST /v1/chat/completions"""
    asked = await request.json()
    message = answer(asked["messages"], asked.get("tools", []))
    reason = "tool_calls" if message.get("tool_calls") else "stop"
    choice = {"index": 0, "message": message, "finish_reason": reason}
    return web.json_response({"object": "chat.completion", "model": asked["model"], "choices": [choice]})


def app() -> web.Application:
    """The stub as a web application."""
    made = web.Application()
    made.router.add_post("/v1/chat/completions", completions)
    return made
