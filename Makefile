# Every target installs what it needs into .venv, once, and again only when pyproject.toml has changed.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
APP ?= flask

.PHONY: demo test lint bench
.NOTPARALLEL:

demo: .venv/demo.stamp
	.venv/bin/python examples/demo.py $(APP)

test: .venv/test.stamp
	.venv/bin/python -m pytest -q -n 2

lint: .venv/lint.stamp
	.venv/bin/ruff check . && .venv/bin/ruff format --check .
	.venv/bin/mypy && .venv/bin/basedpyright && .venv/bin/lint-imports --no-logo

bench: .venv/bench.stamp
	.venv/bin/python benchmarks/run.py
	.venv/bin/python benchmarks/dev_server.py
	.venv/bin/python benchmarks/virtual_time.py

.venv/%.stamp: pyproject.toml | .venv/pip.stamp
	.venv/bin/pip install -q --no-compile -e '.[all]' --group $*
	touch $@

.venv/pip.stamp:
	$(PYTHON) -m venv .venv
	.venv/bin/pip install -q --upgrade 'pip>=25.1' && touch $@
