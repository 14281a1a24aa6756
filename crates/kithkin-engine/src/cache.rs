//! The indexes that are in memory, bounded by bytes, least recently used out first.
//!
//! An index is locked on its own, so loading one person never makes another wait. The bound holds after each recall; the
//! one index in use may exceed it alone.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// What the cache keeps: an index that may not be loaded yet.
pub(crate) type Slot<V> = Arc<RwLock<Option<V>>>;

/// A byte-bounded map from keys to slots.
pub(crate) struct Cache<K, V> {
    limit: usize,
    state: Mutex<State<K, V>>,
}

struct State<K, V> {
    slots: HashMap<K, Entry<V>>,
    bytes: usize,
    tick: u64,
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
    used: u64,
}

impl<K: Clone + Eq + Hash, V> Cache<K, V> {
    /// A cache that keeps at most `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, state: Mutex::new(State { slots: HashMap::new(), bytes: 0, tick: 0, misses: 0 }) }
    }

    /// The slot of `key`, made empty if it is not there.
    pub(crate) fn slot(&self, key: &K) -> Slot<V> {
        let mut state = self.state();
        state.tick += 1;
        let used = state.tick;
        let State { slots, misses, .. } = &mut *state;
        let entry = slots.entry(key.clone()).or_insert_with(|| {
            *misses += 1;
            Entry { slot: Arc::new(RwLock::new(None)), bytes: 0, used }
        });
        entry.used = used;
        Arc::clone(&entry.slot)
    }

    /// What there is.
    pub(crate) fn held(&self) -> Held {
        let state = self.state();
        Held {
            bytes: state.bytes as u64,
            slots: state.slots.len() as u64,
            hits: state.tick - state.misses,
            misses: state.misses,
        }
    }

    /// Notes how large the index of `key` is now, and drops others until the bound holds.
    pub(crate) fn sized(&self, key: &K, bytes: usize) {
        let mut state = self.state();
        let Some(entry) = state.slots.get_mut(key) else { return };
        let before = std::mem::replace(&mut entry.bytes, bytes);
        state.bytes = state.bytes - before + bytes;
        while state.bytes > self.limit {
            let oldest = state.slots.iter().filter(|(k, _)| *k != key).min_by_key(|(_, e)| e.used);
            let Some(oldest) = oldest.map(|(k, _)| k.clone()) else { return };
            state.drop_entry(&oldest);
        }
    }

    /// Drops what matches, so that nothing of an erased person stays in memory.
    pub(crate) fn remove_where(&self, matches: impl Fn(&K) -> bool) {
        let mut state = self.state();
        let gone: Vec<K> = state.slots.keys().filter(|key| matches(key)).cloned().collect();
        for key in &gone {
            state.drop_entry(key);
        }
    }

    fn state(&self) -> MutexGuard<'_, State<K, V>> {
        // The map is consistent between statements, so a panic elsewhere while it was held did not damage it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash, V> State<K, V> {
    fn drop_entry(&mut self, key: &K) {
        if let Some(entry) = self.slots.remove(key) {
            self.bytes -= entry.bytes;
        }
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
