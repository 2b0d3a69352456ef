//! Computes digests.

use blake2::Blake2b512;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use sha3::Sha3_256;
use turingbox_sdk::{Failure, Outputs, agent};

/// Compute the digest of bytes or text
#[agent]
fn hash(
    /// Bytes, or text, which counts as UTF-8
    data: Vec<u8>,
    /// Which one; md5 and sha1 are for old checksums, never for security
    #[input(choices = ["sha256", "sha512", "sha3_256", "blake2b", "sha1", "md5"], default = "sha256")]
    algorithm: String,
) -> Result<Hashed, Failure> {
    let digest = match algorithm.as_str() {
        "sha256" => hexadecimal::<Sha256>(&data),
        "sha512" => hexadecimal::<Sha512>(&data),
        "sha3_256" => hexadecimal::<Sha3_256>(&data),
        "blake2b" => hexadecimal::<Blake2b512>(&data),
        "sha1" => hexadecimal::<Sha1>(&data),
        "md5" => hexadecimal::<Md5>(&data),
        other => {
            let known = "sha256, sha512, sha3_256, blake2b, sha1, md5";
            return Err(Failure::new(format!("no algorithm '{other}'; there is {known}")));
        }
    };
    Ok(Hashed { digest })
}

#[derive(Debug, Outputs, PartialEq)]
struct Hashed {
    /// The digest in hexadecimal
    digest: String,
}

fn hexadecimal<D: Digest>(data: &[u8]) -> String {
    D::digest(data).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of the standards, for the text `abc`.
    #[test]
    fn each_is_the_one_it_is_called() {
        let begins = [
            ("sha256", "ba7816bf8f01cfea"),
            ("sha512", "ddaf35a193617aba"),
            ("sha3_256", "3a985da74fe225b2"),
            ("blake2b", "ba80a53f981c4d0d"),
            ("sha1", "a9993e364706816a"),
            ("md5", "900150983cd24fb0"),
        ];
        for (algorithm, expected) in begins {
            let digest = hash(b"abc".to_vec(), algorithm.into()).map(|hashed| hashed.digest).unwrap_or_default();
            assert!(digest.starts_with(expected), "{algorithm}: {digest}");
        }
        assert!(hash(Vec::new(), "crc32".into()).is_err());
    }
}
