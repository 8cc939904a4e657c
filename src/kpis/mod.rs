//! KPIs: what is measured, by whom, and what it says. The [`catalogue`] defines each KPI once, in versions, with its
//! [`targets`] and the [`sets`] that say who is asked for it. [`submissions`] take values in bulk, all or nothing and
//! repeatable; how far each organisation's [`returns`] have come, who approved them, and what is [`lock_exceptions`] or missing
//! ([`completeness`]); [`values`] read them back with every revision; [`totals`] add them up and say what is missing, where
//! [`reporting_exceptions`] do not say that nothing is expected; [`spc`] separates signal from noise, around the points that
//! a deliberate, dated act of [`acts`] sets, and the [`grid`] of a body shows what all of its KPIs say at once. What was
//! published of all that stays as it was in [`releases`].
//!
//! A period is read by its KPI's period type alone ([`crate::calendar`]), and a number is exact from the request to the
//! database and back ([`crate::decimal`]).

pub(crate) mod acts;
pub(crate) mod catalogue;
pub(crate) mod completeness;
pub(crate) mod flags;
pub(crate) mod grid;
pub(crate) mod http;
pub(crate) mod library;
pub(crate) mod lock_exceptions;
pub(crate) mod names;
pub(crate) mod releases;
pub(crate) mod reporting_exceptions;
pub(crate) mod returns;
pub(crate) mod series;
pub(crate) mod sets;
pub mod spc;
pub(crate) mod submissions;
pub(crate) mod targets;
pub(crate) mod totals;
pub(crate) mod values;

pub use returns::reminders::remind;
