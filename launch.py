"""Train a model: `python launch.py --config=configs/excel_slm.py[:variant] [--workdir=runs/NAME] [--config.field=value ...]`. Run it again to resume."""

import os
import sys

from absl import app, flags, logging
from ml_collections import config_flags

from slm_jax.config import known_keys
from slm_jax.errors import UserError, front_door, nearest

CONFIG = config_flags.DEFINE_config_file("config", None, "A recipe of configs/, with an optional :variant.", lock_config=True)
WORKDIR = flags.DEFINE_string("workdir", None, "Where the run lives. Default: runs/ and the recipe's name.")
SHOW_EXAMPLES = flags.DEFINE_integer("show_examples", 0, "Print so many training examples, token by token with their loss mask, and train nothing.", lower_bound=0)


@front_door
def parse_flags(argv: list[str]) -> list[str]:
    """absl's parser, with one-line errors. `--config` comes first whatever the order it was typed in: absl needs the recipe before its overrides."""
    recipes = [arg for arg in argv[1:] if arg.startswith("--config=")]
    for arg in argv[1:]:
        key = arg.removeprefix("--").split("=")[0]
        if key.startswith("config.") and key not in known_keys():
            raise UserError(f"unknown config key {key}: {nearest(key, known_keys())}")
    if not recipes:
        raise UserError("no recipe: write --config=configs/excel_slm.py")
    path = recipes[-1].removeprefix("--config=").split(":")[0]
    if not os.path.isfile(path):
        raise UserError(f"--config={path}: there is no such file; recipes are in {os.path.join(os.path.dirname(os.path.abspath(__file__)), 'configs')}")
    try:
        sys.argv[:] = [argv[0], *recipes, *(arg for arg in argv[1:] if arg not in recipes)]  # ml_collections looks there for the overrides
        rest = flags.FLAGS(sys.argv)
    except (flags.Error, TypeError, ValueError) as error:
        raise UserError(str(error)) from error
    if len(rest) > 1:
        raise UserError(f"'{rest[1]}' is not a flag: fields are written --config.field=value")
    return rest


@front_door
def main(argv: list[str]) -> None:
    logging.set_verbosity(logging.WARNING)  # what a run says, it says itself
    if SHOW_EXAMPLES.value:
        from slm_jax.reporting.examples import print_examples

        print_examples(CONFIG.value, SHOW_EXAMPLES.value)
        return
    from slm_jax import train  # imports JAX: only once the flags are known to be right

    recipe, _, variant = config_flags.get_config_filename(flags.FLAGS["config"]).partition(":")
    name = os.path.splitext(os.path.basename(recipe))[0] + (f"_{variant}" if variant else "")
    workdir = WORKDIR.value or os.path.join("runs", name)
    command = " ".join(["python", *sys.argv])
    train.run(CONFIG.value, workdir, command=command)


if __name__ == "__main__":
    app.run(main, flags_parser=parse_flags)
