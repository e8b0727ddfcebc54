//! Predicted against measured noise: standard deviations within a factor of 2 at every level.
//!
//! There are thousands of slots, so a measured deviation is off by a few per cent at most: the bound
//! leaves room for the model's errors, not for chance.

use ckks::{Ciphertext, Context, EncodedMap, LinearMap, Noise, NoiseModel, Parameters, SecretKey};

struct Bench {
    context: Context,
    key: SecretKey,
    model: NoiseModel,
}

impl Bench {
    fn new(parameters: Parameters) -> Self {
        let context = Context::new(&parameters).unwrap();
        Self {
            key: SecretKey::generate(&context).unwrap(),
            model: NoiseModel::new(&context),
            context,
        }
    }

    fn check(&self, what: &str, ciphertext: &Ciphertext, message: &[f64], predicted: &Noise) {
        let (level, scale) = (ciphertext.level(), ciphertext.scale());
        let exact = self.context.encode_real(message, level, scale).unwrap();
        let measured = self.key.measure_noise(ciphertext, &exact).unwrap();
        let predicted = predicted.slot_deviation(scale);
        let ratio = measured / predicted;
        println!(
            "{what}, level {level}: measured {measured:.3e}, predicted {predicted:.3e}, ratio {ratio:.3}"
        );
        assert!(
            (0.5..2.0).contains(&ratio),
            "{what} at level {level}: ratio {ratio}"
        );
    }
}

#[test]
fn noise_is_as_predicted_at_every_level() {
    for parameters in [Parameters::fast().unwrap(), Parameters::accurate().unwrap()] {
        let bench = Bench::new(parameters);
        let (context, key, model) = (&bench.context, &bench.key, &bench.model);
        let slots = context.slots();
        let x: Vec<f64> = (0..slots).map(|j| (j as f64 * 0.7).sin()).collect();
        let w: Vec<f64> = (0..slots).map(|j| (j as f64 * 1.3).cos()).collect();
        let (scale, baby) = (context.scale(), 8);
        let mut map = LinearMap::new(slots, 4).unwrap();
        for row in 0..slots / 4 {
            for rotation in 0..40 {
                let weight = ((row * 7 + rotation * 3) as f64).sin();
                map.add(row, rotation, weight).unwrap();
            }
        }
        let keys = key
            .evaluation_keys()
            .relinearisation()
            .rotations([1])
            .rotations(map.rotations(baby))
            .build()
            .unwrap();
        let public = key.public_key().unwrap();

        for level in (0..=context.max_level()).rev() {
            let plain = context.encode_real(&x, level, scale).unwrap();
            // The encoding is common to the ciphertext and the exact message it is compared with.
            let fresh = key.encrypt(&plain).unwrap();
            let noise = model.secret_encryption();
            bench.check("secret-key encryption", &fresh, &x, &noise);
            let open = public.encrypt(&plain).unwrap();
            bench.check(
                "public-key encryption",
                &open,
                &x,
                &model.public_encryption(),
            );
            let turned: Vec<f64> = (0..slots).map(|j| x[(j + 1) % slots]).collect();
            let predicted = model.key_switch(&noise, level);
            let y = fresh.rotate(1, &keys).unwrap();
            bench.check("rotation", &y, &turned, &predicted);
            if level == 0 {
                continue;
            }
            let prime = context.prime(level).unwrap();
            let noise = model.add(&model.public_encryption(), &model.encoding());
            let weights = context.encode_real(&w, level, prime).unwrap();
            let product: Vec<f64> = x.iter().zip(&w).map(|(x, w)| x * w).collect();
            let predicted = model.mul_plain(&noise, (&x, scale), (&w, prime));
            let y = open.mul_plain(&weights).unwrap();
            bench.check("product with a plaintext", &y, &product, &predicted);
            let predicted = model.rescale(&predicted, level).unwrap();
            bench.check("its rescaling", &y.rescale().unwrap(), &product, &predicted);

            let other = context.encode_real(&w, level, scale).unwrap();
            let other = public.encrypt(&other).unwrap();
            let predicted = model.mul((&noise, &x, scale), (&noise, &w, scale));
            let predicted = model.key_switch(&predicted, level);
            let y = open.mul(&other).unwrap().relinearise(&keys).unwrap();
            bench.check("product of ciphertexts", &y, &product, &predicted);
            let predicted = model.rescale(&predicted, level).unwrap();
            bench.check("its rescaling", &y.rescale().unwrap(), &product, &predicted);

            let encoded = EncodedMap::encode(context, &map, baby, level, prime).unwrap();
            let y = encoded.apply(&fresh, &keys).unwrap().rescale().unwrap();
            let noise = model.add(&model.secret_encryption(), &model.encoding());
            let predicted = model.linear_map(&noise, (&x, scale), (&map, prime, baby), level);
            let predicted = model.rescale(&predicted, level).unwrap();
            let image = map.apply_plain(&x).unwrap();
            bench.check("linear map, rescaled", &y, &image, &predicted);
        }
    }
}

#[test]
fn noise_is_as_predicted_down_a_chain_of_squares() {
    for parameters in [Parameters::fast().unwrap(), Parameters::accurate().unwrap()] {
        let bench = Bench::new(parameters);
        let (context, key, model) = (&bench.context, &bench.key, &bench.model);
        let keys = key.evaluation_keys().relinearisation().build().unwrap();
        let top = context.max_level();
        let mut message: Vec<f64> = (0..context.slots())
            .map(|j| (j as f64 * 0.7).sin())
            .collect();
        let plain = context.encode_real(&message, top, context.scale()).unwrap();
        let mut y = key.public_key().unwrap().encrypt(&plain).unwrap();
        let mut noise = model.add(&model.public_encryption(), &model.encoding());
        for level in (1..=top).rev() {
            noise = model.square(&noise, &message, y.scale());
            noise = model.key_switch(&noise, level);
            noise = model.rescale(&noise, level).unwrap();
            y = y.square().unwrap();
            y = y.relinearise(&keys).unwrap().rescale().unwrap();
            message.iter_mut().for_each(|x| *x *= *x);
            bench.check("chain of squares", &y, &message, &noise);
        }
    }
}
