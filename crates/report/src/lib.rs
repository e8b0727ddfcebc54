//! Result rows as CSV, figures and one HTML page.
