//! Pieces of work side by side, each on one thread.
//!
//! How libraries cut up a product or an eigenvalue problem depends on the number of threads that they
//! see, and the last bits of the result with it. A piece that sees a single thread gives the same bits
//! anywhere.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::ThreadPoolBuilder;

/// `work` on 0, 1 .. `count`, in order; on as many threads as the caller's pool has, each piece on
/// a pool of one.
pub(crate) fn alone<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let take = || {
        let mut made = Vec::new();
        loop {
            let piece = next.fetch_add(1, Ordering::Relaxed);
            if piece >= count {
                return made;
            }
            made.push((piece, work(piece)));
        }
    };
    let worker = || {
        let pool = ThreadPoolBuilder::new().num_threads(1).use_current_thread();
        match pool.build() {
            Ok(pool) => pool.install(take),
            // A thread that already belongs to a pool: the work is done, if not bit by bit the same.
            Err(_) => take(),
        }
    };
    let threads = rayon::current_num_threads().min(count).max(1);
    let mut all: Vec<(usize, T)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        let made = workers.into_iter().map(|worker| worker.join());
        made.flat_map(|made| made.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    all.sort_by_key(|(piece, _)| *piece);
    all.into_iter().map(|(_, made)| made).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_in_order_and_see_one_thread() {
        let pool = ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        let made = pool.install(|| alone(7, |piece| (piece, rayon::current_num_threads())));
        assert_eq!(made, (0..7).map(|piece| (piece, 1)).collect::<Vec<_>>());
        assert!(alone(0, |piece| piece).is_empty());
    }
}
