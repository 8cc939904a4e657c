//! How far returns have come: what an organisation sends for a period, of a set of KPIs or of a KPI that is in none. A
//! submission is a delivery, which may feed many returns ([`deliveries`]). Values of KPIs that require approval wait as
//! [`drafts`] until somebody else approves their return; [`asked`] says what a return must hold, and by when; [`reminders`] are
//! recorded of those that are due.

pub mod asked;
pub mod deliveries;
pub mod drafts;
pub mod http;
pub mod ops;
pub mod quality;
pub mod reminders;
pub mod rules;
pub mod store;
