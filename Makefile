# One command a purpose. `make` alone lists them.

MODEL ?= all-MiniLM-L6-v2
DATA ?= datasets/locomo/sample.json

# How long `make fuzz` tries each target, and with which series of inputs.
SECONDS ?= 60
SEED ?= 1

# What `make torture` puts which store through.
STORE ?= sqlite
SERIES ?= 50
OPERATIONS ?= 20000
JOBS ?= 2

.PHONY: help run build weights check test fuzz torture sanitize supply openapi reference typescript docs wheel bench

help: ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: weights build ## import a conversation (DATA=file) and ask it three questions
	@scripts/run.sh "$(DATA)"

build: ## build the release binary
	@scripts/tools.sh
	cargo build --release --locked -p kithkin-cli

weights: ## fetch a model's weights (MODEL=name), checked by SHA-256, kept in the user's cache folder
	@scripts/tools.sh
	@python3 scripts/fetch_models.py $(MODEL)

check: ## formatting, lints, documentation
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --document-private-items --quiet

test: weights check ## everything that CI runs, with a small chat model beside the embedder
	@python3 scripts/fetch_models.py SmolLM2-135M-Instruct
	FUZZ_SECONDS=60 cargo test --workspace --locked
	python3 scripts/reference.py target/debug/kithkin --check
	@$(MAKE) --no-print-directory supply
	scripts/check_linking.sh target/debug/kithkin
	@$(MAKE) --no-print-directory docs
	KITHKIN=$(CURDIR)/target/debug/kithkin clients/run.sh
	python/test.sh

fuzz: ## hostile input for all that reads, SECONDS a target (60), of the series SEED (1)
	FUZZ_SECONDS=$(SECONDS) FUZZ_SEED=$(SEED) cargo test --workspace --locked --test fuzz -- --nocapture

torture: ## faults of every kind under a store, sqlite or postgres (STORE), in so many SERIES (50) of OPERATIONS (20000) each, from the series SEED (1) on, JOBS (2) at a time
	cargo build --release --locked -p kithkin-torture
	seq $(SEED) $$(($(SEED) + $(SERIES) - 1)) | xargs -P $(JOBS) -I {} target/release/kithkin-torture run $(STORE) --operations $(OPERATIONS) --seed {}

sanitize: weights ## the tests of all unsafe code under the compiler's address sanitizer
	RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address cargo test --locked --target x86_64-unknown-linux-gnu \
		--target-dir target/sanitize --no-fail-fast -p kithkin-engine -p kithkin-models -p kithkin-torture \
		--lib --test minilm --test slice

supply: ## check licences, sources and duplicates of the dependencies, with ADVISORIES=clone what is known of them; writes target/sbom.cdx.json
	@python3 scripts/supply.py $(if $(ADVISORIES),--advisories "$(ADVISORIES)")

openapi: ## write the description of the service's routes, docs/reference/openapi.json, and the types made of it
	UPDATE_OPENAPI=1 cargo test --workspace --locked --test service description
	scripts/python_reports.py

wheel: ## the Python package, for every Python from 3.11 on, in target/wheels
	python3 -m venv target/maturin
	target/maturin/bin/pip install --quiet --disable-pip-version-check maturin==1.16.0
	target/maturin/bin/maturin build --release --locked --manifest-path python/Cargo.toml --out target/wheels

reference: ## write the reference of the commands and methods, docs/reference/{cli,methods}.md
	cargo build --workspace --locked
	python3 scripts/reference.py target/debug/kithkin

docs: ## check all links, and build the documentation into target/docs-site
	python3 scripts/check_links.py
	@test -x target/mkdocs/bin/python || python3 -m venv target/mkdocs
	@target/mkdocs/bin/pip install --quiet --disable-pip-version-check --requirement docs/requirements.txt
	target/mkdocs/bin/mkdocs build --strict
	@echo "target/docs-site/index.html"

typescript: openapi ## generate, build and test the TypeScript client, clients/typescript
	cargo build --workspace --locked
	cd clients/typescript && npm ci --ignore-scripts --no-audit --no-fund && npm run --silent schema
	KITHKIN=$(CURDIR)/target/debug/kithkin clients/npm.sh typescript

bench: weights ## speed: criterion, then one end-to-end script
	cargo bench --workspace --locked
	cargo build --release --locked -p kithkin-cli
	python3 scripts/bench_end_to_end.py target/release/kithkin
