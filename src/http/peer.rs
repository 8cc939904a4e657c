//! Who sent a request, where a proxy hands it on: its own word counts, and nobody else's.

use actix_web::http::header::HeaderMap;
use ipnet::{IpNet, Ipv6Net};
use std::net::{IpAddr, SocketAddr};

/// Where a request comes from: the last address of the way that is no trusted proxy. Each proxy adds the address that it
/// was called from at the end, so what is further to the front is anybody's word. `Forwarded` is not read.
pub fn client(trusted: &[IpNet], peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    let peer = peer.to_canonical();
    if !is_trusted(peer) {
        return peer;
    }
    let lines = headers.get_all("x-forwarded-for");
    let way: Vec<&str> = lines.flat_map(|line| line.to_str().unwrap_or("?").split(',')).map(str::trim).collect();
    let mut last = peer;
    for hop in way.into_iter().rev() {
        // Some write a port behind the address.
        let address = hop.parse().or_else(|_| hop.parse().map(|socket: SocketAddr| socket.ip()));
        let Ok(address) = address else { return last };
        last = IpAddr::to_canonical(&address);
        if !is_trusted(last) {
            return last;
        }
    }
    last
}

/// What a caller without a token is counted by: one household has as many IPv6 addresses as it likes.
pub fn household(address: IpAddr) -> String {
    match address {
        IpAddr::V6(address) => {
            Ipv6Net::new(address, 64).map_or_else(|_| address.to_string(), |net| net.trunc().to_string())
        }
        IpAddr::V4(address) => address.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn client_of(trusted: &str, peer: &str, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(HeaderName::from_static("x-forwarded-for"), HeaderValue::from_str(line).unwrap());
        }
        let trusted: Vec<IpNet> = trusted.split(',').filter_map(|one| one.parse().ok()).collect();
        client(&trusted, peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_what_a_trusted_proxy_adds_is_believed() {
        for (trusted, peer, lines, expected) in [
            ("", "203.0.113.7", vec!["198.51.100.1"], "203.0.113.7"),
            ("10.0.0.0/8", "203.0.113.7", vec!["198.51.100.1"], "203.0.113.7"),
            ("10.0.0.0/8", "10.0.0.5", vec![], "10.0.0.5"),
            ("10.0.0.0/8", "10.0.0.5", vec!["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.0/8", "::ffff:10.0.0.5", vec!["1.1.1.1, 198.51.100.1, 10.1.2.3"], "198.51.100.1"),
            ("10.0.0.0/8", "10.0.0.5", vec!["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
            ("10.0.0.5/32", "10.0.0.5", vec!["1.1.1.1, nobody"], "10.0.0.5"),
            ("10.0.0.5/32", "10.0.0.5", vec!["198.51.100.1:4711"], "198.51.100.1"),
            ("10.0.0.5/32,2001:db8::/32", "2001:db8::1", vec!["2001:db9::7"], "2001:db9::7"),
        ] {
            assert_eq!(client_of(trusted, peer, &lines), expected, "{trusted} {peer} {lines:?}");
        }
    }

    #[test]
    fn a_household_is_one_caller() {
        assert_eq!(household("2001:db8:1:2:3::4".parse().unwrap()), household("2001:db8:1:2:ffff::1".parse().unwrap()));
        assert_eq!(household("198.51.100.1".parse().unwrap()), "198.51.100.1");
    }
}
