//! Client and server exchange bytes; what comes back is what the plain network gives.

use ckks::Parameters;
use cryptotl::{
    Activation, Client, CryptoTlError, LowerNetwork, LowerShape, Packing, PreparedNetwork, Server,
    Setup,
};
use datasets::StreamKey;
use std::sync::Arc;

fn inputs(count: usize, width: usize) -> Vec<Vec<f32>> {
    (0..count)
        .map(|i| {
            let value = |j: usize| ((i * 131 + j * 17) as f32).sin();
            (0..width).map(value).collect()
        })
        .collect()
}

fn session(setup: &Setup, activation: &Activation) -> (Client, Server, LowerNetwork) {
    let key = StreamKey::from_seed(11);
    let network = LowerNetwork::random(setup.shape(), activation.clone(), &key).unwrap();
    let (client, keys) = Client::new(setup).unwrap();
    let prepared = Arc::new(PreparedNetwork::new(setup, &network).unwrap());
    let server = Server::new(prepared, &keys).unwrap();
    (client, server, network)
}

fn shape(inputs: usize, hidden: usize, pool: usize, features: usize) -> LowerShape {
    LowerShape {
        inputs,
        kernel: 5,
        hidden,
        pool,
        features,
    }
}

#[test]
fn encrypted_features_are_the_plain_ones() {
    let deep = Parameters::new(14, &[50, 40, 40, 40, 40, 40], 50, 40).unwrap();
    let quintic = Activation::new(&[0.1, 0.5, 0.2, 0.0, -0.01, 0.003]).unwrap();
    let fast = || Parameters::fast().unwrap();
    for (shape, activation, parameters, packing, capacity) in [
        (
            shape(48, 48, 3, 46),
            Activation::cubic(),
            fast(),
            Packing::Latency,
            64,
        ),
        (
            shape(48, 48, 3, 46),
            Activation::cubic(),
            fast(),
            Packing::Throughput,
            128,
        ),
        // Widths that are no multiple of anything, more features than inputs.
        (
            shape(37, 20, 2, 61),
            Activation::square(),
            fast(),
            Packing::Latency,
            128,
        ),
        (
            shape(37, 20, 2, 61),
            Activation::square(),
            fast(),
            Packing::Throughput,
            128,
        ),
        (shape(100, 10, 5, 3), quintic, deep, Packing::Latency, 128),
    ] {
        let setup = Setup::new(shape, activation.degree(), parameters, packing).unwrap();
        assert_eq!(setup.capacity(), capacity, "{shape:?} {packing:?}");
        let (client, server, network) = session(&setup, &activation);
        // One input, half a ciphertext, and more than one ciphertext with a short last one.
        for count in [1, capacity / 2, capacity + 3] {
            let inputs = inputs(count, shape.inputs);
            let reply = server.forward(&client.encrypt(&inputs).unwrap()).unwrap();
            let features = client.decrypt(&reply).unwrap();
            assert_eq!(features.len(), count);
            for (input, features) in inputs.iter().zip(&features) {
                for (a, b) in network.forward(input).unwrap().iter().zip(features) {
                    assert!((a - b).abs() < 1e-4, "{shape:?} {packing:?}: {a} {b}");
                }
            }
        }
    }
}

#[test]
fn a_kept_key_still_decrypts() {
    let setup = Setup::new(
        shape(24, 24, 3, 22),
        3,
        Parameters::fast().unwrap(),
        Packing::Latency,
    )
    .unwrap();
    let (client, server, _) = session(&setup, &Activation::cubic());
    let reply = server
        .forward(&client.encrypt(&inputs(2, 24)).unwrap())
        .unwrap();
    let again = Client::with_key(&setup, &client.secret_key().to_bytes()).unwrap();
    assert_eq!(
        client.decrypt(&reply).unwrap(),
        again.decrypt(&reply).unwrap()
    );
}

#[test]
fn what_does_not_belong_is_refused() {
    let fast = || Parameters::fast().unwrap();
    let shape = shape(24, 24, 3, 22);
    let setup = Setup::new(shape, 3, fast(), Packing::Latency).unwrap();
    let other = Setup::new(shape, 3, fast(), Packing::Throughput).unwrap();
    let (client, server, network) = session(&setup, &Activation::cubic());
    let query = client.encrypt(&inputs(1, 24)).unwrap();
    let reply = server.forward(&query).unwrap();

    let message = |error: Option<CryptoTlError>| {
        assert!(
            matches!(error, Some(CryptoTlError::Message { .. })),
            "{error:?}"
        );
    };
    message(server.forward(&reply).err());
    message(server.forward(&query[..query.len() - 1]).err());
    message(server.forward(&[]).err());
    message(client.decrypt(&query).err());
    let mut more = query.clone();
    more[24..28].copy_from_slice(&4096u32.to_le_bytes());
    message(server.forward(&more).err());
    let mut none = query.clone();
    none[24..28].fill(0);
    message(server.forward(&none).err());
    let mut damaged = query.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    assert!(matches!(
        server.forward(&damaged),
        Err(CryptoTlError::Ckks(_))
    ));

    // Another setup, another client's keys, too few keys, another network.
    let (stranger, keys) = Client::new(&setup).unwrap();
    assert!(matches!(
        stranger.decrypt(&reply),
        Err(CryptoTlError::Ckks(_))
    ));
    let prepared = Arc::new(PreparedNetwork::new(&setup, &network).unwrap());
    let theirs = Server::new(prepared.clone(), &keys).unwrap();
    assert!(matches!(
        theirs.forward(&query),
        Err(CryptoTlError::Ckks(_))
    ));
    let (elsewhere, _) = Client::new(&other).unwrap();
    message(elsewhere.decrypt(&reply).err());
    let few = client.secret_key().evaluation_keys().relinearisation();
    message(Server::new(prepared, &few.build().unwrap().to_bytes()).err());
    let square = LowerNetwork::random(shape, Activation::square(), &StreamKey::from_seed(1));
    assert!(PreparedNetwork::new(&setup, &square.unwrap()).is_err());

    assert!(client.encrypt(&inputs(1, 23)).is_err());
    assert!(client.encrypt(&inputs(0, 24)).is_err());
    let wide = LowerShape {
        inputs: 9000,
        ..shape
    };
    assert!(Setup::new(wide, 3, fast(), Packing::Latency).is_err());
    assert!(Setup::new(shape, 4, fast(), Packing::Latency).is_err());
}

#[test]
fn keys_of_the_papers_network_stay_within_150_megabytes() {
    for (width, packing) in [
        (768, Packing::Latency),
        (768, Packing::Throughput),
        (384, Packing::Latency),
        (384, Packing::Throughput),
    ] {
        let shape = LowerShape::paper(width);
        let setup = Setup::new(shape, 3, Parameters::fast().unwrap(), packing).unwrap();
        let (_, keys) = Client::new(&setup).unwrap();
        let (count, bytes) = (setup.rotations().count(), keys.len());
        println!("{width} inputs, {packing:?}: {count} rotations, {bytes} bytes of keys sent");
        assert!(bytes <= 150_000_000);
    }
}
