//! Work compiled for the vector instructions of the processor at hand.

/// Runs `work` compiled for `arch`, or as it is. `work` should be inlined always, and so what it
/// calls: what is not inlined is compiled without the instructions, several times slower.
#[inline(always)]
pub(crate) fn vectorised<R>(arch: Option<pulp::Arch>, work: impl FnMut() -> R) -> R {
    match arch {
        Some(arch) => arch.dispatch(Work(work)),
        None => Work(work).run(),
    }
}

/// A closure that is called where it is. Called once, as `pulp` calls closures, it would be reached
/// through a shim that the compiler need not inline.
struct Work<F>(F);

impl<R, F: FnMut() -> R> Work<F> {
    #[inline(always)]
    fn run(mut self) -> R {
        (self.0)()
    }
}

impl<R, F: FnMut() -> R> pulp::NullaryFnOnce for Work<F> {
    type Output = R;

    #[inline(always)]
    fn call(self) -> R {
        self.run()
    }
}
