# the system's own Python where it is new enough: it gets its security updates, and distributions build it optimised
PYTHON ?= $(shell /usr/bin/python3 -c 'import sys, venv; print(sys.executable if sys.version_info >= (3, 11) else "python3")' 2>/dev/null || echo python3)
INSTALL = $(PYTHON) deploy/laptop/install.py
# two more than there are cores, because tests wait for browsers and processes; at most nine
WORKERS = $(shell n=$$(nproc); echo $$((n < 7 ? n + 2 : 9)))
CHECKED = tests/test_tidy.py $(wildcard tests/unit/test_migrations.py tests/unit/test_catalogues.py)

# Python keeps what it has compiled, in one folder, also where the environment forbids it to: a platform is a dozen
# processes, and compiling takes most of the time in which one starts
export PYTHONDONTWRITEBYTECODE =
export PYTHONPYCACHEPREFIX = $(CURDIR)/build/bytecode

# every pair of faults has to have been played within so long, on two cores
PAIRS_S = 3600

# how long `make fuzz` goes on
FUZZ_S = 600

# of a new connector: make new-connector KIND=hospital NAME=acme
KIND =
NAME =
INTO = .

.PHONY: up test test-all check bench faults fuzz new-connector
up:       ; @$(INSTALL) && exec .venv/bin/yinyi up
test:     ; @$(INSTALL) --tests && .venv/bin/pytest -n $(WORKERS) --reruns 1 -m "not slow"
test-all: ; @$(INSTALL) --tests && .venv/bin/pytest -n $(WORKERS) --reruns 1 && YINYI_HOSPITAL=soap .venv/bin/pytest -n $(WORKERS) --reruns 1 tests/journeys && YINYI_HOSPITAL=fhir .venv/bin/pytest -n $(WORKERS) --reruns 1 tests/journeys && timeout $(PAIRS_S) .venv/bin/yinyi faults --depth 2
check:    ; @$(INSTALL) --tests && .venv/bin/ruff check && .venv/bin/ruff format --check && .venv/bin/basedpyright && .venv/bin/lint-imports && .venv/bin/pytest $(CHECKED)
faults:   ; @$(INSTALL) && .venv/bin/yinyi faults --depth 2
fuzz:     ; @$(INSTALL) --tests && .venv/bin/python tests/fuzz/bank_line.py -max_total_time=$(FUZZ_S)
bench:    ; @$(INSTALL) --tests && .venv/bin/python -m bench
new-connector: ; @$(INSTALL) && exec .venv/bin/yinyi new-connector "$(KIND)" "$(NAME)" --into "$(INTO)"
