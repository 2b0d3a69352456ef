//! Agents that others made: one file of an agent's folder, what says that it is whole, and where it comes
//! from. `agents/SHARING.md` says how that looks from outside.
//!
//! - [`Pack`]: the file, and the only form that one can have
//! - [`Key`] and [`Signature`]: who vouches for it
//! - [`Location`], [`Client`], [`oci`]: getting one from elsewhere
//! - [`Home`]: where it goes

#[cfg(feature = "host")]
mod fetch;
#[cfg(feature = "host")]
pub mod oci;
mod pack;
#[cfg(feature = "host")]
mod place;
mod signature;
#[cfg(feature = "host")]
mod source;
#[cfg(feature = "host")]
mod vouched;

#[cfg(feature = "otel")]
pub(crate) use fetch::Asked;
#[cfg(feature = "host")]
pub use fetch::Client;
pub use pack::{MAX_FILES, MAX_PACK, Pack};
#[cfg(feature = "host")]
pub use place::Home;
pub use signature::{Key, MAX_SIGNATURE, Signature};
#[cfg(feature = "host")]
pub use source::{Fetched, Location, manifest_in};
#[cfg(feature = "host")]
pub(crate) use vouched::{unvouched, vouched};
