//! The indexes that are in memory, bounded by bytes, least recently used out first.
//!
//! An index is locked on its own, so loading one person never makes another wait. The bound holds after each recall; the
//! one index in use may exceed it alone.

use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use hashlink::LruCache;

/// What the cache keeps: an index that may not be loaded yet.
pub(crate) type Slot<V> = Arc<RwLock<Option<V>>>;

/// A byte-bounded map from keys to slots. What a look costs, and making room, does not depend on how many slots there are.
pub(crate) struct Cache<K, V> {
    limit: usize,
    state: Mutex<State<K, V>>,
}

struct State<K, V> {
    /// The least recently used first.
    slots: LruCache<K, Entry<V>>,
    bytes: usize,
    hits: u64,
    misses: u64,
}

/// What a cache holds, and how often it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) bytes: u64,
    pub(crate) slots: u64,
    /// Times that a slot was there.
    pub(crate) hits: u64,
    /// Times that it had to be made.
    pub(crate) misses: u64,
}

struct Entry<V> {
    slot: Slot<V>,
    bytes: usize,
}

impl<K: Clone + Eq + Hash, V> Cache<K, V> {
    /// A cache that keeps at most `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, state: Mutex::new(State { slots: LruCache::new_unbounded(), bytes: 0, hits: 0, misses: 0 }) }
    }

    /// The slot of `key`, made empty if it is not there.
    pub(crate) fn slot(&self, key: &K) -> Slot<V> {
        let mut state = self.state();
        if let Some(entry) = state.slots.get(key) {
            let slot = Arc::clone(&entry.slot);
            state.hits += 1;
            return slot;
        }
        state.misses += 1;
        let slot = Slot::default();
        state.slots.insert(key.clone(), Entry { slot: Arc::clone(&slot), bytes: 0 });
        slot
    }

    /// What there is.
    pub(crate) fn held(&self) -> Held {
        let state = self.state();
        Held { bytes: state.bytes as u64, slots: state.slots.len() as u64, hits: state.hits, misses: state.misses }
    }

    /// Notes how large the index of `key` is now, and drops others until the bound holds.
    pub(crate) fn sized(&self, key: &K, bytes: usize) {
        let mut state = self.state();
        let Some(entry) = state.slots.get_mut(key) else { return };
        let before = std::mem::replace(&mut entry.bytes, bytes);
        state.bytes = state.bytes - before + bytes;
        // The one at hand is now the last used, and stays.
        while state.bytes > self.limit && state.slots.len() > 1 {
            let Some((_, oldest)) = state.slots.remove_lru() else { return };
            state.bytes -= oldest.bytes;
        }
    }

    /// Drops what matches, so that nothing of an erased person stays in memory. Cost: one look at each key.
    pub(crate) fn remove_where(&self, matches: impl Fn(&K) -> bool) {
        let mut state = self.state();
        let State { slots, bytes, .. } = &mut *state;
        slots.retain(|key, entry| {
            let gone = matches(key);
            if gone {
                *bytes -= entry.bytes;
            }
            !gone
        });
    }

    fn state(&self) -> MutexGuard<'_, State<K, V>> {
        // The map is consistent between statements, so a panic elsewhere while it was held did not damage it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_goes_first_and_the_one_in_use_stays() {
        let cache: Cache<&str, ()> = Cache::new(10);
        let has = |key: &str| cache.state().slots.contains_key(key);
        for key in ["a", "b", "c"] {
            cache.slot(&key);
            cache.sized(&key, 4);
        }
        assert_eq!((has("a"), has("b"), has("c")), (false, true, true));
        cache.slot(&"b");
        cache.slot(&"d");
        cache.sized(&"d", 40);
        assert_eq!((has("b"), has("c"), has("d")), (false, false, true));
        assert_eq!(cache.held(), Held { bytes: 40, slots: 1, hits: 1, misses: 4 });
        cache.remove_where(|key| *key == "d");
        assert_eq!(cache.state().bytes, 0);
    }
}
