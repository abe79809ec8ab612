PY ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: install demo chat test check bench docs fix clean

install: $(STAMP)

$(STAMP): pyproject.toml
	$(PY) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[all,dev]'
	touch $(STAMP)

demo: install
	$(BIN)/kgqa build kb/medical
	$(BIN)/kgqa ask "Which drugs are contraindicated in asthma?" --kb medical

chat: demo
	$(BIN)/kgqa chat --kb medical

check: install
	$(BIN)/ruff check kgqa ui tests benchmarks
	$(BIN)/ruff format --check kgqa ui tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check
	$(BIN)/pytest -n 2

bench: install
	$(BIN)/python -m benchmarks.run

docs: install
	$(BIN)/kgqa build kb/medical
	$(BIN)/python -m docs.screenshots kb/medical "Which drugs are contraindicated in asthma?" "哪些药物禁用于哮喘？"

fix: install
	$(BIN)/ruff check --fix kgqa ui tests benchmarks
	$(BIN)/ruff format kgqa ui tests benchmarks

clean:
	rm -rf .venv indexes/*/
