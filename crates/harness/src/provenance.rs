//! Where results come from: what varies between runs and so stays out of `results.csv`.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

/// Contents of `provenance.json`.
#[derive(Clone, Debug, Serialize)]
pub struct Provenance {
    /// Version of the command.
    pub version: &'static str,
    /// Commit that it was built from; empty outside a checkout.
    pub commit: &'static str,
    /// Seconds since 1970 when the run ended.
    pub finished_unix: u64,
    /// Seconds that this run took; a resumed run counts its own share only.
    pub seconds: f64,
    /// Threads used.
    pub threads: usize,
    /// Processor.
    pub cpu: String,
    /// Instruction sets of the processors that measured the cells, or made what they are measured from.
    /// Results are the same byte for byte within one of them.
    pub instructions: Vec<String>,
    /// The card that trained this run's networks, by its own name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
    /// Operating system and architecture.
    pub platform: String,
    /// Peak resident memory of the process in bytes, where the system tells.
    pub peak_memory: Option<u64>,
    /// Arguments of the command.
    pub arguments: Vec<String>,
    /// Cells measured in this run, taken from the cache, and failed.
    pub cells: Counts,
}

/// Cells by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Measured in this run.
    pub measured: usize,
    /// Taken from the cache.
    pub cached: usize,
    /// Failed.
    pub failed: usize,
}

/// The commit that the command was built from; empty outside a checkout.
pub const COMMIT: &str = env!("RHEA_COMMIT");

impl Provenance {
    /// Describes this process.
    pub fn new(seconds: f64, cells: Counts, instructions: Vec<String>) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            commit: COMMIT,
            finished_unix: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |elapsed| elapsed.as_secs()),
            seconds,
            threads: rayon::current_num_threads(),
            cpu: cpu().unwrap_or_else(|| "unknown".into()),
            instructions,
            card: backbones::card().map(|card| card.name.clone()),
            platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            peak_memory: peak_memory(),
            arguments: std::env::args().collect(),
            cells,
        }
    }
}

impl Provenance {
    /// The same as name and value, for a page.
    pub fn lines(&self) -> Vec<(String, String)> {
        let mut lines = vec![
            ("version", self.version.to_string()),
            ("commit", self.commit.to_string()),
            ("processor", self.cpu.clone()),
            ("instruction sets", self.instructions.join(", ")),
            ("platform", self.platform.clone()),
            ("threads", self.threads.to_string()),
            ("seconds", format!("{:.0}", self.seconds)),
            ("cells measured", self.cells.measured.to_string()),
            ("cells from the cache", self.cells.cached.to_string()),
            ("cells failed", self.cells.failed.to_string()),
        ];
        if let Some(card) = &self.card {
            lines.push(("card", card.clone()));
        }
        if let Some(bytes) = self.peak_memory {
            lines.push((
                "peak memory",
                format!("{:.0} MiB", bytes as f64 / 1_048_576.0),
            ));
        }
        lines
            .into_iter()
            .map(|(name, value)| (name.to_string(), value))
            .collect()
    }
}

fn cpu() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_string())
}

/// Peak resident memory of this process in bytes, where the system tells.
pub fn peak_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}
