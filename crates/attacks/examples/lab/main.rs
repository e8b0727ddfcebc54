#![allow(warnings)]
mod load; mod span; mod attack; mod net;
#[path = "../../src/network/mod.rs"] mod network;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    match a[1].as_str() {
        "features" => {
            let b = backbones::Backbone::load(std::path::Path::new(&a[2])).unwrap();
            let m = load::mnist();
            let t = std::time::Instant::now();
            let f = b.features(&m).unwrap();
            println!("features {:.1}s", t.elapsed().as_secs_f64());
            std::fs::write(&a[3], bytemuck::cast_slice(f.values())).unwrap();
        }
        _ => attack::run(),
    }
}
