//! The index of one person: what is loaded, how it follows the store, and what the stages may ask it.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use kithkin_core::{
    DerivationId, MemoryKind, Millis, Pulse, Scope, Seq, SessionRef, Store, StoreError, StoredTurn, UnitId, VectorSpace,
};

use super::analysis::{QueryTerm, TermId, Token, Vocabulary};
use super::language::SpokenLanguages;
use super::lessons::{Lesson, Lessons};
use super::lexical::Lexical;
use super::pooled::{Pools, Sources};
use super::turns::Turns;
use super::units::Units;
use super::vectors::Vectors;
use super::windows::{Links, Reach, WindowLengths};
use crate::EngineError;
use crate::change::{Frame, STATEMENTS};
use crate::engine::Partial;
use crate::method::About;
use crate::observe::{Space, turn_text};
use crate::recall::Doc;
use crate::recall::plan::Speaker;

/// Words that are added to a turn's length where its specificity is taken, so that two words are not the most particular.
const SHRINKAGE: f32 = 3.0;

/// What an index holds beside the words of the turns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Contents {
    /// Vectors of this space.
    pub(crate) space: Option<Space>,
    /// Memories of this derivation.
    pub(crate) derivation: Option<DerivationId>,
    /// What of the statements among them bears on whether earlier ones still hold.
    pub(crate) frames: bool,
    /// Feedback whose question has a vector of the space.
    pub(crate) feedback: bool,
}

/// One person's memory, ready to be searched.
pub(crate) struct PersonIndex {
    pulse: Pulse,
    bound: Option<Millis>,
    turns: Turns,
    vocabulary: Vocabulary,
    languages: SpokenLanguages,
    lexical: Lexical,
    vectors: Option<Vectors>,
    /// Whether the person has vectors, but none in the space that is searched.
    other_space: Option<VectorSpace>,
    memories: BTreeMap<MemoryKind, Units>,
    /// Whether the memories that are searched were never derived.
    underived: bool,
    lessons: Lessons,
    last: u64,
    /// How many content words each turn has.
    content: Vec<f32>,
    /// Whether a term is a function word of its language, by its number.
    function: Vec<bool>,
    specificity: OnceLock<Vec<f32>>,
    pools: Pools,
    /// The turns whose words, vector or place in their session changed in the refresh at hand, and of one that was taken
    /// out also those that stood beside it.
    changed: Vec<Doc>,
    /// What strategies have built over this state of the index, by name.
    built: Mutex<HashMap<String, Slot>>,
}

type Slot = Arc<OnceLock<Arc<dyn Any + Send + Sync>>>;

impl PersonIndex {
    /// Brings an index up to date with the store, or loads it: all at once when nothing usable is there. Only what was
    /// said by `bound` is taken in. Memories and vectors that are damaged are taken out of the store, to be made again.
    ///
    /// # Errors
    /// The store failed, or a turn is damaged: what it said might have been a correction, or a consent that is withdrawn.
    pub(crate) fn refresh(
        stale: Option<Self>,
        store: &dyn Store,
        scope: &Scope,
        contents: &Contents,
        bound: Option<Millis>,
        pulse: Pulse,
    ) -> Result<Self, EngineError> {
        match Self::loaded(stale, store, scope, contents, bound, pulse) {
            // Where it cannot be mended, the first error says more.
            Err(EngineError::Store(StoreError::Damaged { .. } | StoreError::KeyGone { .. }))
                if store.mend(scope, &[]).is_ok_and(|mended| mended > 0) =>
            {
                let pulse = store.pulse(scope)?.unwrap_or(pulse);
                Self::loaded(None, store, scope, contents, bound, pulse)
            }
            loaded => loaded,
        }
    }

    fn loaded(
        stale: Option<Self>,
        store: &dyn Store,
        scope: &Scope,
        contents: &Contents,
        bound: Option<Millis>,
        pulse: Pulse,
    ) -> Result<Self, EngineError> {
        // Memories are replaced as a whole with each session, so an index that holds them is loaded anew.
        let reusable = stale.filter(|i| i.pulse.epoch == pulse.epoch && contents.derivation.is_none());
        let mut index = reusable.unwrap_or_else(|| Self::empty(bound));
        index.load_turns(store, scope)?;
        if let Some(derivation) = &contents.derivation {
            index.load_memories(store, scope, derivation, contents.frames)?;
        }
        if let Some(space) = &contents.space {
            index.load_vectors(store, scope, space)?;
            if contents.feedback {
                index.lessons.load(store, scope, space, bound.unwrap_or(Millis::MAX))?;
            }
        }
        // Every new turn makes every word a little rarer, so this is not extended.
        index.specificity = OnceLock::new();
        let changed = std::mem::take(&mut index.changed);
        let (lexical, vectors) = (&index.lexical, index.vectors.as_ref());
        index.pools.update(Sources { lexical, links: index.turns.links(), vectors }, &changed);
        index.built = Mutex::default();
        index.pulse = pulse;
        Ok(index)
    }

