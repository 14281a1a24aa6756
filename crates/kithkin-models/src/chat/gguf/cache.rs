//! The keys and values of the tokens that a model has read, kept for the conversation that it read last.
//!
//! A conversation that goes on begins with the same tokens, so only the new ones are read: the first token of the reply
//! then comes soon. Memory: two times layers times key-value heads times the width of a head, in `f32`, for each token
//! (46 kB for SmolLM2-135M, 46 MB for a thousand tokens).

/// The keys and values of one layer's heads, a row a token.
#[derive(Debug, Clone, Default)]
pub(super) struct HeadCache {
    pub(super) keys: Vec<f32>,
    pub(super) values: Vec<f32>,
}

/// The tokens that were read, and what each layer keeps of them.
#[derive(Debug)]
pub(super) struct Cache {
    tokens: Vec<u32>,
    /// One a layer and key-value head, layer by layer.
    heads: Vec<HeadCache>,
    heads_a_layer: usize,
    width: usize,
}

impl Cache {
    /// Nothing was read yet.
    pub(super) fn new(layers: usize, heads_a_layer: usize, width: usize) -> Self {
        Self { tokens: Vec::new(), heads: vec![HeadCache::default(); layers * heads_a_layer], heads_a_layer, width }
    }

    /// How many tokens were read.
    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Keeps what can be of use for `prompt`, and gives the tokens that are still to be read: always the last at least,
    /// since its row is what says how to go on.
    pub(super) fn reuse<'p>(&mut self, prompt: &'p [u32]) -> &'p [u32] {
        let same = self.tokens.iter().zip(prompt).take_while(|(a, b)| a == b).count();
        let same = same.min(prompt.len().saturating_sub(1));
        self.cut(same);
        &prompt[same..]
    }

    /// Forgets all but the first tokens.
    pub(super) fn cut(&mut self, tokens: usize) {
        self.tokens.truncate(tokens);
        for head in &mut self.heads {
            head.keys.truncate(tokens * self.width);
            head.values.truncate(tokens * self.width);
        }
    }

    /// The heads of a layer.
    pub(super) fn layer(&mut self, layer: usize) -> &mut [HeadCache] {
        &mut self.heads[layer * self.heads_a_layer..(layer + 1) * self.heads_a_layer]
    }

    /// Says that the layers have now read these tokens.
    pub(super) fn read(&mut self, tokens: &[u32]) {
        self.tokens.extend_from_slice(tokens);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_prompts_share_is_read_once() {
        let check = |first: &[u32], then: &[u32], read: &[u32]| {
            let mut cache = Cache::new(2, 1, 3);
            for layer in 0..2 {
                cache.layer(layer)[0].keys = vec![0.5; first.len() * 3];
                cache.layer(layer)[0].values = vec![0.5; first.len() * 3];
            }
            cache.read(first);
            assert_eq!(cache.reuse(then), read, "{first:?} {then:?}");
            assert_eq!(cache.len() + read.len(), then.len());
            let kept = &cache.layer(1)[0];
            assert_eq!(
                (kept.keys.len(), kept.values.len()),
                ((then.len() - read.len()) * 3, (then.len() - read.len()) * 3)
            );
        };
        check(&[], &[1, 2], &[1, 2]);
        check(&[1, 2, 3], &[1, 2, 3, 4, 5], &[4, 5]);
        check(&[1, 2, 3], &[1, 9, 3], &[9, 3]);
        check(&[1, 2, 3], &[1, 2, 3], &[3]);
        check(&[1, 2, 3], &[1, 2], &[2]);
    }
}
