//! Definitions to begin with: whoever adopts one sends it as a new KPI, changed where need be.

pub mod http;
pub mod rules;
