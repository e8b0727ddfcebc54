//! `scripts/fetch-data.sh` against a server on this machine.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

/// The published sum that the script knows of MNIST's training images.
const PUBLISHED: &str = "f68b3c2dcbeaaa9fbdd348bbdeb94873";
const IMAGES: &str = "mnist/train-images-idx3-ubyte.gz";

/// Serves files by path, parts of them where asked, and keeps what was asked for: path, first byte.
struct Server {
    address: String,
    asked: Arc<Mutex<Vec<(String, usize)>>>,
}

impl Server {
    fn start(files: HashMap<String, Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                answer(stream.unwrap(), &files, &log);
            }
        });
        Self { address, asked }
    }
}

fn answer(
    mut stream: TcpStream,
    files: &HashMap<String, Vec<u8>>,
    log: &Mutex<Vec<(String, usize)>>,
) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    let path = first.split(' ').nth(1).unwrap()[1..].to_owned();
    let mut from = 0;
    for line in lines
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
    {
        if let Some(range) = line.to_ascii_lowercase().strip_prefix("range: bytes=") {
            from = range.trim_end_matches('-').parse().unwrap();
        }
    }
    log.lock().unwrap().push((path.clone(), from));
    let (status, body) = match files.get(&path) {
        Some(file) if from < file.len() && from > 0 => ("206 Partial Content", &file[from..]),
        Some(file) if from == 0 => ("200 OK", &file[..]),
        Some(_) => ("416 Range Not Satisfiable", &[][..]),
        None => ("404 Not Found", &[][..]),
    };
    let size = files.get(&path).map_or(0, Vec::len);
    let range = format!("Content-Range: bytes {from}-{}/{size}\r\n", size.max(1) - 1);
    let range = if from > 0 { range } else { String::new() };
    let head = format!(
        "HTTP/1.1 {status}\r\n{range}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body);
}

/// The script with the sum of `content` in place of the published one, run on one dataset.
fn fetch(folder: &Path, content: &[u8], server: &Server, name: &str) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/fetch-data.sh");
    let script = std::fs::read_to_string(script).unwrap();
    assert!(script.contains(PUBLISHED));
    let sum = format!("{:x}", md5::compute(content));
    let own = folder.join("fetch.sh");
    std::fs::write(&own, script.replace(PUBLISHED, &sum)).unwrap();
    Command::new("bash")
        .arg(own)
        .args(["--data", "data", "--mirror", &server.address, name])
        .current_dir(folder)
        .output()
        .unwrap()
}

#[test]
#[ignore = "needs curl"]
fn files_are_continued_checked_and_kept() {
    let content: Vec<u8> = (0..200_000_u32).map(|i| (i * 31 % 251) as u8).collect();
    let server = Server::start(HashMap::from([
        (IMAGES.into(), content.clone()),
        (
            "notmnist/train-images-idx3-ubyte.gz".into(),
            b"letters".to_vec(),
        ),
    ]));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data").join(IMAGES);
    let part = file.with_extension("gz.part");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let images = |asked: &[(String, usize)]| -> Vec<usize> {
        let own = asked.iter().filter(|(path, _)| path == IMAGES);
        own.map(|(_, from)| *from).collect()
    };
    let asked = || std::mem::take(&mut *server.asked.lock().unwrap());

    // Cut off in the middle: the rest alone is asked for. The other files are not there: said, exit 1.
    std::fs::write(&part, &content[..70_000]).unwrap();
    let output = fetch(folder.path(), &content, &server, "mnist");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(std::fs::read(&file).unwrap(), content);
    let first = asked();
    assert_eq!(images(&first), [70_000]);
    assert!(first.iter().all(|(path, _)| path.starts_with("mnist/")));

    // What is there is kept.
    fetch(folder.path(), &content, &server, "mnist");
    assert_eq!(images(&asked()), []);

    // The beginning of another file: continued, found wrong, fetched whole.
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&part, vec![7; 1000]).unwrap();
    fetch(folder.path(), &content, &server, "mnist");
    assert_eq!(std::fs::read(&file).unwrap(), content);
    assert_eq!(images(&asked()), [1000, 0]);

    // A file with another sum is refused, and does not stand in the way of the next try.
    std::fs::remove_file(&file).unwrap();
    let output = fetch(folder.path(), b"something else", &server, "mnist");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("another MD5 sum"), "{said}");
    assert!(!file.exists() && !part.exists());
    asked();

    // Without a published sum nothing tells whether parts belong together: from the start.
    let letters = folder
        .path()
        .join("data/notmnist/train-images-idx3-ubyte.gz");
    std::fs::create_dir_all(letters.parent().unwrap()).unwrap();
    std::fs::write(letters.with_extension("gz.part"), b"let").unwrap();
    fetch(folder.path(), &content, &server, "notmnist");
    assert_eq!(std::fs::read(&letters).unwrap(), b"letters");
    assert_eq!(asked()[0].1, 0);
}