    fn empty(bound: Option<Millis>) -> Self {
        Self {
            pulse: Pulse::default(),
            bound,
            turns: Turns::default(),
            vocabulary: Vocabulary::default(),
            languages: SpokenLanguages::default(),
            lexical: Lexical::default(),
            vectors: None,
            other_space: None,
            memories: BTreeMap::new(),
            underived: false,
            lessons: Lessons::default(),
            last: 0,
            content: Vec::new(),
            function: Vec::new(),
            specificity: OnceLock::new(),
            pools: Pools::default(),
            changed: Vec::new(),
            built: Mutex::default(),
        }
    }

    fn load_turns(&mut self, store: &dyn Store, scope: &Scope) -> Result<(), EngineError> {
        let bound = self.bound.unwrap_or(Millis::MAX);
        let mut tokens: Vec<Token> = Vec::new();
        store.scan_turns(scope, self.last, &mut |turn| {
            self.last = self.last.max(turn.seq.0);
            if turn.seen_at() <= bound {
                self.add(&turn, &mut tokens);
            }
            ControlFlow::Continue(())
        })?;
        Ok(())
    }

    /// Takes in a turn, in place of the one that it replaces. `tokens` is a buffer.
    fn add(&mut self, turn: &StoredTurn, tokens: &mut Vec<Token>) {
        let doc = self.turns.push(turn);
        let session = self.session_of(doc);
        let expected = self.languages.expected(session);
        if let Some(language) = self.vocabulary.read(&turn_text(&turn.turn), expected, tokens) {
            self.languages.note(session, language);
        }
        self.function.resize(self.vocabulary.len(), false);
        for token in &*tokens {
            if let Some(function) = self.function.get_mut(token.term.0 as usize) {
                *function = token.function;
            }
        }
        self.content.push(tokens.iter().filter(|token| !token.function).count() as f32);
        self.lexical.push(tokens.iter().map(|token| token.term));
        self.changed.push(doc);
        if let Some(replaced) = turn.supersedes {
            self.replace(replaced);
        }
    }

    /// Takes a replaced turn out of everything.
    fn replace(&mut self, replaced: Seq) {
        let Some(doc) = self.turns.doc(replaced) else { return };
        let beside = Reach { before: &[1.0], after: &[1.0] };
        beside.around(self.turns.links(), doc, |near, _| self.changed.push(near));
        self.turns.remove(replaced);
        self.lexical.remove(doc);
        if let Some(vectors) = &mut self.vectors {
            vectors.remove(doc);
        }
    }

    /// Takes in the memories all of whose sources can be seen.
    fn load_memories(
        &mut self,
        store: &dyn Store,
        scope: &Scope,
        of: &DerivationId,
        frames: bool,
    ) -> Result<(), EngineError> {
        self.memories.clear();
        let mut any = false;
        store.scan_memories(scope, of, &mut |stored| {
            any = true;
            let docs: Option<Vec<Doc>> = stored.memory.sources.iter().map(|seq| self.turns.doc(*seq)).collect();
            if let Some(docs) = docs.filter(|docs| !docs.is_empty()) {
                let units = self.memories.entry(stored.memory.kind).or_default();
                units.push(&stored, &docs, &mut self.vocabulary, self.languages.main());
                if frames && STATEMENTS.contains(&stored.memory.kind) {
                    units.push_frame(Frame::of(&stored.memory.text, &mut self.vocabulary, self.languages.main()));
                }
            }
            ControlFlow::Continue(())
        })?;
        // Sessions may have nothing to derive, and what was derived may lie after the bound: neither is a lack.
        self.underived = !any && !store.stale_sessions(scope, of)?.is_empty();
        Ok(())
    }

