//! Any text as a host: what can be read is written so that it is read the same way again, and
//! nothing that looks like an address is taken for a name.

#![no_main]

use std::net::IpAddr;

use libfuzzer_sys::fuzz_target;
use turingbox::policy::{Host, HostPattern};

fuzz_target!(|text: &str| {
    if let Ok(host) = Host::parse(text) {
        let written = host.to_string();
        assert_eq!(Host::parse(&written).as_ref(), Ok(&host), "{text:?} is written {written:?}");
        assert!(written.is_ascii() && !written.contains(['/', '@', '%', ' ', '\0', '\\', '?', '#']), "{written:?}");
        match &host {
            Host::Name(name) => {
                assert!(name.parse::<IpAddr>().is_err(), "{name} is an address");
                assert!(name.len() <= 253 && *name == name.to_ascii_lowercase());
                let last = name.rsplit('.').next().unwrap();
                assert!(!last.starts_with(|c: char| c.is_ascii_digit()), "{name} may be an address elsewhere");
            }
            Host::Address(address) => assert!(written.contains(&address.to_string())),
        }
        assert!(HostPattern::Exact(host.clone()).matches(&host));
    }
    let (pattern, other) = text.split_once('\n').unwrap_or((text, "a.example.com"));
    if let Ok(pattern) = HostPattern::parse(pattern) {
        let written = pattern.to_string();
        assert_eq!(HostPattern::parse(&written).as_ref(), Ok(&pattern));
        if let Ok(host) = Host::parse(other)
            && pattern.matches(&host)
        {
            let suffix = written.strip_prefix('*').unwrap_or(&written);
            assert!(host.to_string().ends_with(suffix), "{pattern} is not about {host}");
        }
    }
});
