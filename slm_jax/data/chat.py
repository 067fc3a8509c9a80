"""Chat templates: a conversation to text, as Hugging Face's `apply_chat_template` writes it.

A template is a program in a published file, so it runs in Jinja's sandbox: no attribute that leads out of it, no changed argument, a limit on time and on size. The limits are
looked at wherever a loop goes round, something is called, or text is joined, and between the parts of the output. One single filter that makes a huge text
(`"x" | center(10 ** 9)`) passes them by.
"""

from __future__ import annotations

import datetime
import functools
import json
import re
import time
from collections.abc import Mapping, Sequence

from slm_jax.errors import UserError

ROLES = ("system", "user", "assistant", "tool", "developer")
_MOST_SECONDS = 5.0
_MOST_CHARACTERS = 4_000_000
_MARKER = "slm-answer-7f3a9c"  # stands for an answer while what follows it is looked for
_REFUSED = "the chat template refuses these messages"


def render_chat(template: str, messages: Sequence[Mapping], *, add_generation_prompt: bool = True, special_tokens: Mapping[str, str] | None = None) -> str:
    """The text of a conversation [{"role": ..., "content": ...}, ...] by a Jinja chat template; `special_tokens` are its variables (bos_token, eos_token, ...).

    Raises UserError for messages that are none, and for a template that is no Jinja, refuses the messages, leaves its sandbox, or does not come to an end.
    """
    messages = _checked(messages)
    compiled = _compiled(template)
    environment = compiled.environment
    environment.deadline = time.monotonic() + _MOST_SECONDS
    variables = dict(special_tokens or {}) | {"messages": messages, "tools": None, "documents": None, "add_generation_prompt": add_generation_prompt}
    parts, size = [], 0
    try:
        for part in compiled.generate(**variables):
            size += len(part)
            parts.append(part)
            environment.check(size)
    except Exception as error:  # a template's own mistakes come as whatever Python raises for them
        raise UserError(f"{_REFUSED}: {_one_line(error)}") from None
    return "".join(parts)


def choose_template(value: object) -> str | None:
    """The template in a tokenizer's `chat_template` entry: text, or several with names, of which "default" is meant. Raises UserError for anything else."""
    if value is None or isinstance(value, str):
        return value
    try:
        named = dict(value) if isinstance(value, Mapping) else {entry["name"]: entry["template"] for entry in value}
        chosen = named["default"] if "default" in named or len(named) != 1 else next(iter(named.values()))
    except (TypeError, KeyError):
        chosen = None
    if not isinstance(chosen, str):
        raise UserError('chat_template is neither a text nor a list of {"name", "template"} with one named "default": write one of the two')
    return chosen


def text_after_answer(template: str, *, special_tokens: Mapping[str, str] | None = None) -> str:
    """What the template writes after an assistant's answer; empty where it cannot be found out."""
    messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": _MARKER}]
    try:
        text = render_chat(template, messages, add_generation_prompt=False, special_tokens=special_tokens)
    except UserError:
        return ""
    return text.rpartition(_MARKER)[2] if _MARKER in text else ""


def _checked(messages: Sequence[Mapping]) -> list[dict]:
    wanted = 'write a list like [{"role": "user", "content": "..."}]'
    if isinstance(messages, str | Mapping) or not isinstance(messages, Sequence) or not messages:
        raise UserError(f"the messages of a chat are not a list, or an empty one: {wanted}")
    for number, message in enumerate(messages, 1):
        if not isinstance(message, Mapping) or not isinstance(message.get("role"), str) or not isinstance(message.get("content"), str):
            raise UserError(f'message {number} has not both a "role" and a "content" that are text: {wanted}')
        if message["role"] not in ROLES:
            raise UserError(f"message {number}: there is no role {message['role']!r}: write one of {', '.join(ROLES)}")
    return [dict(message) for message in messages]