    fn load_vectors(&mut self, store: &dyn Store, scope: &Scope, space: &Space) -> Result<(), EngineError> {
        // Vectors come behind the turns, so what is missing is looked for from the first turn without one.
        let known = self.vectors.as_ref();
        let first_missing = (0..self.turns.len() as Doc)
            .find(|doc| self.turns.is_live(*doc) && !known.is_some_and(|v| v.has(*doc)))
            .map(|doc| self.turns.seq(doc).0);
        let Some(from) = first_missing else { return Ok(()) };
        let rows = self.turns.len();
        let unusable = space.scan(store, scope, from - 1, &mut |unit, vector| match unit {
            UnitId::Turn(seq) => {
                let Some(doc) = self.turns.doc(seq) else { return };
                let vectors = self.vectors.get_or_insert_with(|| Vectors::new(vector.len(), rows));
                if !vectors.has(doc) && vectors.set(doc, vector) {
                    self.changed.push(doc);
                }
            }
            UnitId::Memory(id) => self.memories.values_mut().for_each(|units| units.set_vector(id, vector)),
        })?;
        if !unusable.is_empty() && store.mend(scope, &unusable).is_err() {
            let what = format!("{} vectors of {scope}", unusable.len());
            let why = "they cannot be compared with those of the embedder".to_owned();
            return Err(StoreError::Damaged { place: "the store".to_owned(), what, why }.into());
        }
        self.other_space = None;
        if self.vectors.is_none() {
            let counts = store.vector_counts(scope)?;
            self.other_space = counts.into_iter().find(|c| c.space != space.name && c.turns > 0).map(|c| c.space);
        }
        Ok(())
    }

    /// Refuses a method that this index cannot serve.
    ///
    /// # Errors
    /// Vectors of another embedder, or memories that were never derived.
    pub(crate) fn check(&self, scope: &Scope, about: &About, space: Option<&Space>) -> Result<(), EngineError> {
        if let (true, Some(stored), Some(configured)) = (about.needs_embedder, &self.other_space, space) {
            let (stored, configured) = (stored.clone(), configured.name.clone());
            return Err(EngineError::OtherEmbedder { scope: scope.clone(), stored, configured });
        }
        if about.needs_memories && self.underived {
            return Err(EngineError::NotDerived { scope: scope.clone(), method: about.id.clone() });
        }
        Ok(())
    }

    /// The counters of the store that this index is up to date with.
    pub(crate) fn pulse(&self) -> Pulse {
        self.pulse
    }

    /// How many turns lack a vector, where vectors are searched and some are missing.
    pub(crate) fn partial(&self, needs_embedder: bool) -> Option<Partial> {
        let (vectors, turns) = (self.vectors.as_ref().map_or(0, Vectors::present), self.turns.live());
        (needs_embedder && vectors < turns).then_some(Partial { vectors: vectors as u64, turns: turns as u64 })
    }

    /// Bytes on the heap, near enough for a cache.
    pub(crate) fn bytes(&self) -> usize {
        let vectors = self.vectors.as_ref().map_or(0, Vectors::bytes);
        let memories: usize = self.memories.values().map(Units::bytes).sum();
        self.turns.bytes()
            + self.lessons.bytes()
            + self.vocabulary.bytes()
            + self.languages.bytes()
            + self.lexical.bytes()
            + vectors
            + memories
            + self.turns.len() * 16
    }

    /// The numbers given to turns: 0 to this.
    pub(crate) fn docs(&self) -> usize {
        self.turns.len()
    }

    /// The last moment at which a turn was said, or a question asked to which there is feedback.
    pub(crate) fn latest(&self) -> Millis {
        self.lessons.latest().map_or(self.turns.latest(), |asked| asked.max(self.turns.latest()))
    }

    /// Whether the turn was not replaced.
    pub(crate) fn is_live(&self, doc: Doc) -> bool {
        self.turns.is_live(doc)
    }

    /// Whether each turn was not replaced.
    pub(crate) fn lives(&self) -> &[bool] {
        self.turns.lives()
    }

    /// The number of the turn at this place; `None` for one that was replaced, or is not there.
    pub(crate) fn doc(&self, seq: Seq) -> Option<Doc> {
        self.turns.doc(seq)
    }

    /// The place of a turn in the log.
    pub(crate) fn seq(&self, doc: Doc) -> Seq {
        self.turns.seq(doc)
    }

    /// When a turn was said; of an undated one, when it was recorded.
    pub(crate) fn said_at(&self, doc: Doc) -> Millis {
        self.turns.at(doc)
    }

    /// When a turn was said, if that is known.
    pub(crate) fn dated(&self, doc: Doc) -> Option<Millis> {
        self.turns.dated(doc)
    }

    /// The number of a turn's session.
    pub(crate) fn session_of(&self, doc: Doc) -> u32 {
        self.session_numbers().get(doc as usize).copied().unwrap_or(u32::MAX)
    }

