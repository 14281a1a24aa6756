//! The chain of a tenant's erasures: what stays in a store of each, without a word or a name of what was erased.
//!
//! Each entry has the hash of the receipt that was given out, and hashes the entry before it with its own, so that none
//! can be taken out, changed or put between others unseen. Receipts themselves are the facade's.

use crate::{Millis, TenantId};

/// Sets these hashes apart from any others, and names the form of what is hashed.
const CONTEXT: &str = "kithkin 2026 chain of erasures 1";

/// One erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainEntry {
    /// 1 for the tenant's first, and one more for each that follows.
    pub number: u64,
    /// When it was written.
    pub at: Millis,
    /// The hash of the receipt.
    pub receipt: [u8; 32],
    /// The hash of this entry with the one before.
    pub link: [u8; 32],
}

impl ChainEntry {
    /// The number of the entry that comes after `last`.
    pub fn number_after(last: Option<&Self>) -> u64 {
        last.map_or(1, |last| last.number.saturating_add(1))
    }

    /// The entry that comes after `last`; the first where there is none.
    pub fn after(last: Option<&Self>, tenant: &TenantId, at: Millis, receipt: [u8; 32]) -> Self {
        let number = Self::number_after(last);
        let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
        hasher.update(&last.map_or([0; 32], |last| last.link));
        hasher.update(&number.to_le_bytes());
        hasher.update(&at.to_le_bytes());
        hasher.update(&receipt);
        hasher.update(tenant.as_str().as_bytes());
        Self { number, at, receipt, link: *hasher.finalize().as_bytes() }
    }

    /// Whether it is what comes after `last`.
    pub fn follows(&self, last: Option<&Self>, tenant: &TenantId) -> bool {
        *self == Self::after(last, tenant, self.at, self.receipt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_changed_no_longer_follows() {
        let tenant = TenantId::new("t").unwrap();
        let first = ChainEntry::after(None, &tenant, 5, [1; 32]);
        let second = ChainEntry::after(Some(&first), &tenant, 6, [2; 32]);
        assert!(first.follows(None, &tenant) && second.follows(Some(&first), &tenant));
        let check = |last: Option<&ChainEntry>, tenant: &TenantId, entry: ChainEntry| {
            assert!(!entry.follows(last, tenant), "{entry:?}");
        };
        check(None, &tenant, second);
        check(Some(&first), &TenantId::new("u").unwrap(), second);
        check(Some(&first), &tenant, ChainEntry { at: 7, ..second });
        check(Some(&first), &tenant, ChainEntry { number: 3, ..second });
        check(Some(&first), &tenant, ChainEntry { receipt: [1; 32], ..second });
        check(Some(&ChainEntry { receipt: [3; 32], link: [0; 32], ..first }), &tenant, second);
    }
}
