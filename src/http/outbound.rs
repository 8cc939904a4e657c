//! The one way to call addresses that clients of the register give: where their keys are, and where they want to be told
//! of changes. Such an address must not lead inside the network that the service runs in: its name is resolved here,
//! private addresses are refused, redirections are not followed, and time and size are bounded.

use futures_util::TryStreamExt;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// How long a call may take, from the name to the last byte.
const WITHIN: Duration = Duration::from_secs(10);
/// The most bytes that are read of an answer.
const LARGEST: usize = 1024 * 1024;

/// Calls addresses that others gave.
#[derive(Clone)]
pub struct Outbound {
    client: Client,
    allowed: Arc<[IpNet]>,
}

impl Outbound {
    /// With the private networks that the operator lets it call.
    ///
    /// # Errors
    /// Text for the operator, where TLS cannot be set up.
    pub fn new(allowed: &[IpNet]) -> Result<Self, String> {
        // Fails where it was done before, which is as good.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let allowed: Arc<[IpNet]> = allowed.into();
        let client = Client::builder()
            .dns_resolver(Arc::new(Guard(allowed.clone())))
            .redirect(Policy::none())
            .no_proxy()
            .timeout(WITHIN)
            .user_agent(concat!("innovation-register/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self { client: client.map_err(|cause| format!("outgoing calls: {cause}"))?, allowed })
    }

    /// For addresses that the operator gives, wherever they lead.
    ///
    /// # Errors
    /// As [`Outbound::new`].
    pub fn anywhere() -> Result<Self, String> {
        Self::new(&[Ipv4Net::default().into(), Ipv6Net::default().into()])
    }

    /// A request to this address.
    ///
    /// # Errors
    /// Why it may not be called.
    fn request(&self, method: reqwest::Method, url: &str) -> Result<reqwest::RequestBuilder, String> {
        let url = Url::parse(url).map_err(|_| "the address cannot be read".to_owned())?;
        let host = url.host().ok_or("the address has no host")?;
        let address: Option<IpAddr> = match host {
            url::Host::Ipv4(address) => Some(address.into()),
            url::Host::Ipv6(address) => Some(address.into()),
            url::Host::Domain(_) => None,
        };
        // Names are looked at when they are resolved.
        if address.is_some_and(|address| !may_call(&self.allowed, address)) {
            return Err(PRIVATE.to_owned());
        }
        let is_private = address.is_some_and(is_private);
        if url.scheme() != "https" && !(url.scheme() == "http" && is_private) {
            return Err("only https addresses are called".to_owned());
        }
        Ok(self.client.request(method, url))
    }

    /// Sends a body to this address. Returns the status of the answer, of which a success is read to its end.
    ///
    /// # Errors
    /// Why there was no answer.
    pub async fn post(&self, url: &str, headers: HeaderMap, body: Vec<u8>) -> Result<u16, String> {
        let answer = self.request(reqwest::Method::POST, url)?.headers(headers).body(body).send().await.map_err(why)?;
        let status = answer.status();
        if status.is_success() {
            read(answer).await?;
        }
        Ok(status.as_u16())
    }

    /// What is at this address.
    ///
    /// # Errors
    /// Why there is nothing to be had.
    pub async fn get(&self, url: &str) -> Result<Vec<u8>, String> {
        let answer = self.request(reqwest::Method::GET, url)?.send().await.map_err(why)?;
        if !answer.status().is_success() {
            return Err(format!("it answered with status {}", answer.status().as_u16()));
        }
        read(answer).await
    }
}

/// The body of an answer, as far as it may be long.
///
/// # Errors
/// Why it could not be read.
async fn read(answer: Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    let mut chunks = answer.bytes_stream();
    while let Some(chunk) = chunks.try_next().await.map_err(why)? {
        if body.len() + chunk.len() > LARGEST {
            return Err("its answer is larger than 1 MiB".to_owned());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

const PRIVATE: &str = "the address is private, and the service may not call it";

/// Why a call failed, in words that tell nobody what is inside the network.
fn why(error: reqwest::Error) -> String {
    let mut source: Option<&dyn std::error::Error> = Some(&error);
    while let Some(cause) = source {
        if cause.to_string() == PRIVATE {
            return PRIVATE.to_owned();
        }
        source = cause.source();
    }
    if error.is_timeout() {
        "it did not answer within 10 seconds"
    } else if error.is_connect() {
        "it could not be reached"
    } else {
        "the answer broke off"
    }
    .to_owned()
}

/// Resolves names to the addresses that may be called.
struct Guard(Arc<[IpNet]>);

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = self.0.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            // All of them: a name that also leads inside is no name to trust.
            if found.iter().any(|address| !may_call(&allowed, address.ip())) {
                return Err(PRIVATE.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Whether an address that somebody else gave may be called: one of the public internet, or one that the operator allows.
fn may_call(allowed: &[IpNet], address: IpAddr) -> bool {
    !is_private(address) || allowed.iter().any(|network| network.contains(&address.to_canonical()))
}

/// Whether an address is none of the public internet (the special-purpose registries of IANA).
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_broadcast()
                || v4.is_documentation()
                || v4.is_multicast()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0 && c == 0)
                || (a == 198 && (18..20).contains(&b))
        }
        IpAddr::V6(v6) => {
            // Addresses that carry one of IPv4 lead to where that leads.
            if let Some(v4) = embedded(v6) {
                return is_private(IpAddr::V4(v4));
            }
            let first = v6.segments()[0];
            // Only 2000::/3 is given out, of which documentation and the ways through other networks are not for this.
            first & 0xe000 != 0x2000
                || (first == 0x2001 && v6.segments()[1] < 0x0200)
                || (first == 0x2001 && v6.segments()[1] == 0x0db8)
                || first == 0x3fff
        }
    }
}

fn embedded(v6: Ipv6Addr) -> Option<std::net::Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = v6.segments();
    let v4 = |high: u16, low: u16| {
        let [one, two] = high.to_be_bytes();
        let [three, four] = low.to_be_bytes();
        std::net::Ipv4Addr::new(one, two, three, four)
    };
    match (a, b) {
        (0, 0) if (c, d) == (0, 0) && e == 0 && (f == 0xffff || f == 0) => Some(v4(g, h)),
        (0x0064, 0xff9b) if (c, d, e, f) == (0, 0, 0, 0) => Some(v4(g, h)),
        (0x2002, _) => Some(v4(b, c)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_public_internet_are_called() {
        for (address, private) in [
            ("8.8.8.8", false),
            ("2606:4700::1111", false),
            ("127.0.0.1", true),
            ("10.1.2.3", true),
            ("172.31.0.1", true),
            ("192.168.1.1", true),
            ("169.254.169.254", true),
            ("100.64.0.1", true),
            ("0.0.0.0", true),
            ("198.18.0.1", true),
            ("224.0.0.1", true),
            ("255.255.255.255", true),
            ("::1", true),
            ("::", true),
            ("fe80::1", true),
            ("fc00::1", true),
            ("::ffff:127.0.0.1", true),
            ("::ffff:8.8.8.8", false),
            ("64:ff9b::7f00:1", true),
            ("64:ff9b::808:808", false),
            ("64:ff9b:1::808:808", true),
            ("2002:7f00:1::", true),
            ("2001:db8::1", true),
            ("2001::1", true),
        ] {
            assert_eq!(is_private(address.parse().unwrap()), private, "{address}");
        }
    }
}