    /// The number of each turn's session.
    pub(crate) fn session_numbers(&self) -> &[u32] {
        self.turns.session_numbers()
    }

    /// How many sessions there are.
    pub(crate) fn sessions(&self) -> usize {
        self.turns.sessions()
    }

    /// The name of a session.
    pub(crate) fn session(&self, session: u32) -> Option<&SessionRef> {
        self.turns.session_name(session)
    }

    /// The number of a session.
    pub(crate) fn session_number(&self, name: &SessionRef) -> Option<u32> {
        self.turns.session_of(name)
    }

    /// The number of a turn's speaker in [`Self::speakers`].
    pub(crate) fn speaker(&self, doc: Doc) -> u32 {
        self.speaker_numbers().get(doc as usize).copied().unwrap_or(u32::MAX)
    }

    /// The number of each turn's speaker.
    pub(crate) fn speaker_numbers(&self) -> &[u32] {
        self.turns.speaker_numbers()
    }

    /// Who speaks in the history.
    pub(crate) fn speakers(&self) -> &[Speaker] {
        self.turns.speakers()
    }

    /// The share of each turn that is a question.
    pub(crate) fn question_shares(&self) -> &[f32] {
        self.turns.question_shares()
    }

    /// The words of the turns.
    pub(crate) fn lexical(&self) -> &Lexical {
        &self.lexical
    }

    /// Which turn stands before and after which in its session.
    pub(crate) fn links(&self) -> &Links {
        self.turns.links()
    }

    /// The vectors of the turns.
    pub(crate) fn vectors(&self) -> Option<&Vectors> {
        self.vectors.as_ref()
    }

    /// The memories of a kind; `None` without any.
    pub(crate) fn memories(&self, kind: MemoryKind) -> Option<&Units> {
        self.memories.get(&kind)
    }

    /// The memories of every kind.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = (MemoryKind, &Units)> {
        self.memories.iter().map(|(kind, units)| (*kind, units))
    }

    /// The feedback, in the order in which it was given.
    pub(crate) fn lessons(&self) -> &[Lesson] {
        self.lessons.all()
    }

    /// The words of a question that are no function words, looked up; all of them where there are no others.
    pub(crate) fn query_terms(&self, text: &str) -> Vec<QueryTerm> {
        let mut terms = self.vocabulary.question(text, self.languages.main());
        if terms.iter().any(|term| !term.function) {
            terms.retain(|term| !term.function);
        }
        terms
    }

    /// The pooled lengths of the turns, kept between recalls.
    pub(crate) fn lengths(&self, reach: Reach<'_>) -> Arc<WindowLengths> {
        self.pools.lengths(self.sources(), reach)
    }

    /// The length of the weighted sum of the vectors of each turn and its neighbours; 0 where none has a vector. Kept
    /// between recalls.
    pub(crate) fn norms(&self, reach: Reach<'_>) -> Arc<Vec<f32>> {
        self.pools.norms(self.sources(), reach)
    }

    /// What a strategy builds over this state of the index, such as a graph or a tree: built at most once, and kept until
    /// the index changes. `name` tells strategies and parameters apart; one name always has one type.
    pub(crate) fn built<T: Send + Sync + 'static>(&self, name: &str, build: impl Fn() -> T) -> Arc<T> {
        let mut known = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = Arc::clone(known.entry(name.to_owned()).or_default());
        drop(known);
        let kept = slot.get_or_init(|| Arc::new(build()));
        // Were a name given to two types, the second would not be kept.
        Arc::clone(kept).downcast().unwrap_or_else(|_| Arc::new(build()))
    }

    fn sources(&self) -> Sources<'_> {
        Sources { lexical: &self.lexical, links: self.links(), vectors: self.vectors() }
    }

    /// Whether a term is a word of the turns, and no function word.
    pub(crate) fn is_content(&self, term: TermId) -> bool {
        self.function.get(term.0 as usize) == Some(&false)
    }

    /// How particular the words of each turn are: the mean idf of its content words in units of the rarest word, shrunk
    /// for short turns. Kept between recalls.
    pub(crate) fn specificity(&self) -> &[f32] {
        self.specificity.get_or_init(|| {
            let mut sums = vec![0.0; self.docs()];
            self.lexical.information(&mut sums, |term| self.is_content(term));
            let highest = self.lexical.max_idf();
            sums.iter().zip(&self.content).map(|(sum, n)| sum / (n + SHRINKAGE) / highest).collect()
        })
    }
}
