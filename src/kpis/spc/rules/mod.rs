//! Statistical process control: what a series of figures says about the process behind it.
//!
//! An XmR chart (a point per period and the moving range between neighbours) tells the ordinary
//! noise of a process, common cause, from signs that it has changed, special cause. Two sets of
//! rules are offered, [`Profile::Mdc`] and [`Profile::Ptd`]. Sources: NHS England, Making Data
//! Count, SPC SQL query v2.5 and its two-sigma change of 6 November 2023; the R package
//! NHSRplotthedots 0.2.2.
//!
//! A point is known here by its index; callers keep the periods. A gap (no value) or an excluded
//! point takes no part in any step, and its neighbours count as consecutive.

mod analysis;
mod limits;
mod marks;
mod parameters;
mod parts;
mod points;
mod warnings;
mod words;

pub use analysis::{Analysis, PointResult, analyse};
pub use limits::Limits;
pub use parameters::{Fault, Parameters};
pub use parts::Part;
pub use points::{POINTS_FOR_LIMITS, Point, Recalculation};
pub use warnings::Warning;
pub use words::{Assurance, ConflictRule, Direction, Profile, Rule, Rules, Signal, UnknownWord, Variation};

#[cfg(test)]
mod tests;
