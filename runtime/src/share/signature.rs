//! Signatures of minisign, and the keys that they are checked with.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use minisign_verify::PublicKey;

/// The largest signature, in bytes: four lines, of which two are comments.
pub const MAX_SIGNATURE: usize = 4 << 10;

/// A public key, as `minisign -G` prints it: 56 letters of Base64.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    text: String,
    key: PublicKey,
}

/// A signature: what is in a file `.minisig`. What it says of itself is not checked until a key is known.
#[derive(Clone)]
pub struct Signature {
    text: String,
    signature: minisign_verify::Signature,
}

impl Key {
    /// Reads a key.
    ///
    /// # Errors
    ///
    /// What is wrong with it, as a sentence.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let key = PublicKey::from_base64(text).map_err(|_| "this is no public key of minisign: 56 letters, `RW…`")?;
        Ok(Self { text: text.to_owned(), key })
    }

    /// Whether `signature` is one of `bytes` by this key: over all of them, and its trusted comment.
    pub fn signed(&self, bytes: &[u8], signature: &Signature) -> bool {
        // Not the legacy kind, which is over the bytes and not over their hash: one kind is enough.
        self.key.verify(bytes, &signature.signature, false).is_ok()
    }

    /// The key's number, as minisign prints it.
    pub fn id(&self) -> String {
        id(&self.text)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.text)
    }
}

impl Signature {
    /// Reads a signature.
    ///
    /// # Errors
    ///
    /// What is wrong with it, as a sentence.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > MAX_SIGNATURE {
            return Err("it is larger than 4 KiB");
        }
        let signature = minisign_verify::Signature::decode(text).map_err(|_| "this is no signature of minisign")?;
        Ok(Self { text: text.to_owned(), signature })
    }

    /// The file.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The number of the key that it says it is by.
    pub fn key_id(&self) -> String {
        id(self.text.lines().nth(1).unwrap_or_default())
    }

    /// What the signer says. It is part of what is signed.
    pub fn comment(&self) -> &str {
        self.signature.trusted_comment()
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({})", self.key_id())
    }
}

/// The number of a key in what begins with two letters for the algorithm and that number.
fn id(base64: &str) -> String {
    let bytes = STANDARD.decode(base64).unwrap_or_default();
    let number = bytes.get(2..10).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes);
    format!("{number:016X}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the program minisign made, of `pack me` and a line end.
    const KEY: &str = "RWS5dhkUC3LqdT3w7Cv6xvpMtJbSr6Ik47XeSsnynVxGtqlCJYWPq9K2";
    const OTHER: &str = "RWQmFOgLPj5tHDK/llmVMLIkKHeJcu9qWFcJr5tj2mCw1liNyKDSdJHs";
    const SIGNATURE: &str = "untrusted comment: signature from minisign secret key
RUS5dhkUC3LqdWvVd2OCRNefgmDlIQvaudK5DOkdKiVQmLRUPI1tvxUeRtsgiv1QOqNrrlSCjy72AK6cfgVmhQy/hz4xGnol6gw=
trusted comment: version 1
pJPQAQLuRh/+Ykx3W/+S+uTGi1S7nVhrTohi3ovaocc+fKLWu8e0tU9iLRVmq03IFzcZknJPaUm25Kp4jrYtCQ==
";
    const LEGACY: &str = "untrusted comment: signature from minisign secret key
RWS5dhkUC3LqdZQboyt53+poAx4f89iyugLqYnJXaSdqeSlM0b2TCOZ93EhLxEqHt5UhKgCbhW7GV9bk0pGaSGHw150Rh8gdKww=
trusted comment: old
zHN+0/vatklnf8On7Ms+3Syi2VGILDJc2axMCCFM18zwuBxgXGBcB4U6sMQvK1Uo3663g+TSuShNKUvfPD3cBA==
";

    #[test]
    fn a_signature_is_of_these_bytes_by_this_key() {
        let (key, other) = (Key::parse(KEY).unwrap(), Key::parse(OTHER).unwrap());
        let signature = Signature::parse(SIGNATURE).unwrap();
        assert!(key.signed(b"pack me\n", &signature));
        assert!(!key.signed(b"pack me", &signature));
        assert!(!other.signed(b"pack me\n", &signature));
        let altered = Signature::parse(&SIGNATURE.replace("version 1", "version 2")).unwrap();
        assert!(!key.signed(b"pack me\n", &altered), "the trusted comment is signed, too");
        assert!(!key.signed(b"pack me\n", &Signature::parse(LEGACY).unwrap()));
        assert_eq!((signature.key_id(), signature.comment()), ("75EA720B141976B9".into(), "version 1"));
        assert_eq!((key.id(), other.id()), ("75EA720B141976B9".into(), "1C6D3E3E0BE81426".into()));
    }

    #[test]
    fn what_is_none_is_refused() {
        for key in ["", "RWS5", "not base64", &KEY[1..], &format!("{KEY}A"), &KEY.replace("RW", "RX")] {
            assert!(Key::parse(key).is_err(), "{key}");
        }
        let lines: Vec<_> = SIGNATURE.lines().collect();
        for text in ["", "\n\n\n\n", &lines[..3].join("\n"), &SIGNATURE.replace("trusted comment: version", "é")] {
            assert!(Signature::parse(text).is_err(), "{text}");
        }
        assert!(Signature::parse(&(SIGNATURE.to_owned() + &"x".repeat(MAX_SIGNATURE))).is_err());
    }
}
