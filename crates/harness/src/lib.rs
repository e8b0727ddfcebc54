//! The command: from a config to a plan, a run and a report.

pub mod app;
pub mod cli;
pub mod commands;
pub mod contents;
pub mod context;
pub mod corpus;
pub mod costs;
pub mod cryptotl;
pub mod differences;
pub mod error;
pub mod exit;
pub mod experiments;
pub mod failure;
pub mod heads;
pub mod interrupt;
pub mod message;
pub mod names;
pub mod plan;
pub mod progress;
pub mod provenance;
pub mod rows;
pub mod run;
pub mod shard;
pub mod stages;
pub mod timings;
pub mod write;
