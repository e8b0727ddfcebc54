//! No process ends in the middle of a write that it could have finished.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

static STATE: Mutex<State> = Mutex::new(State {
    writing: 0,
    paused: false,
});
static CHANGED: Condvar = Condvar::new();

struct State {
    /// Threads that are writing.
    writing: usize,
    paused: bool,
}

thread_local! {
    /// Writes of this thread, one inside another.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wait(state: MutexGuard<'static, State>) -> MutexGuard<'static, State> {
    CHANGED.wait(state).unwrap_or_else(PoisonError::into_inner)
}

/// A write under way, in this thread.
#[derive(Debug)]
pub(crate) struct Writing(PhantomData<*const ()>);

impl Writing {
    /// Begins a write; waits while writes are paused, unless this thread is in the middle of one.
    pub(crate) fn begin() -> Self {
        let depth = DEPTH.get();
        if depth == 0 {
            let mut state = state();
            while state.paused {
                state = wait(state);
            }
            state.writing += 1;
        }
        DEPTH.set(depth + 1);
        Self(PhantomData)
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        let depth = DEPTH.get() - 1;
        DEPTH.set(depth);
        if depth == 0 {
            state().writing -= 1;
            CHANGED.notify_all();
        }
    }
}

/// Writes are paused while this lives.
#[derive(Debug)]
pub struct Pause(());

/// Waits until no file is being written, and lets none be begun while the guard lives: for whoever is
/// about to end the process.
pub fn pause_writes() -> Pause {
    let mut state = state();
    state.paused = true;
    while state.writing > 0 {
        state = wait(state);
    }
    Pause(())
}

impl Drop for Pause {
    fn drop(&mut self) {
        state().paused = false;
        CHANGED.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    #[test]
    fn a_pause_waits_for_the_write_and_holds_back_the_next() {
        let (begun, ended) = (AtomicBool::new(false), AtomicBool::new(false));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let outer = Writing::begin();
                begun.store(true, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(50));
                // One inside another goes on, whoever waits.
                drop(Writing::begin());
                ended.store(true, Ordering::SeqCst);
                drop(outer);
            });
            while !begun.load(Ordering::SeqCst) {
                std::thread::yield_now();
            }
            let pause = pause_writes();
            assert!(ended.load(Ordering::SeqCst));
            let next = scope.spawn(|| drop(Writing::begin()));
            std::thread::sleep(Duration::from_millis(50));
            assert!(!next.is_finished());
            drop(pause);
            next.join().unwrap();
        });
    }
}
