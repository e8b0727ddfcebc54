//! The command: from a config to a plan, a run and a report.

pub mod app;
pub mod cli;
pub mod commands;
pub mod context;
pub mod costs;
pub mod cryptotl;
pub mod error;
pub mod exit;
pub mod heads;
pub mod message;
pub mod plan;
pub mod progress;
pub mod provenance;
pub mod run;
pub mod store;
pub mod timings;
pub mod write;
