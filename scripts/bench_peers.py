#!/usr/bin/env python3
"""Times the same protected heads in other libraries and in Rhea, one after the other on one thread.

The setting is reverse homomorphic encryption: the head's weights are encrypted, the features are
in the clear. The peers, in the order of how much they tell about the scheme:

* SEAL with the packing that version 1 of Rhea had (five BFV ciphertexts of N = 2048 hold 10 x 1024
  weights, one plaintext polynomial multiplies them, no rotation): the factor that counts, for it is
  the same idea under another library. SEAL's own arithmetic is timed, from Python: one transform of
  the features and five products, without building the plaintext.
* TenSEAL, one CKKS vector a class (or hidden unit) and its inner product with the features.
* python-paillier, whose example of 2017 classifies with an encrypted logistic regression: the first
  reversed homomorphic encryption in public that we know of. One ciphertext a weight.

Times are the shortest of several runs, in milliseconds for one image. A peer whose package is not
installed is left out, and a line says so.

    python3 -m venv venv && venv/bin/pip install tenseal numpy phe
    venv/bin/python scripts/bench_peers.py [--json]

Rhea's numbers come from `harness bench rhe --json`, run by this script right before the peers, on
as many threads: so the factors are those of one run on one machine. The command is the built
`target/debug/harness` (the plain `cargo build` is optimised; `--harness FILE` names another), or
`cargo run -p harness` where nothing is built. `--rhea FILE` reads that output from a file instead and
`--rhea none` leaves Rhea out; neither gives factors of one run, and the output says so.
"""

import argparse
import importlib
import json
import os
import pathlib
import subprocess
import sys
import time

# TenSEAL runs on every core unless told otherwise.
THREADS = 1
# SEAL first: it has the same packing.
PEERS = ["seal", "tenseal", "paillier"]
HEADS = ["linear 10x1024", "square 2048-4-1", "square 1024-8-1"]


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
    """One CKKS vector a class in TenSEAL."""
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
        "tenseal_ms": shortest(rounds, classify),
        "tenseal_head_bytes": sum(len(v.serialize()) for v in rows + shifts + outer),
        "tenseal_error": abs(classify().decrypt()[0] - exact),
    }


def seal_packed(numpy, rounds, classes=10, features=1024):
    """The same packing in SEAL: classes side by side in the coefficients, no rotation."""
    from tenseal import sealapi as seal

    degree, plain_bits = 2048, 30
    side = degree // features
    setting = seal.EncryptionParameters(seal.SCHEME_TYPE.BFV)
    setting.set_poly_modulus_degree(degree)
    setting.set_coeff_modulus(seal.CoeffModulus.BFVDefault(degree, seal.SEC_LEVEL_TYPE.TC128))
    setting.set_plain_modulus(1 << plain_bits)
    ring = seal.SEALContext(setting, True, seal.SEC_LEVEL_TYPE.TC128)
    secret = seal.KeyGenerator(ring).secret_key()
    encryptor = seal.Encryptor(ring, secret)
    decryptor = seal.Decryptor(ring, secret)
    evaluator = seal.Evaluator(ring)
    rng = numpy.random.default_rng(2505)
    weights = rng.integers(-2047, 2048, (classes, features))
    image = numpy.maximum(rng.integers(-255, 256, features), 0)

    def plaintext(coefficients):
        """A polynomial from integers, the lowest power first."""
        terms = [
            f"{int(c) % (1 << plain_bits):X}x^{power}" if power else f"{int(c) % (1 << plain_bits):X}"
            for power, c in reversed(list(enumerate(coefficients)))
            if c
        ]
        return seal.Plaintext(" + ".join(terms) or "0")

    rows = []
    for first in range(0, classes, side):
        row = seal.Ciphertext()
        encryptor.encrypt_symmetric(plaintext(weights[first : first + side].ravel()), row)
        evaluator.transform_to_ntt_inplace(row)
        rows.append(row)
    # x(X^-1): coefficient t * features of a product is class t's inner product.
    mirrored = numpy.zeros(degree, dtype=numpy.int64)
    mirrored[0] = image[0]
    mirrored[degree - features + 1 :] = -image[:0:-1]
    plain = plaintext(mirrored)

    def classify():
        values = seal.Plaintext()
        evaluator.transform_to_ntt(plain, ring.first_parms_id(), values)
        products = []
        for row in rows:
            product = seal.Ciphertext()
            evaluator.multiply_plain(row, values, product)
            products.append(product)
        return products

    found = []
    for product in classify():
        evaluator.transform_from_ntt_inplace(product)
        opened = seal.Plaintext()
        decryptor.decrypt(product, opened)
        for slot in range(side):
            value = opened.data(slot * features) if slot * features < opened.coeff_count() else 0
            found.append(value - (1 << plain_bits) if value >> (plain_bits - 1) else value)
    exact = (weights @ image).tolist()
    return {
        "seal_ms": shortest(20 * rounds, classify),
        "seal_head_bytes": len(rows) * 2 * degree * 8,
        "seal_exact": found[:classes] == exact,
    }


