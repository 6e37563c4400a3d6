//! Networks of callers, as `10.1.0.0/16` or `2001:db8::/32`; a single address is a network of one.

use std::net::IpAddr;

pub use ipnet::IpNet as Network;

/// A network, or all addresses that begin as this one does: `10.1.2.3/16` is `10.1.0.0/16`.
pub fn parse(text: &str) -> Option<Network> {
    let network = text.parse().or_else(|_| text.parse().map(|address: IpAddr| Network::from(address)));
    network.ok().map(|network| network.trunc())
}

/// A network whose bits beyond its length are empty. Others are a slip: `10.1.2.3/16` may mean the address or the
/// network.
pub fn parse_exact(text: &str) -> Option<Network> {
    let address = text.split('/').next().and_then(|address| address.parse::<IpAddr>().ok())?;
    parse(text).filter(|network| network.network() == address)
}

/// Whether the network has the address. An IPv4 address that comes over IPv6 is still that address.
pub fn has(network: &Network, address: IpAddr) -> bool {
    network.contains(&address.to_canonical())
}

/// Whether one of the networks has the address; an address that cannot be read is in none.
pub fn holds(networks: &[Network], address: &str) -> bool {
    address.parse().is_ok_and(|address| networks.iter().any(|network| has(network, address)))
}

/// Under which name an address is counted: of IPv6 the network, because whoever has one address there has 2^64.
pub fn counted(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V6(v6)) => format!("{:x}", u128::from(v6) >> 64),
        Some(IpAddr::V4(v4)) => v4.to_string(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_its_addresses_and_no_others() {
        for (network, inside, outside) in [
            ("10.1.0.0/16", "10.1.255.255", "10.2.0.0"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
            ("192.0.2.0/31", "::ffff:192.0.2.1", "192.0.2.2"),
            ("192.0.2.128/25", "192.0.2.200", "192.0.2.100"),
            ("0.0.0.0/0", "203.0.113.9", "2001:db8::1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("::/0", "2001:db8::1", "192.0.2.1"),
            ("::1", "::1", "::2"),
        ] {
            let networks = [parse_exact(network).expect(network)];
            assert!(holds(&networks, inside), "{inside} in {network}");
            assert!(!holds(&networks, outside), "{outside} in {network}");
        }
        assert!(!holds(&[parse("0.0.0.0/0").unwrap()], "nonsense"));
        assert!(!holds(&[], "192.0.2.1"));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for bad in ["", "x", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/", "::/129", "10.0.0/8"] {
            assert_eq!((parse(bad), parse_exact(bad)), (None, None), "{bad}");
        }
        assert_eq!(parse_exact("10.1.2.3/16"), None);
        assert_eq!(parse("10.1.2.3/16"), parse_exact("10.1.0.0/16"));
        let written = |text: &str| parse_exact(text).expect(text).to_string();
        assert_eq!(
            (written("10.0.0.0/8"), written("192.0.2.7")),
            ("10.0.0.0/8".into(), "192.0.2.7/32".into())
        );
    }
}
