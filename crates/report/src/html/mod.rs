//! One self-contained page about a run: light and dark, for screens, phones and paper; no external
//! resource, no script.

mod answer;
mod audit;
mod classes;
mod document;
mod figure;
mod gallery;
mod guide;
mod page;
mod pairs;
mod style;
mod tables;
mod threat;

pub use audit::{AuditPage, AuditRecord, AuditTarget, Tone, write_audit};
pub use gallery::Gallery;
pub use page::{Page, render, write_html};
