# Every target does all of its own set-up.  A Debian with git, make and Python 3.11 is enough.
.PHONY: run test web pictures drill fuzz soak check fmt bench lock clean
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CHROMIUM := $(VENV)/.chromium

# The pages: npm's packages, the API's description and the client made of it, what the browser gets.
NPM := cd web && PATH="$(abspath $(BIN)):$$PATH" npm --no-audit --no-fund
PACKAGES := web/node_modules/.ready
CLIENT := web/src/api/schema.d.ts
PAGES := src/kt_flows/web/static/index.html

run: $(PAGES)
	$(BIN)/kt-flows run

test: $(PAGES) $(CHROMIUM)
	$(BIN)/pytest -n 2 --dist loadfile

check: $(READY) $(CLIENT)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/kt-flows check bpmn
	$(BIN)/python docs/generate.py --check
	$(NPM) run check

web: $(PAGES)

# A picture of every page in both themes, and on a phone, for somebody to look at; and those of the README.
pictures: $(PAGES) $(CHROMIUM)
	$(BIN)/python docs/pictures.py

# Ten minutes of faults, one after the other, on a site at work; as root a full disk is among them.
MINUTES := 10
drill: $(READY)
	cd tests && ../$(BIN)/python -m support.drill --minutes $(MINUTES)

# More than three thousand requests drawn from our own description.
fuzz: $(READY)
	FUZZ_CASES=100 $(BIN)/pytest -s tests/api/test_described.py

bench: $(PAGES) $(CHROMIUM)
	$(BIN)/python bench/engine.py
	$(BIN)/python bench/service.py
	$(BIN)/python bench/load.py
	$(BIN)/python bench/scale.py
	$(BIN)/python bench/browser.py

# Many clients for some minutes: statuses, times, memory.
soak: $(READY)
	$(BIN)/python bench/soak.py --clients 32 --minutes $(MINUTES)

fmt: $(PACKAGES)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(NPM) run fmt

# The locks are made by a maintainer with uv; everyone else only reads them.  What is locked stays unless it must go.
LOCK := uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header
lock:
	$(LOCK) --group dev -o requirements-dev.lock
	$(LOCK) -c requirements-dev.lock -o requirements.lock

$(READY): pyproject.toml requirements-dev.lock bootstrap
	./bootstrap $(VENV)
	touch $@

$(CHROMIUM): tests/browser/chromium $(READY)
	tests/browser/chromium
	touch $@

$(PACKAGES): web/package.json web/package-lock.json $(READY)
	$(NPM) ci --ignore-scripts
	touch $@

web/openapi.json: $(wildcard src/kt_flows/api/*.py) $(READY)
	$(BIN)/kt-flows openapi > $@

$(CLIENT): web/openapi.json $(PACKAGES)
	$(NPM) run types

$(PAGES): $(PACKAGES) web/index.html web/vite.config.ts $(shell find web/src web/public -type f -not -name schema.d.ts)
	$(NPM) run build

clean:
	rm -rf $(VENV) var web/node_modules $(dir $(PAGES))
