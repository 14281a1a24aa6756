//! Numbers that look random and are the same in each run (SplitMix64). Nothing here reads a source of chance.

/// A row of draws.
#[derive(Debug, Clone)]
pub(crate) struct Draw(u64);

impl Draw {
    /// The row that this seed starts.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `n`; 0 where `n` is 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n.max(1) as u64) as usize
    }

    /// One of the items; `None` where there are none.
    pub(crate) fn one<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }

    /// The items in an order of chance.
    pub(crate) fn shuffled<T>(&mut self, mut items: Vec<T>) -> Vec<T> {
        for left in (1..items.len()).rev() {
            items.swap(left, self.below(left + 1));
        }
        items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_draws_and_they_are_even() {
        let draws = |seed| {
            let mut draw = Draw::new(seed);
            (0..2_000).map(|_| draw.below(4)).collect::<Vec<_>>()
        };
        assert_eq!(draws(1), draws(1));
        assert_ne!(draws(1), draws(2));
        assert!((0..4).all(|side| (400..600).contains(&draws(1).iter().filter(|d| **d == side).count())));
    }

    #[test]
    fn all_items_are_there_after_shuffling() {
        let mut shuffled = Draw::new(3).shuffled((0..50).collect::<Vec<_>>());
        assert_ne!(shuffled, (0..50).collect::<Vec<_>>());
        shuffled.sort_unstable();
        assert_eq!(shuffled, (0..50).collect::<Vec<_>>());
        assert_eq!(Draw::new(3).one::<u8>(&[]), None);
    }
}
