PY ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: install demo chat test check axe bench docs fix clean

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

# axe-core checks accessibility in the browser tests; without npm that one test is skipped.
axe:
	command -v npm >/dev/null && npm ci --prefix tests/ui --ignore-scripts --no-audit --no-fund --silent || true

test: check axe
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
