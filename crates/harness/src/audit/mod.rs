//! May this head be released? One head is attacked, with heads like it beside it, and the answer is
//! given in words, in numbers and in pictures.

mod page;
mod run;
mod threat;
mod verdict;
mod written;

pub use run::{AuditOptions, Audited, of, run};
pub use verdict::{Level, Verdict, stands_out};
