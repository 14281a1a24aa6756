//! A preset's file: what it says about itself, and the strategy of each stage.

use std::fmt;
use std::sync::Arc;

use kithkin_core::{DerivationId, MemoryKind, MethodId, Scope, StoredTurn};
use serde::{Deserialize, Serialize};
use toml::Table;

use crate::error::near_text;
use crate::observe::{Compress, Extract, Segment};
use crate::recall::{Answer, Filter, Fuse, Rerank, Rescore, Retrieve, Sessions};
use crate::respond::{Compose, Fallback, Gate, Refine};
use crate::{observe, recall, respond};

/// Why a preset cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// The file is not TOML, or has a field that presets do not have.
    #[error("{origin}: {why}")]
    File {
        /// Which file.
        origin: String,
        /// What is wrong, with the line.
        why: String,
    },
    /// A stage names no strategy.
    #[error("the stage {stage} needs `strategy = \"…\"`, one of {known}")]
    NoStrategy {
        /// The stage.
        stage: &'static str,
        /// Its strategies.
        known: String,
    },
    /// A stage names a strategy that does not exist.
    #[error("the stage {stage} has no strategy {name:?}{}; there are {known}", near_text(near))]
    UnknownStrategy {
        /// The stage.
        stage: &'static str,
        /// The name given.
        name: String,
        /// Names like it.
        near: Vec<String>,
        /// Its strategies.
        known: String,
    },
    /// A parameter is unknown, of another type, or out of its range.
    #[error("the strategy {strategy} of the stage {stage}: {why}")]
    Parameter {
        /// The stage.
        stage: &'static str,
        /// The strategy.
        strategy: String,
        /// What is wrong, with what is allowed.
        why: String,
    },
}

/// How settled a method is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Its results are held to by reproduction rows.
    Stable,
    /// It may still change.
    Preview,
}

/// The paper that a method comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Paper {
    /// Its title, with authors and year.
    pub title: String,
    /// What it claims, in one sentence.
    pub claims: String,
}

/// What a preset says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct About {
    /// Its name.
    pub id: MethodId,
    /// A line for a list.
    pub title: String,
    /// What it does, in a few sentences.
    pub summary: String,
    /// How settled it is.
    pub status: Status,
    /// What it costs: to write, to search, in memory.
    pub cost: String,
    /// The paper it comes from, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paper: Option<Paper>,
    /// Where it departs from the paper, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub differs_from_paper: Option<String>,
    /// Whether it compares embeddings.
    pub needs_embedder: bool,
    /// Whether it searches memories that `rebuild` derives.
    pub needs_memories: bool,
    /// Whether it asks a chat model, to derive memories or to choose among what was found.
    pub needs_chat: bool,
    /// Whether a reranker orders the best turns.
    pub needs_reranker: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: MethodId,
    title: String,
    summary: String,
    status: Status,
    cost: String,
    paper: Option<Paper>,
    differs_from_paper: Option<String>,
    observe: Option<ObserveFile>,
    recall: RecallFile,
    #[serde(default)]
    respond: RespondFile,
}

/// The JSON form is the identity of what is derived.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ObserveFile {
    segment: Table,
    /// Each unit as it is, where nothing is said.
    #[serde(default = "whole_spans")]
    extract: Vec<Table>,
    /// Left out where there is none, so that what was derived before this stage was there keeps its identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    compress: Option<Table>,
}

