//! Files that are whole or not there, and locks that a dead holder does not keep.
//!
//! Everything that Rhea leaves on a disk is written here: under a temporary name, synced, renamed,
//! and the folder synced, so that a kill or a full disk at any moment leaves the old file or the new
//! one. Names of unfinished files end in `.part`; [`sweep`] takes away what killed writers left.

mod lock;
mod pause;
mod write;

pub use lock::{Holder, Lock, LockError, remove_held_locks};
pub use pause::{Pause, pause_writes};
pub use write::{Scratch, sweep, write_whole};
