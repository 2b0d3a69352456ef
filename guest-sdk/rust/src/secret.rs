//! Variables that a policy grants.

/// The value of a variable that the policy grants with `env`. One that is bound to a host is a
/// placeholder, and the host puts the value in on the way there.
///
/// # Errors
///
/// Where it is not granted, or not set.
pub fn get(name: &str) -> Result<String, Error> {
    std::env::var(name).map_err(|_| Error { name: name.to_owned() })
}

/// A variable that the agent doesn't have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    name: String,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = &self.name;
        write!(f, "the variable `{name}` isn't there: the policy has to say env = [\"{name}\"], and it has to be set")
    }
}

impl std::error::Error for Error {}
