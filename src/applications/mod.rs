//! Applications to a programme's calls: written by the applicant, accepted until the second the call closes, reviewed,
//! decided on by the programme, and taken up by the applicant. Nobody decides on or reviews their own application.

pub mod http;
pub mod ops;
pub mod reviews;
pub mod rules;
pub mod store;
