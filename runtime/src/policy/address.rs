//! Which addresses belong to the public internet, and which are only reached when a policy names
//! them.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::{IpNet, Ipv6Net};

use crate::{
    diagnostic::{Diagnostic, Report},
    document::Item,
    policy::{Host, HostPattern},
};

/// IPv4 that is not public: the IANA IPv4 Special-Purpose Address Registry (RFC 6890 and those after
/// it), and multicast.
const NOT_PUBLIC_4: [(u32, u8, &str); 16] = [
    (0x0000_0000, 8, "unspecified"),
    (0x0a00_0000, 8, "private"),
    (0x6440_0000, 10, "shared by a provider's customers"),
    (0x7f00_0000, 8, "loopback"),
    (0xa9fe_0000, 16, "link-local"),
    (0xac10_0000, 12, "private"),
    (0xc000_0000, 24, "set aside for protocols"),
    (0xc000_0200, 24, "for documentation"),
    (0xc058_6300, 24, "a 6to4 relay"),
    (0xc0a8_0000, 16, "private"),
    (0xc612_0000, 15, "for benchmarks"),
    (0xc633_6400, 24, "for documentation"),
    (0xcb00_7100, 24, "for documentation"),
    (0xe000_0000, 4, "multicast"),
    (0xffff_ffff, 32, "broadcast"),
    (0xf000_0000, 4, "reserved"),
];

/// IPv6 within 2000::/3 that is not public: the IANA IPv6 Special-Purpose Address Registry. What is
/// outside 2000::/3 isn't either: nothing there is handed out to the internet.
const NOT_PUBLIC_6: [(u128, u8, &str); 3] = [
    (0x2001_0000 << 96, 23, "set aside for protocols"),
    (0x2001_0db8 << 96, 32, "for documentation"),
    (0x3fff_0000 << 96, 20, "for documentation"),
];

/// Where clouds hand out credentials to whoever asks from the machine. Some are public by number.
const METADATA: [IpAddr; 9] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 23)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
];

/// What keeps an address from being public; nothing if it is. An address that carries another in
/// it, on its way through a translator or a tunnel, is what it carries.
pub(super) fn not_public(address: IpAddr) -> Option<&'static str> {
    if is_metadata(address) {
        return Some("a cloud's metadata service");
    }
    match address {
        IpAddr::V4(address) => {
            let bits = u32::from(address);
            let within = |&(net, length, _): &(u32, u8, _)| (bits ^ net) >> (32 - u32::from(length)) == 0;
            NOT_PUBLIC_4.iter().find(|net| within(net)).map(|(_, _, what)| *what)
        }
        IpAddr::V6(address) => match carried(address) {
            Some(carried) => carried.into_iter().flatten().find_map(|inner| not_public(IpAddr::V4(inner))),
            None => not_public_6(address),
        },
    }
}

fn not_public_6(address: Ipv6Addr) -> Option<&'static str> {
    if address.is_loopback() {
        return Some("loopback");
    }
    let bits = u128::from(address);
    if bits >> 125 != 1 {
        let first = address.segments()[0];
        return Some(match first {
            0 if address.is_unspecified() => "unspecified",
            0xfc00..=0xfdff => "private",
            0xfe80..=0xfebf => "link-local",
            0xff00.. => "multicast",
            _ => "not assigned to the internet",
        });
    }
    let within = |&(net, length, _): &(u128, u8, _)| (bits ^ net) >> (128 - u32::from(length)) == 0;
    NOT_PUBLIC_6.iter().find(|net| within(net)).map(|(_, _, what)| *what)
}

/// The IPv4 addresses in an IPv6 one: mapped (RFC 4291), compatible (likewise, given up), NAT64
/// (RFC 6052), 6to4 (RFC 3056), and Teredo (RFC 4380), which has two.
fn carried(address: Ipv6Addr) -> Option<[Option<Ipv4Addr>; 2]> {
    let at = |from: u32| Ipv4Addr::from((u128::from(address) >> (96 - from)) as u32);
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some([Some(at(96)), None]),
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 || low > 1 => Some([Some(at(96)), None]),
        [0x2002, ..] => Some([Some(at(16)), None]),
        [0x2001, 0, ..] => Some([Some(at(32)), Some(Ipv4Addr::from(!u32::from(at(96))))]),
        _ => None,
    }
}

