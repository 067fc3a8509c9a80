"""Prove a claim on this machine: `python -m slm_jax.doctor --prove=parity --checkpoint=SRC [--tolerance=2e-4]`.

parity: the model gives here the logits and the greedy answers that it gives in Hugging Face's transformers (needs torch and transformers).
The last line on stdout is one JSON object. Exit codes: 0 proven, 1 not so, 2 it cannot be tried.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from slm_jax.cli import OneLineParser
from slm_jax.diagnostics.parity import TOLERANCE, prove_parity
from slm_jax.errors import UserError, front_door, nearest

PROOFS = ("parity",)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = OneLineParser(prog="python -m slm_jax.doctor", description="Prove a claim on this machine.")
    parser.add_argument("--prove", required=True, metavar="CLAIM", help="parity: the same logits and greedy answers as in transformers")
    parser.add_argument("--checkpoint", required=True, help="a Hugging Face directory or hub name, a .gguf file, package:NAME, a run, one checkpoint")
    parser.add_argument("--tolerance", type=float, default=TOLERANCE, help="largest difference of a logit that passes; grows with logits above 40 (default: %(default)s)")
    parser.add_argument("--tokens", type=int, default=64, help="length of the random prompts (default: %(default)s)")
    parser.add_argument("--greedy_tokens", type=int, default=20, help="length of the greedy answers (default: %(default)s)")
    arguments = parser.parse_args(argv)
    if arguments.prove not in PROOFS:
        raise UserError(f"--prove={arguments.prove} is unknown: {nearest(arguments.prove, PROOFS)}")
    return arguments


@front_door
def main(argv: Sequence[str] | None = None) -> None:
    arguments = _arguments(argv)
    report = prove_parity(arguments.checkpoint, tokens=arguments.tokens, greedy_tokens=arguments.greedy_tokens, tolerance=arguments.tolerance)
    print("\n".join(report.lines()))
    print(json.dumps(report.as_dict()))
    if not report.passed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
