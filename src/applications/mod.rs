//! Applications to a programme's calls: written by the applicant, taken until the call closes to the second, reviewed,
//! decided by the programme, and accepted by the applicant. Nobody decides or reviews their own.

pub mod http;
pub mod ops;
pub mod reviews;
pub mod rules;
pub mod store;