def paillier(phe, numpy, rounds, classes=10, features=1024):
    """One class of the head under python-paillier, times the number of classes."""
    rng = numpy.random.default_rng(2505)
    weights = rng.integers(-2047, 2048, features).tolist()
    image = numpy.maximum(rng.integers(-255, 256, features), 0).tolist()
    public, private = phe.generate_paillier_keypair(n_length=2048)
    row = [public.encrypt(weight) for weight in weights]

    def classify():
        total = public.encrypt(0)
        for weight, x in zip(row, image):
            if x:
                total = total + weight * x
        return total

    exact = sum(weight * x for weight, x in zip(weights, image))
    return {
        "paillier_ms": classes * shortest(max(1, rounds // 5), classify),
        "paillier_head_bytes": classes * features * 2 * 2048 // 8,
        "paillier_exact": private.decrypt(classify()) == exact,
    }


def package(name, who):
    """A package, or nothing and a line that says who is left out."""
    try:
        return importlib.import_module(name)
    except ImportError as missing:
        hint = f"hint: pip install {name}"
        print(f"not timed: {who} ({missing})\n{hint}", file=sys.stderr)
        return None


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
            "rhea_head_bytes": lines["head_bytes"],
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
    ours = rhea(options.rhea, options.harness)
    rows = [{"head": head} for head in HEADS]
    versions = {}
    # Neither peer does without numpy.
    numpy = package("numpy", "all peers")
    tenseal = numpy and package("tenseal", "SEAL and TenSEAL")
    phe = numpy and package("phe", "Paillier")
    if tenseal:
        versions["tenseal"] = tenseal.__version__
        rows[0].update(seal_packed(numpy, options.rounds))
        rows[0].update(linear(tenseal, numpy, options.rounds))
        rows[1].update(square(tenseal, numpy, options.rounds, 2048, 4))
        rows[2].update(square(tenseal, numpy, options.rounds, 1024, 8))
    if phe:
        versions["phe"] = phe.__version__
        rows[0].update(paillier(phe, numpy, options.rounds))
    for peer in PEERS:
        if not rows[0].get(f"{peer}_exact", True):
            sys.exit(f"{peer}: its logits are not those of the head, its time is not comparable")
    for row in rows:
        row.update(ours.get(row["head"], {}))
        for peer in PEERS:
            if "rhea_ms" in row and f"{peer}_ms" in row:
                row[f"times_{peer}"] = row[f"{peer}_ms"] / row["rhea_ms"]
    if options.json:
        one_run = options.rhea is None
        print(json.dumps({**versions, "one_run": one_run, "heads": rows}, indent=2))
        return
    if options.rhea not in (None, "none"):
        print(f"rhea's numbers are those of {options.rhea}: the factors are not of one run")
    print(f"{'head':<18}{'system':<10}{'ms':>12}{'bytes':>12}{'times rhea':>12}")
    for row in rows:
        for system in [*PEERS, "rhea"]:
            if f"{system}_ms" not in row:
                continue
            ratio = row.get(f"times_{system}")
            print(
                f"{row['head']:<18}{system:<10}{row[f'{system}_ms']:>12.4f}"
                f"{row[f'{system}_head_bytes']:>12}"
                f"{'' if ratio is None else f'{ratio:.0f}':>12}"
            )


if __name__ == "__main__":
    main()
