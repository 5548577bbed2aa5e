# Two commands do everything on a fresh machine: make demo, make test.
PYTHON ?= python3
BIN := .venv/bin
# Debian packages: the broker with its clients, the second barcode reader, a browser for the tests, fonts with
# Chinese for labels, and an RTSP camera for the tests.
PACKAGES := mosquitto mosquitto-clients libzbar0 chromium fonts-dejavu-core fonts-noto-cjk \
  python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good
READY := .venv/ready

.PHONY: demo run test check bench soak lock clean system

demo: $(READY)
	$(BIN)/store-edge demo

run: $(READY)
	$(BIN)/store-edge run

test: $(READY)
	$(BIN)/pytest --numprocesses=2 --dist=worksteal

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)
	$(BIN)/python -m benchmarks

soak: $(READY)
	$(BIN)/pytest --numprocesses=2 -m hypothesis --hypothesis-profile=explore --timeout=0
	$(BIN)/python -m benchmarks.day
	$(BIN)/python -m benchmarks.prices
	$(BIN)/python -m benchmarks.fleet
	$(BIN)/python -m benchmarks.cameras --frames 100000
	$(BIN)/python -m benchmarks.soak

$(READY): requirements/dev.txt pyproject.toml | system
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $(READY)

system:
	@missing=""; for package in $(PACKAGES); do \
	  dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; \
	done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ]; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; \
	else \
	  echo "missing Debian packages; run: sudo apt-get install --no-install-recommends$$missing"; exit 1; \
	fi

# uv writes the lock files; it is not needed for anything else.
lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q -o requirements/run.txt
	uv pip compile pyproject.toml requirements/dev.in -c requirements/run.txt --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q -o requirements/dev.txt

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
