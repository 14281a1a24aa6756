//! Stores of Kithkin: SQLite in one file, PostgreSQL for a fleet (the feature `postgres`), and memory for tests.
//!
//! All implement [`kithkin_core::Store`], and [`conformance`] holds them to its contract. What the contract leaves
//! open, they decide alike:
//!
//! - `Pulse::version` grows by one with every call that changes something of the person; a call that changes nothing
//!   (only duplicates, vectors of units that are gone, the binding that is there already) leaves it.
//! - `Pulse::epoch` grows when something was erased; when `put_memories` replaced at least one memory; when
//!   `put_vectors` put another vector in the place of one; when vectors or memories were dropped; and when the binding
//!   changed. Appended turns, changed ones among them, and vectors and memories that are merely added leave it.
//! - A person that comes after an erased one starts every counter (version, epoch, places, numbers of memories) above
//!   those of all persons erased before. So nobody takes it for an erased person of the same name, and a slow embedder
//!   cannot attach what it made of erased turns to new ones. In a store without erased persons places start at 1.
//! - Binding makes a person that is not there yet. Erasing every conversation keeps the person and its binding; only
//!   [`Erasure::Person`](kithkin_core::Erasure::Person) removes them.
//! - A session is erased with all versions of its turns, also those that were told in another session. Sessions that
//!   lost a memory become stale like those that lost a turn.
//! - `put_memories` is also refused for a session that has no turns, since its name would outlive its erasure.
//!
//! [`EncryptedStore`] makes any of them one whose content is encrypted, with the keys of a [`Keyring`].
//!
//! Nothing here embeds, derives or reads the clock.

#[allow(clippy::unwrap_used, clippy::panic, reason = "a broken contract fails the test that runs the suite")]
pub mod conformance;
mod counters;
mod encrypted;
mod memory;
#[cfg(feature = "postgres")]
mod postgres;
mod record;
mod sqlite;

pub use encrypted::{EncryptedStore, Keyring, MasterKey};
pub use memory::MemoryStore;
#[cfg(feature = "postgres")]
pub use postgres::PostgresStore;
pub use sqlite::{FreePages, SqliteStore, free_pages};
