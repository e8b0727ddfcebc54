#!/usr/bin/env python3
"""Times the same protected heads in TenSEAL and in Rhea, one after the other on one thread.

The setting is reverse homomorphic encryption: the head's weights are encrypted, the features are
in the clear. TenSEAL encrypts one CKKS vector a class (or hidden unit) and takes its inner product
with the features. Times are the shortest of several runs, in milliseconds for one image.

    python3 -m venv venv && venv/bin/pip install tenseal numpy
    venv/bin/python scripts/bench_peers.py [--json]

Rhea's numbers come from `harness bench rhe --json`, run right after: from the built command
`target/debug/harness` (the plain `cargo build` is optimised; `--harness FILE` names another), or by
`cargo run -p harness` where nothing is built. `--rhea FILE` reads that output from a file instead,
`--rhea none` leaves Rhea out.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

# TenSEAL runs on every core unless told otherwise.
THREADS = 1


def shortest(rounds, work):
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best * 1e3


def context(tenseal, degree, bits, scale_bits):
    made = tenseal.context(
        tenseal.SCHEME_TYPE.CKKS,
        poly_modulus_degree=degree,
        coeff_mod_bit_sizes=bits,
        n_threads=THREADS,
    )
    made.global_scale = 2**scale_bits
    made.generate_galois_keys()
    made.generate_relin_keys()
    return made


def linear(tenseal, numpy, rounds, classes=10, features=1024):
    rng = numpy.random.default_rng(2505)
    weights = rng.uniform(-0.1, 0.1, (classes, features))
    biases = rng.uniform(-0.1, 0.1, classes)
    image = numpy.maximum(rng.uniform(-3, 3, features), 0)
    ring = context(tenseal, 8192, [60, 40, 60], 40)
    rows = [tenseal.ckks_vector(ring, row.tolist()) for row in weights]
    shifts = [tenseal.ckks_vector(ring, [bias]) for bias in biases]
    plain = image.tolist()

    def classify():
        return [row.dot(plain) + shift for row, shift in zip(rows, shifts)]

    logits = numpy.array([logit.decrypt()[0] for logit in classify()])
    error = float(numpy.abs(logits - (weights @ image + biases)).max())
    head_bytes = sum(len(row.serialize()) for row in rows + shifts)
    return {
        "head": f"linear {classes}x{features}",
        "tenseal_ms": shortest(rounds, classify),
        "tenseal_head_bytes": head_bytes,
        "tenseal_error": error,
    }


def square(tenseal, numpy, rounds, features, hidden):
    rng = numpy.random.default_rng(2505)
    first = rng.uniform(-1, 1, (hidden, features)) / features**0.5
    biases = rng.uniform(-0.1, 0.1, hidden)
    second = rng.uniform(-1, 1, hidden)
    image = numpy.maximum(rng.uniform(-3, 3, features), 0)
    ring = context(tenseal, 8192, [50, 36, 36, 36, 50], 36)
    rows = [tenseal.ckks_vector(ring, row.tolist()) for row in first]
    shifts = [tenseal.ckks_vector(ring, [bias]) for bias in biases]
    outer = [tenseal.ckks_vector(ring, [weight]) for weight in second]
    plain = image.tolist()

    def classify():
        total = None
        for row, shift, weight in zip(rows, shifts, outer):
            unit = row.dot(plain) + shift
            term = unit.square() * weight
            total = term if total is None else total + term
        return total

    exact = float(second @ (first @ image + biases) ** 2)
    return {
        "head": f"square {features}-{hidden}-1",
        "tenseal_ms": shortest(rounds, classify),
        "tenseal_head_bytes": sum(len(v.serialize()) for v in rows + shifts + outer),
        "tenseal_error": abs(classify().decrypt()[0] - exact),
    }


def rhea(source, harness):
    """Rhea's own costs, by head, or nothing."""
    if source == "none":
        return {}
    if source is None:
        root = pathlib.Path(__file__).resolve().parent.parent
        binary = pathlib.Path(harness) if harness else root / "target" / "debug" / "harness"
        if harness or binary.exists():
            command = [str(binary.resolve())]
        else:
            command = ["cargo", "run", "--quiet", "-p", "harness", "--"]
        command += ["bench", "rhe", "--json"]
        environment = {**os.environ, "RAYON_NUM_THREADS": str(THREADS)}
        try:
            run = subprocess.run(
                command, cwd=root, env=environment, capture_output=True, text=True, check=False
            )
        except OSError as missing:
            sys.exit(f"cannot time rhea: {missing}\nhint: name the built command with --harness")
        if run.returncode != 0:
            sys.exit(f"cannot time rhea: {' '.join(command)} failed:\n{run.stderr}")
        text = run.stdout
    else:
        text = pathlib.Path(source).read_text()
    costs = json.loads(text)["rhe"]
    lines = costs["linear"]
    found = {
        f"linear {lines['classes']}x{lines['features']}": {
            "rhea_ms": lines["single_us"] / 1e3,
            "rhea_head_bytes": lines["full_bytes"],
        }
    }
    for item in costs["square"]:
        found[f"square {item['features']}-{item['hidden']}-1"] = {
            "rhea_ms": item["one_thread_ms"],
            "rhea_head_bytes": item["head_bytes"],
        }
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--rounds", type=int, default=10, help="runs, of which the shortest counts")
    parser.add_argument("--harness", metavar="FILE", help="the built command")
    parser.add_argument(
        "--rhea", metavar="FILE", help="output of an earlier `harness bench rhe --json`, or `none`"
    )
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", str(THREADS))
    try:
        import numpy
        import tenseal
    except ImportError as missing:
        sys.exit(f"cannot time tenseal: {missing}\nhint: pip install tenseal numpy")
    rows = [
        linear(tenseal, numpy, options.rounds),
        square(tenseal, numpy, options.rounds, 2048, 4),
        square(tenseal, numpy, options.rounds, 1024, 8),
    ]
    ours = rhea(options.rhea, options.harness)
    for row in rows:
        row.update(ours.get(row["head"], {}))
        if "rhea_ms" in row:
            row["times_faster"] = row["tenseal_ms"] / row["rhea_ms"]
    if options.json:
        print(json.dumps({"tenseal": tenseal.__version__, "heads": rows}, indent=2))
        return
    print(f"{'head':<18}{'tenseal ms':>12}{'bytes':>12}{'rhea ms':>12}{'bytes':>12}{'ratio':>9}")
    for row in rows:
        print(
            f"{row['head']:<18}{row['tenseal_ms']:>12.2f}{row['tenseal_head_bytes']:>12}"
            f"{row.get('rhea_ms', float('nan')):>12.4f}{row.get('rhea_head_bytes', 0):>12}"
            f"{row.get('times_faster', float('nan')):>9.0f}"
        )


if __name__ == "__main__":
    main()
