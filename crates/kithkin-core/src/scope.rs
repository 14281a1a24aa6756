//! Whose data an operation touches.
//!
//! Every read and every write of a store takes a [`Scope`], so a query that forgets whose data it wants does not
//! compile. There is deliberately no scope that means "everyone".

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{PersonId, TenantId};

/// One person of one tenant: the unit that data is stored, searched, cached and erased by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Scope {
    /// The tenant that the person belongs to.
    pub tenant: TenantId,
    /// The person.
    pub person: PersonId,
}

impl Scope {
    /// The person `person` of the tenant `tenant`.
    pub fn new(tenant: TenantId, person: PersonId) -> Self {
        Self { tenant, person }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.tenant, self.person)
    }
}