fn whole_spans() -> Vec<Table> {
    vec![named("span")]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecallFile {
    retrieve: Vec<Table>,
    /// How much the aspects of a question count in each retriever, in their order; 1 for those not listed.
    #[serde(default)]
    aspects: Vec<f32>,
    fuse: Table,
    #[serde(default)]
    rerank: Vec<Table>,
    sessions: Table,
    answer: Table,
    rescore: Option<Table>,
    filter: Option<Table>,
    /// Evidence below this answerability makes recall abstain.
    abstain_below: f32,
    /// Return every turn that may be seen, whatever the limit.
    #[serde(default)]
    everything: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RespondFile {
    #[serde(default = "memories")]
    compose: Table,
    gate: Option<Table>,
    fallback: Option<Table>,
    refine: Option<Table>,
}

fn memories() -> Table {
    named("memories")
}

/// What is recalled is put before the person's words, where nothing is said.
impl Default for RespondFile {
    fn default() -> Self {
        Self { compose: memories(), gate: None, fallback: None, refine: None }
    }
}

/// A strategy with its defaults.
fn named(strategy: &str) -> Table {
    Table::from_iter([("strategy".to_owned(), toml::Value::from(strategy))])
}

/// A preset, checked and bound to its strategies. Cloning shares them.
#[derive(Clone)]
pub struct Method {
    inner: Arc<Bound>,
}

/// How memories are derived.
pub(crate) struct Observe {
    pub(crate) segment: Box<dyn Segment>,
    pub(crate) extract: Vec<Box<dyn Extract>>,
    pub(crate) compress: Option<Box<dyn Compress>>,
}

impl Observe {
    /// Binds the strategies. The versions of prompts that `file` leaves to the default are written into it: what is
    /// derived depends on them.
    fn bind(file: &mut ObserveFile) -> Result<Self, SpecError> {
        let segment = observe::segment::parse(file.segment.clone())?;
        name_prompt(&mut file.segment, segment.prompt());
        let mut bound = Vec::new();
        for table in &mut file.extract {
            let extract = observe::extract::parse(table.clone())?;
            name_prompt(table, extract.prompt());
            bound.push(extract);
        }
        let mut compress = None;
        if let Some(table) = &mut file.compress {
            let bound = observe::compress::parse(table.clone())?;
            name_prompt(table, bound.prompt());
            compress = Some(bound);
        }
        Ok(Self { segment, extract: bound, compress })
    }

    /// The kinds of memories that are derived.
    fn kinds(&self) -> Vec<MemoryKind> {
        self.extract.iter().flat_map(|extract| extract.kinds(self.segment.kind())).collect()
    }
}

fn name_prompt(table: &mut Table, version: Option<u32>) {
    if let Some(version) = version {
        table.insert("prompt".to_owned(), version.into());
    }
}

pub(crate) struct Bound {
    pub(crate) about: About,
    pub(crate) json: String,
    pub(crate) derivation: DerivationId,
    pub(crate) observe: Option<Observe>,
    pub(crate) retrieve: Vec<Box<dyn Retrieve>>,
    pub(crate) aspects: Vec<f32>,
    pub(crate) fuse: Box<dyn Fuse>,
    pub(crate) rerank: Vec<Box<dyn Rerank>>,
    pub(crate) sessions: Box<dyn Sessions>,
    pub(crate) answer: Box<dyn Answer>,
    pub(crate) rescore: Option<Box<dyn Rescore>>,
    pub(crate) filter: Option<Box<dyn Filter>>,
    pub(crate) compose: Box<dyn Compose>,
    pub(crate) gate: Option<Box<dyn Gate>>,
    pub(crate) fallback: Option<Box<dyn Fallback>>,
    pub(crate) refine: Option<Box<dyn Refine>>,
    pub(crate) abstain_below: f32,
    pub(crate) everything: bool,
    /// Whether a strategy asks which statements still hold, or how they are related.
    pub(crate) frames: bool,
    /// Whether a strategy learns from the person's feedback.
    pub(crate) learns: bool,
}

impl Method {
    /// Reads a preset. `origin` is the name of the file in errors.
    ///
    /// # Errors
    /// The file, stage, strategy or parameter that is wrong, and what would be right.
    pub fn parse(origin: &str, text: &str) -> Result<Self, SpecError> {
        let wrong = |why: String| SpecError::File { origin: origin.to_owned(), why };
        let table: Table = text.parse().map_err(|e: toml::de::Error| wrong(e.to_string()))?;
        let file: File = toml::from_str(text).map_err(|e| wrong(e.to_string()))?;
        Self::bind(origin, &table, file)
    }

    /// Reads back what [`Method::json`] gave. `origin` says in errors what it is.
    ///
    /// # Errors
    /// As [`Method::parse`].
    pub fn from_json(origin: &str, json: &str) -> Result<Self, SpecError> {
        let wrong = |why: String| SpecError::File { origin: origin.to_owned(), why };
        let table: Table = serde_json::from_str(json).map_err(|e| wrong(e.to_string()))?;
        let file: File = table.clone().try_into().map_err(|e: toml::de::Error| wrong(e.to_string()))?;
        Self::bind(origin, &table, file)
    }

    fn bind(origin: &str, table: &Table, mut file: File) -> Result<Self, SpecError> {
        let wrong = |why: String| SpecError::File { origin: origin.to_owned(), why };
        let json = serde_json::to_string(table).map_err(|e| wrong(e.to_string()))?;
        let observe = file.observe.as_mut().map(Observe::bind).transpose()?;
        let observe_json = file.observe.as_ref().map(serde_json::to_string).transpose();
        let derivation = observe_json.map_err(|e| wrong(e.to_string()))?.unwrap_or_else(|| "none".to_owned());
        if !(0.0..=1.0).contains(&file.recall.abstain_below) {
            return Err(wrong(format!("abstain_below is {}; it must lie within 0 and 1", file.recall.abstain_below)));
        }
        let retrieve =
            file.recall.retrieve.into_iter().map(recall::retrieve::parse).collect::<Result<Vec<_>, SpecError>>()?;
        if retrieve.is_empty() {
            return Err(wrong("recall.retrieve is empty; name at least one strategy".to_owned()));
        }
        recall::fuse::check_weights(&file.recall.aspects).map_err(|why| wrong(format!("recall.aspects: {why}")))?;
        let rescore = file.recall.rescore.map(recall::rescore::parse).transpose()?;
        let filter = file.recall.filter.map(recall::filter::parse).transpose()?;
        let needs_chat = filter.is_some() || observe.as_ref().is_some_and(Observe::asks);
        let rerank: Vec<Box<dyn Rerank>> =
            file.recall.rerank.into_iter().map(recall::rerank::parse).collect::<Result<_, _>>()?;
        let needs: Vec<_> = retrieve.iter().map(|r| r.needs()).chain(rerank.iter().map(|r| r.needs())).collect();
        let segment_needs = observe.as_ref().is_some_and(|o| o.segment.needs_vectors());
        let needs_embedder = segment_needs || needs.iter().any(|n| n.embedder);
        let learns = needs.iter().any(|n| n.feedback);
        let frames = needs.iter().any(|n| n.frames);
        let derived = observe.as_ref().map(Observe::kinds).unwrap_or_default();
        let compose = respond::compose::parse(file.respond.compose)?;
        let shown = compose.shows_summaries().then_some(MemoryKind::Summary);
        let searched: Vec<MemoryKind> = needs.into_iter().flat_map(|n| n.memories).chain(shown).collect();
        if let Some(missing) = searched.iter().find(|kind| !derived.contains(kind)) {
            let made = derived.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ");
            let made = if made.is_empty() { "none".to_owned() } else { made };
            return Err(wrong(format!("a strategy reads memories of the kind {missing}, but observe makes {made}")));
        }
        let needs_memories = !searched.is_empty();
        let about = About {
            id: file.id,
            title: file.title,
            summary: file.summary.trim().to_owned(),
            status: file.status,
            cost: file.cost,
            paper: file.paper,
            differs_from_paper: file.differs_from_paper,
            needs_embedder,
            needs_memories,
            needs_chat,
            needs_reranker: rescore.is_some(),
        };
        let bound = Bound {
            about,
            json,
            derivation: DerivationId(derivation),
            observe,
            retrieve,
            aspects: file.recall.aspects,
            fuse: recall::fuse::parse(file.recall.fuse)?,
            rerank,
            sessions: recall::sessions::parse(file.recall.sessions)?,
            answer: recall::answer::parse(file.recall.answer)?,
            rescore,
            filter,
            compose,
            gate: file.respond.gate.map(respond::gate::parse).transpose()?,
            fallback: file.respond.fallback.map(respond::fallback::parse).transpose()?,
            refine: file.respond.refine.map(respond::refine::parse).transpose()?,
            abstain_below: file.recall.abstain_below,
            everything: file.recall.everything,
            frames,
            learns,
        };
        Ok(Self { inner: Arc::new(bound) })
    }

    /// Whether a reply is shown summaries of sessions.
    pub fn shows_summaries(&self) -> bool {
        self.inner.compose.shows_summaries()
    }

    /// Whether it makes a difference to a reply who asks.
    pub fn knows_the_asker(&self) -> bool {
        self.inner.compose.knows_the_asker()
    }

    /// How many turns of others a reply wants beside so many that were recalled of the person; 0 where it wants none.
    pub fn wants_of_others(&self, own: usize) -> usize {
        self.inner.compose.wants_of_others(own)
    }

    /// Which turns of others a reply is given, of those that were found: of each other the best first, and the best of all
    /// others before the second of any.
    pub fn choose_of_others(&self, own: usize, found: Vec<(Scope, StoredTurn)>) -> Vec<(Scope, StoredTurn)> {
        self.inner.compose.choose_of_others(own, found)
    }

    /// What the preset says about itself.
    pub fn about(&self) -> &About {
        &self.inner.about
    }

    /// Whether entries of a profile are among its memories.
    pub fn derives_entries(&self) -> bool {
        self.inner.observe.as_ref().is_some_and(|observe| observe.kinds().contains(&MemoryKind::Entry))
    }

    /// Whether a chat model is asked for its memories.
    pub fn derives_with_chat(&self) -> bool {
        self.inner.observe.as_ref().is_some_and(Observe::asks)
    }

    /// The whole preset as JSON, as a store keeps it.
    pub fn json(&self) -> &str {
        &self.inner.json
    }

    /// What its observe stages derive.
    pub fn derivation(&self) -> &DerivationId {
        &self.inner.derivation
    }

    pub(crate) fn bound(&self) -> &Bound {
        &self.inner
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Method").field(&self.inner.about.id).finish()
    }
}
