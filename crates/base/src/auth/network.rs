//! Networks that a machine client may ask from, as `10.1.0.0/16` or `2001:db8::/32`; a single address is a network
//! of one.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// An IPv4 or IPv6 network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    /// How many leading bits count.
    length: u8,
}

/// The text is no network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NotANetwork;

impl FromStr for Network {
    type Err = NotANetwork;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NotANetwork)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            None => most,
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse().ok().filter(|length| *length <= most).ok_or(NotANetwork)?
            }
            Some(_) => return Err(NotANetwork),
        };
        // Bits beyond the length are a slip: 10.1.2.3/16 may mean the address or the network.
        let host = bits(address) & !mask(length, most);
        if host == 0 { Ok(Network { address, length }) } else { Err(NotANetwork) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

impl Network {
    /// Whether the address is in the network. An IPv4 address that comes over IPv6 is still that address.
    pub fn has(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let most = if self.address.is_ipv4() { 32 } else { 128 };
        self.address.is_ipv4() == address.is_ipv4()
            && bits(address) & mask(self.length, most) == bits(self.address)
    }
}

/// Whether one of the networks has the address; an address that cannot be read is in none.
pub fn holds(networks: &[Network], address: &str) -> bool {
    address.parse().is_ok_and(|address| networks.iter().any(|n| n.has(address)))
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// The leading bits of an address of `most` bits.
fn mask(length: u8, most: u8) -> u128 {
    let all = if most == 32 { u128::from(u32::MAX) } else { u128::MAX };
    all & !all.checked_shr(u32::from(length)).unwrap_or(0)
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
            ("0.0.0.0/0", "203.0.113.9", "2001:db8::1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("::/0", "2001:db8::1", "192.0.2.1"),
            ("::1", "::1", "::2"),
        ] {
            let networks = [network.parse().expect(network)];
            assert!(holds(&networks, inside), "{inside} in {network}");
            assert!(!holds(&networks, outside), "{outside} in {network}");
        }
        assert!(!holds(&["0.0.0.0/0".parse().unwrap()], "nonsense"));
        assert!(!holds(&[], "192.0.2.1"));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for bad in ["", "x", "10.1.2.3/16", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "::/129", "10.0.0/8"]
        {
            assert_eq!(bad.parse::<Network>(), Err(NotANetwork), "{bad}");
        }
        assert_eq!("10.0.0.0/8".parse::<Network>().unwrap().to_string(), "10.0.0.0/8");
    }
}
