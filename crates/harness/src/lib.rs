//! The command: from a config to a plan, a run and a report.
