//! Having a library look caches up without the operating system's files.
//!
//! gemm takes the sizes of caches from `/sys`, which tells those of the whole machine, whatever this process is held
//! to; where it cannot read there it asks `cpuid`, whose answer can be changed. It takes no order. So it is made to
//! look at a moment when this process can open no file.
#![allow(unsafe_code)]

use std::io;
use std::mem::MaybeUninit;

use gemm_common::cache::CACHE_INFO;

/// Has gemm look the caches up by `cpuid` alone, unless it has looked before. To be called while there is one thread:
/// no other may open a file meanwhile.
///
/// # Errors
/// If the limit of open files cannot be changed.
pub fn look_up_caches() -> io::Result<()> {
    let _closed = Closed::new()?;
    let _ = *CACHE_INFO;
    Ok(())
}

/// No file can be opened while this is there.
struct Closed(libc::rlimit);

impl Closed {
    fn new() -> io::Result<Self> {
        let mut limit = MaybeUninit::<libc::rlimit>::uninit();
        // SAFETY: the pointer is to room for the limit, which the call fills.
        let got = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, limit.as_mut_ptr()) };
        if got != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: filled by the call that succeeded.
        let own = unsafe { limit.assume_init() };
        set(&libc::rlimit { rlim_cur: 0, ..own })?;
        Ok(Self(own))
    }
}

impl Drop for Closed {
    fn drop(&mut self) {
        // A soft limit may always be raised to where it was, since the hard one did not change.
        let _ = set(&self.0);
    }
}

fn set(limit: &libc::rlimit) -> io::Result<()> {
    // SAFETY: the pointer is to a limit that outlives the call, which reads it.
    match unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, limit) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_open_again_afterwards() {
        // The other tests of this crate that open files are processes of their own.
        look_up_caches().unwrap();
        assert!(std::fs::File::open("/dev/null").is_ok());
        assert!(CACHE_INFO[1].cache_bytes > 0);
    }
}
