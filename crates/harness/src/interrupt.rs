//! Ctrl-C, and a signal to end: the write under way is finished, and the way on is said.

/// From now on, whoever stops the process waits for the files that are being written; every finished
/// stage is kept, so that the same command goes on from there.
#[cfg(unix)]
pub fn finish_writes_first() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    // Where signals cannot be heard the process ends as it always would.
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) else {
        return;
    };
    std::thread::spawn(move || {
        if signals.forever().next().is_some() {
            let _paused = files::pause_writes();
            let kept = "every finished stage is kept: the same command goes on from there";
            // Nobody may be left to hear it.
            let _ = std::io::Write::write_all(
                &mut std::io::stderr(),
                format!("\nstopped; {kept}\n").as_bytes(),
            );
            files::remove_held_locks();
            std::process::exit(crate::exit::Exit::Interrupted as i32);
        }
    });
}

/// Elsewhere the process ends as it always would.
#[cfg(not(unix))]
pub fn finish_writes_first() {}