/// The networks of these addresses, and where in an address the last IPv4 one begins.
const CARRIERS: [(Ipv6Net, u8); 5] = [
    (Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96), 96),
    (Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 96), 96),
    (Ipv6Net::new_assert(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96), 96),
    (Ipv6Net::new_assert(Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), 16),
    (Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32), 96),
];

fn is_metadata(address: IpAddr) -> bool {
    let inner =
        |address| carried(address).is_some_and(|inner| inner.into_iter().flatten().any(|v4| is_metadata(v4.into())));
    METADATA.contains(&address) || matches!(address, IpAddr::V6(address) if inner(address))
}

/// Addresses that a grant names beside the public ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Addresses(Vec<IpNet>);

impl Addresses {
    /// Why `address` may not be connected to, for a grant of `host`; nothing if it may.
    pub(super) fn refuse(&self, host: &HostPattern, address: IpAddr) -> Option<&'static str> {
        let what = not_public(address)?;
        // A mapped address is the IPv4 one: the system connects to the same machine. What a
        // translator or a tunnel makes of the others is not known here.
        let plain = address.to_canonical();
        let single = |net: &IpNet| net.prefix_len() == net.max_prefix_len();
        let holds = |net: &&IpNet| net.contains(&address) || net.contains(&plain);
        let named = match host {
            HostPattern::Exact(Host::Address(named)) => named.to_canonical() == plain,
            HostPattern::Exact(Host::Name(name)) => name == "localhost" && plain.is_loopback(),
            HostPattern::Below(_) => false,
        } || self.0.iter().filter(holds).any(|net| single(net) || !is_metadata(address));
        (!named).then_some(what)
    }

    /// The same, and `address`.
    pub(super) fn with(&self, address: IpAddr) -> Self {
        Self(self.0.iter().copied().chain([IpNet::from(address)]).collect())
    }

    /// What both name.
    pub(super) fn common(&self, other: &Self) -> Self {
        let (own, most) = (self.0.iter(), other.0.iter());
        let own_in_most = own.filter(|net| other.0.iter().any(|most| most.contains(*net)));
        let most_in_own = most.filter(|net| self.0.iter().any(|own| own.contains(*net) && own != *net));
        Self(own_in_most.chain(most_in_own).copied().collect())
    }

    /// Whether none is named.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads `addresses = ["10.1.0.0/16", "127.0.0.1"]`.
    pub(super) fn read(item: Item<'_>, report: &mut Report) -> Self {
        let Ok(items) = item.array().map_err(|wrong| report.push(wrong)) else { return Self::default() };
        Self(items.into_iter().filter_map(|item| net(item).map_err(|wrong| report.push(wrong)).ok()).collect())
    }
}

fn net(item: Item<'_>) -> Result<IpNet, Diagnostic> {
    let text = item.clone().text()?;
    let wrong = || {
        item.wrong("bad-address", format!("`{}` is not an address", text.escape_debug()))
            .label("like `10.1.0.0/16`, `127.0.0.1` or `fd00::/8`")
    };
    let net = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| wrong())?;
    if net.trunc() != net {
        return Err(wrong().help(format!("did you mean `{}`?", net.trunc())));
    }
    let widest = widest(&net);
    if net.prefix_len() < widest {
        let message = format!("`{net}` names more than any private network has: at most a /{widest}");
        return Err(item.wrong("bad-address", message).label("name the network that is meant"));
    }
    Ok(net)
}

/// The widest networks that can be named: `10.0.0.0/8`, and `fc00::/7`, all that is private in IPv6.
/// Two halves of everything are everything.
const WIDEST_V4: u8 = 8;
const WIDEST_V6: u8 = 7;

/// The shortest prefix that a network like `net` may have. One of addresses that carry IPv4 ones names these, so it
/// is as wide as what it names.
fn widest(net: &IpNet) -> u8 {
    let IpNet::V6(net) = net else { return WIDEST_V4 };
    let carriers = CARRIERS.iter().filter(|(carrier, _)| carrier.contains(net) || net.contains(carrier));
    carriers.map(|(_, at)| at + WIDEST_V4).max().unwrap_or(WIDEST_V6)
}

