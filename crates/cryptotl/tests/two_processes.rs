//! Client and server in two processes: only files of bytes pass between them.

use ckks::Parameters;
use cryptotl::{
    Activation, Client, LowerNetwork, LowerShape, Packing, PreparedNetwork, Server, Setup,
};
use datasets::StreamKey;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Names the folder of messages to the process that is to be the server.
const FOLDER: &str = "CRYPTOTL_TEST_FOLDER";

const SHAPE: LowerShape = LowerShape {
    inputs: 48,
    kernel: 9,
    hidden: 48,
    pool: 3,
    features: 46,
};

/// What both parties know.
fn setup() -> Setup {
    let parameters = Parameters::fast().unwrap();
    Setup::new(SHAPE, 3, parameters, Packing::Latency).unwrap()
}

/// The server: does nothing unless a client has started it.
#[test]
fn the_server_process() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let weights = folder.join("weights.safetensors");
    let network = LowerNetwork::load(&weights, SHAPE, Activation::cubic()).unwrap();
    let prepared = Arc::new(PreparedNetwork::new(&setup(), &network).unwrap());
    let server = Server::new(prepared, &read("keys")).unwrap();
    let reply = server.forward(&read("query")).unwrap();
    std::fs::write(folder.join("reply"), reply).unwrap();
}

fn serve(folder: &Path) {
    let server = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["the_server_process", "--exact"])
        .env(FOLDER, folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&server.stdout);
    assert!(
        server.status.success() && said.contains("1 passed"),
        "{said}"
    );
}

#[test]
fn a_reply_from_another_process_decrypts_to_the_plain_features() {
    let folder = std::env::temp_dir().join(format!("cryptotl-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let key = StreamKey::from_seed(44);
    let network = LowerNetwork::random(SHAPE, Activation::cubic(), &key).unwrap();
    network.save(&folder.join("weights.safetensors")).unwrap();

    let setup = setup();
    let (client, keys) = Client::new(&setup).unwrap();
    let inputs: Vec<Vec<f32>> = (0..3)
        .map(|i| (0..48).map(|j| ((i * 48 + j) as f32).sin()).collect())
        .collect();
    std::fs::write(folder.join("keys"), &keys).unwrap();
    let query = client.encrypt(&inputs).unwrap();
    std::fs::write(folder.join("query"), query).unwrap();
    serve(&folder);
    let reply = std::fs::read(folder.join("reply")).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();

    let features = client.decrypt(&reply).unwrap();
    for (input, features) in inputs.iter().zip(&features) {
        for (a, b) in network.forward(input).unwrap().iter().zip(features) {
            assert!((a - b).abs() < 1e-4, "{a} {b}");
        }
    }
    // Keys hold nothing of the secret one: another client's do not open the reply.
    let (stranger, _) = Client::new(&setup).unwrap();
    assert!(stranger.decrypt(&reply).is_err());
}
