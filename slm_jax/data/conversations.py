"""A chat as examples: each answer of the assistant is one, and its prompt is all that was said before it.

Rows are a list of {"role", "content"}, or ShareGPT's {"from", "value"}. A question at the end that nobody answered is nothing to train on; where no answers are needed
(`generate --input`) it is the question. What is refused: an answer to nothing, or to anything but a user's message, as a tool's result or another answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slm_jax.data.chat import ROLES
from slm_jax.data.checks import BadRow, kind_of, text_problem
from slm_jax.domains.base import Example
from slm_jax.errors import nearest

SHAREGPT_COLUMN = "conversations"  # accepted where the messages column is missing
_SHAREGPT_ROLES = {"human": "user", "gpt": "assistant", "chatgpt": "assistant", "bing": "assistant", "bard": "assistant"}
_WANTED = 'write a list like [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}]'


def conversation_examples(value: object, *, column: str, id: str, where: str, need_response: bool) -> tuple[Example, ...]:
    """The examples of a chat, in order, at least one; if not `need_response`, the last one only, which may have no response. Raises BadRow."""
    messages = _messages(value, column)
    examples = []
    for n, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        before = messages[:n]
        if all(earlier["role"] in ("system", "developer") for earlier in before):
            raise BadRow(f"message {n + 1} of {column} is the assistant's, and no user's message comes before it: begin the chat with the user's, or take this one out")
        if before[-1]["role"] != "user":
            found = f"message {n + 1} of {column} is the assistant's answer to {_a(before[-1]['role'])} message"
            raise BadRow(f"{found}: an answer follows a user's message; join the two, or take the row out")
        examples.append(_example(before, message["content"], id=id, where=where))
    if not need_response:
        if messages[-1]["role"] == "user":
            return (_example(messages, "", id=id, where=where),)
        if examples:
            return (examples[-1],)
    if not examples:
        raise BadRow(f"{column} has no assistant's message, so there is nothing to learn: write the answer as the last message, or take the row out")
    if id and len(examples) > 1:
        examples = [_example([*e.history, {"role": "user", "content": e.instruction}], e.response, id=f"{id}#{n}", where=where) for n, e in enumerate(examples, 1)]
    return tuple(examples)


def opening(example: Example) -> str:
    """What an example's chat begins with: the first message of the user, which for a single question is the instruction."""
    return next((message["content"] for message in example.history if message["role"] == "user"), example.instruction)


def _example(messages: Sequence[Mapping], response: str, *, id: str, where: str) -> Example:
    return Example(instruction=messages[-1]["content"], response=response, history=tuple(messages[:-1]), id=id, where=where)


def _messages(value: object, column: str) -> list[dict[str, str]]:
    if isinstance(value, dict) and value and all(isinstance(part, list) for part in value.values()):  # a list of objects, as some Parquet files store it
        value = [dict(zip(value, parts, strict=True)) for parts in zip(*value.values(), strict=False)]
    if not isinstance(value, list):
        raise BadRow(f"the {column} are {kind_of(value)}, not a list: {_WANTED}")
    if not value:
        raise BadRow(f"the {column} are an empty list: {_WANTED}")
    messages = []
    for number, message in enumerate(value, 1):
        what = f"message {number} of {column}"
        if not isinstance(message, dict):
            raise BadRow(f"{what} is {kind_of(message)}, not an object: {_WANTED}")
        role_key, content_key = ("from", "value") if "from" in message and "role" not in message else ("role", "content")
        for key in (role_key, content_key):
            if key not in message:
                raise BadRow(f"{what} has no {key!r} (it has {', '.join(map(repr, message)) or 'nothing'}): {_WANTED}")
        role = message[role_key]
        role = _SHAREGPT_ROLES.get(role, role) if isinstance(role, str) else role
        if role not in ROLES:
            hint = nearest(role, [*ROLES, *(_SHAREGPT_ROLES if role_key == "from" else ())]) if isinstance(role, str) else f"write one of {', '.join(ROLES)}"
            raise BadRow(f"{what}: there is no role {role!r}; {hint}")
        problem = text_problem(f"the {content_key} of {what}", message[content_key], write="write what was said, or take the message out")
        if problem:
            raise BadRow(problem)
        messages.append({"role": role, "content": message[content_key]})
    return messages


def _a(role: str) -> str:
    return {"assistant": "another assistant's", "tool": "a tool's", "system": "a system", "developer": "a developer's"}[role]