/// As a policy writes it.
impl fmt::Display for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |net: &IpNet| match net.prefix_len() == net.max_prefix_len() {
            true => format!("\"{}\"", net.addr()),
            false => format!("\"{net}\""),
        };
        write!(f, "[{}]", self.0.iter().map(shown).collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_the_internet_is_public() {
        for text in ["1.1.1.1", "93.184.215.14", "172.32.0.1", "2606:4700::1111", "64:ff9b::101:101", "2002:101:101::1"]
        {
            assert_eq!(not_public(address(text)), None, "{text}");
        }
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "169.254.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "::",
            "::1",
            "::2",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "64:ff9b::a9fe:a9fe",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            // Teredo: the server is public, the client is 127.0.0.1; then the other way round.
            "2001:0:101:101:0:0:80ff:fffe",
            "2001:0:a00:1:0:0:fefe:fefe",
        ] {
            assert!(not_public(address(text)).is_some(), "{text}");
        }
        assert_eq!(not_public(address("2001:0:101:101:0:0:fefe:fefe")), None);
    }

    #[test]
    fn what_is_too_wide_is_refused() {
        let code = |net: &str| {
            let text = format!("version = 1\n[agents.a]\nhttp = [{{ host = \"a.example\", addresses = [\"{net}\"] }}]");
            crate::Policy::parse("p.toml", &text).map(drop).map_err(|report| report.0[0].code)
        };
        for net in ["0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", "8.0.0.0/7", "::/1", "8000::/1", "fc00::/6"] {
            assert_eq!(code(net), Err("bad-address"), "{net}");
        }
        // What is named by the IPv4 addresses in it.
        for net in ["::ffff:0:0/96", "::ffff:8.0.0.0/103", "::/8", "::/64", "::/96", "64:ff9b::/96", "2002::/16"] {
            assert_eq!(code(net), Err("bad-address"), "{net}");
        }
        for net in ["2002:800::/23", "2000::/8", "2001::/32", "2001:0:101:101::/64"] {
            assert_eq!(code(net), Err("bad-address"), "{net}");
        }
        for net in ["10.0.0.0/8", "127.0.0.0/8", "fc00::/7", "fd00::/8", "10.0.0.1", "::1", "2001:db8::/32"] {
            assert_eq!(code(net), Ok(()), "{net}");
        }
        for net in ["::ffff:10.0.0.0/104", "64:ff9b::a00:0/104", "2002:a00::/24", "::ffff:127.0.0.1"] {
            assert_eq!(code(net), Ok(()), "{net}");
        }
    }

    #[test]
    fn what_is_named_is_reached() {
        let refused = |host: &str, nets: &[&str], to: &str| {
            let nets = Addresses(nets.iter().map(|net| net.parse().unwrap()).collect());
            nets.refuse(&HostPattern::parse(host).unwrap(), address(to)).is_some()
        };
        for (host, nets, to, expected) in [
            ("a.example", &[][..], "1.1.1.1", false),
            ("a.example", &[], "127.0.0.1", true),
            ("localhost", &[], "127.0.0.1", false),
            ("localhost", &[], "::1", false),
            ("localhost", &[], "10.0.0.1", true),
            ("127.0.0.1", &[], "127.0.0.1", false),
            ("127.0.0.1", &[], "::ffff:127.0.0.1", false),
            ("127.0.0.1", &[], "127.0.0.2", true),
            ("127.0.0.1", &[], "64:ff9b::7f00:1", true),
            ("*.example.com", &["10.1.0.0/16"], "10.1.2.3", false),
            ("*.example.com", &["10.1.0.0/16"], "10.2.2.3", true),
            ("a.example", &["169.254.0.0/16"], "169.254.1.1", false),
            ("a.example", &["169.254.0.0/16"], "169.254.169.254", true),
            ("a.example", &["169.254.169.254/32"], "169.254.169.254", false),
            ("169.254.169.254", &[], "169.254.169.254", false),
            ("a.example", &["fd00::/8"], "fd00:ec2::254", true),
        ] {
            assert_eq!(refused(host, nets, to), expected, "{host} {nets:?} {to}");
        }
    }
}
