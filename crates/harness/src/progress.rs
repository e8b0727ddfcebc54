//! What a person sees while an experiment runs: bars on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use datasets::Reading;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::message;

/// Seconds between two plain lines of one long step.
const PLAIN_INTERVAL: Duration = Duration::from_secs(10);

/// Progress of a command on standard error.
pub struct Progress {
    mode: Mode,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Quiet,
    Plain,
    Bars,
}

impl Progress {
    /// Bars if standard error is a terminal, plain lines if not, nothing if `quiet`.
    pub fn new(quiet: bool) -> Self {
        let mode = if quiet {
            Mode::Quiet
        } else if std::io::stderr().is_terminal() {
            Mode::Bars
        } else {
            Mode::Plain
        };
        Self { mode }
    }

    /// Says one line.
    pub fn say(&self, line: &str) {
        if self.mode != Mode::Quiet {
            message::line(line);
        }
    }

    /// Says that something failed, whether or not progress is wanted.
    pub fn fail(&self, line: &str) {
        message::line(line);
    }

    /// Says what was not taken as it lay there while the data of the config's key `place` was read.
    pub fn remarks(&self, place: &str, reading: &Reading) {
        for line in reading.lines() {
            self.say(&format!("  {place}: {line}"));
        }
    }

    /// Begins a step of `total` units of work.
    pub fn step(&self, name: &str, total: u64) -> Step {
        let bar = if self.mode == Mode::Bars {
            ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr())
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template(
            "  {prefix:<34} {bar:28} {percent:>3} %  eta {eta:<5} {wide_msg}",
        ) {
            bar.set_style(style);
        }
        bar.set_prefix(name.to_string());
        bar.set_length(total);
        Step {
            name: name.to_string(),
            total,
            started: Instant::now(),
            plain: self.mode == Mode::Plain,
            last: Mutex::new(Instant::now()),
            bar,
        }
    }
}

/// Progress of one step; finished when dropped.
pub struct Step {
    name: String,
    total: u64,
    started: Instant,
    plain: bool,
    last: Mutex<Instant>,
    bar: ProgressBar,
}

impl Step {
    /// Says that `done` units are finished.
    pub fn at(&self, done: u64, message: &str) {
        // A search may go on beyond what was listed.
        self.bar.set_length(self.total.max(done));
        self.bar.set_position(done);
        self.bar.set_message(message.to_string());
        if !self.plain || done == 0 {
            return;
        }
        let Ok(mut last) = self.last.try_lock() else {
            return;
        };
        if last.elapsed() >= PLAIN_INTERVAL {
            *last = Instant::now();
            let spent = self.started.elapsed().as_secs_f64();
            let left = spent * (self.total.saturating_sub(done)) as f64 / done as f64;
            let percent = 100 * done / self.total.max(1);
            let so_far = match done > self.total {
                true => format!("{} more than foreseen", done - self.total),
                false => format!("{percent} %, {left:.0} s left"),
            };
            message::line(&format!("  {}: {so_far} {message}", self.name));
        }
    }

    /// Time since the step began.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
