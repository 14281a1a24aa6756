//! A layer between a client and the servers of its database.

use std::path::Path;

/// The address by which the servers of `address` are reached through this layer.
///
/// # Errors
/// The address cannot be read, or a socket cannot be made.
pub(crate) fn between(address: &str, _folder: &Path) -> anyhow::Result<String> {
    Ok(address.to_owned())
}