@functools.lru_cache(maxsize=8)
def _compiled(template: str):
    import jinja2

    try:
        environment = _environment()
        tree = environment.parse(template)
        for loop in tree.find_all(jinja2.nodes.For):  # so that `check` sees every round of every loop
            tick = jinja2.nodes.ExprStmt(_call_environment("check"), lineno=loop.lineno)
            loop.body.insert(0, tick.set_environment(environment))
        _limit_joins(tree, environment)
        return environment.from_string(tree)
    except (jinja2.TemplateError, RecursionError) as error:
        line = f", line {error.lineno}" if getattr(error, "lineno", None) else ""
        raise UserError(f"the chat template is not one that can be run ({_one_line(error)}{line}): mend it where the tokenizer comes from") from None


def _call_environment(name: str, *arguments):
    from jinja2 import nodes

    return nodes.Call(nodes.EnvironmentAttribute(name), list(arguments), [], None, None)


def _limit_joins(tree, environment) -> None:
    """`a ~ b` becomes a call that looks at the length; the sandbox intercepts `+` and `*` by itself."""
    from jinja2 import nodes

    for parent in [tree, *tree.find_all(nodes.Node)]:
        for field, value in parent.iter_fields():
            if isinstance(value, nodes.Concat):
                setattr(parent, field, _call_environment("joined", *value.nodes).set_environment(environment).set_lineno(value.lineno, override=True))
            elif isinstance(value, list):
                value[:] = [
                    _call_environment("joined", *item.nodes).set_environment(environment).set_lineno(item.lineno, override=True) if isinstance(item, nodes.Concat) else item
                    for item in value
                ]


def _environment():
    """Jinja as Hugging Face sets it up; with other settings many published templates come out with other blanks."""
    import jinja2
    from jinja2.ext import Extension
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Limited(ImmutableSandboxedEnvironment):
        intercepted_binops = frozenset(["+", "*", "**", "%"])
        deadline = 0.0

        def check(self, size: int = 0) -> str:
            if time.monotonic() > self.deadline:
                raise jinja2.exceptions.SecurityError(f"it runs for more than {_MOST_SECONDS:g} seconds")
            if size > _MOST_CHARACTERS:
                raise jinja2.exceptions.SecurityError(f"it makes more than {_MOST_CHARACTERS:,} characters")
            return ""

        def joined(self, *parts) -> str:
            text = "".join(map(str, parts))
            self.check(len(text))
            return text

        def call(self, context, obj, *args, **kwargs):
            self.check()
            return super().call(context, obj, *args, **kwargs)

        def call_binop(self, context, operator, left, right):
            if operator == "*":
                long, times = (left, right) if hasattr(left, "__len__") else (right, left)
                if hasattr(long, "__len__") and isinstance(times, int):
                    self.check(len(long) * times)
            elif operator == "**" and not (abs(left) <= 1000 and abs(right) <= 100):
                raise jinja2.exceptions.SecurityError("it raises to a power that is too large")
            elif operator == "%" and isinstance(left, str) and re.search(r"%[^a-zA-Z]*(\*|\d{4})", left):
                raise jinja2.exceptions.SecurityError("it formats to a width that is too large")
            value = super().call_binop(context, operator, left, right)
            self.check(len(value) if hasattr(value, "__len__") else 0)
            return value

    class Generation(Extension):
        """{% generation %} marks the assistant's words for training; the text is what stands in it."""

        tags = {"generation"}

        def parse(self, parser):
            line = next(parser.stream).lineno
            return jinja2.nodes.Scope(parser.parse_statements(("name:endgeneration",), drop_needle=True), lineno=line)

    class Namespace(jinja2.utils.Namespace):
        """Jinja's own, without names that begin with an underscore, by which Python's insides are reached."""

        def __setitem__(self, name, value) -> None:
            if str(name).startswith("_"):
                raise jinja2.exceptions.SecurityError(f"it sets {name!r} on a namespace, which is not allowed")
            super().__setitem__(name, value)

    def raise_exception(message: str):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False) -> str:  # Jinja's own writes HTML entities
        return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    environment = Limited(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, "jinja2.ext.loopcontrols"])
    environment.filters["tojson"] = tojson
    environment.globals |= {"raise_exception": raise_exception, "strftime_now": lambda form: datetime.datetime.now().strftime(form), "namespace": Namespace}
    return environment


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
