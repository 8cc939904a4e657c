//! The token endpoint (RFC 6749, client credentials): a client proves who it is, by an assertion that it signed (RFC 7523) or
//! by a secret, and gets an access token.

mod assertions;
pub(crate) mod http;
mod keys_of_clients;
pub mod ops;
mod requests;
mod store;
