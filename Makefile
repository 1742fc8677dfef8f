# Every target does all of its own set-up.  A Debian with git, make and Python 3.11 is enough.
.PHONY: run test drill fuzz soak check fmt bench lock clean
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

run: $(READY)
	$(BIN)/kt-flows run

test: $(READY)
	$(BIN)/pytest -n 2 --dist loadfile

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/kt-flows check bpmn
	$(BIN)/python docs/generate.py --check

# Ten minutes of faults, one after the other, on a site at work; as root a full disk is among them.
MINUTES := 10
drill: $(READY)
	cd tests && ../$(BIN)/python -m support.drill --minutes $(MINUTES)

# More than three thousand requests drawn from our own description.
fuzz: $(READY)
	FUZZ_CASES=100 $(BIN)/pytest -s tests/api/test_described.py

bench: $(READY)
	$(BIN)/python bench/engine.py
	$(BIN)/python bench/service.py
	$(BIN)/python bench/load.py
	$(BIN)/python bench/scale.py

# Many clients for some minutes: statuses, times, memory.
soak: $(READY)
	$(BIN)/python bench/soak.py --clients 32 --minutes $(MINUTES)

fmt: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The lock is made by a maintainer with uv; everyone else only reads it.
lock:
	uv export --quiet --all-groups --no-emit-project --no-annotate --no-header -o requirements.lock

$(READY): pyproject.toml requirements.lock
	./bootstrap $(VENV)
	touch $@

clean:
	rm -rf $(VENV) var
