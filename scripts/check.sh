#!/usr/bin/env bash
# Everything that must hold before a change lands: lint, format, types, import contracts, tests.
set -euo pipefail
cd "$(dirname "$0")/.."
python -m ruff check .
python -m ruff format --check .
python -m pyright
lint-imports
python -m pytest -n 2
