//! What a guest can reach of the world, one file a capability. Each checks with the policy before
//! it allocates or touches anything, and remembers what it denied.

pub mod call;
pub mod env;
pub mod files;
pub mod gate;
pub mod http;
pub mod imports;
pub mod log;
pub mod meter;
mod metered;
pub mod network;
pub mod packages;
pub mod sql;
pub mod tcp;
