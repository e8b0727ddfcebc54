# The daily commands; `just` lists them.

_list:
    @just --list

# Run experiments (default: the quickstart).
run *configs="configs/quickstart.yaml":
    cargo run -p harness -- {{configs}}

# Pass the tests.
test *args:
    cargo test --workspace {{args}}

# The tests that need real data: RHEA_DATA names its folder, RHEA_CASES that of small failing files.
test-data:
    cargo test --workspace --test onnx --test real_images --test spam --test specs --test texts --test transfer --test cases -- --ignored --skip ladder --skip users_onnxruntime

# Formatting, lints and documentation, as CI has them.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# Licences, sources and versions of the dependencies (needs cargo-deny).
deny:
    cargo deny check bans licenses sources

# Write the config's JSON schema and the references anew, after an option or a column has changed.
schema:
    cargo run -p harness -- schema > configs/schema.json
    cargo run -p harness -- schema --markdown > docs/config.md
    cargo run -p harness -- schema --columns > docs/columns.md

# Accept the snapshots that changed, after reading them.
snapshots:
    INSTA_UPDATE=always cargo test --workspace
    git diff --stat -- '*.snap'

# Everything that CI does.
ci:
    bash .ci/run

# Build the Python package into the environment that is active, and pass its tests (needs maturin).
python:
    cargo build -p harness
    cd python && maturin develop && pytest
