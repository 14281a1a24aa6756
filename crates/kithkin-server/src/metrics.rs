//! What operators watch, in the text form of Prometheus. Labels name routes and never persons.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use kithkin::Usage;

use crate::background::Background;

/// Which number of what the engine says.
type Reading = fn(&Usage) -> u64;

/// What the engine says of itself: the name, what it is, and which number.
const USED: [(&str, &str, Reading); 8] = [
    ("index_bytes", "Bytes of the indexes in memory", |used| used.index_bytes),
    ("indexes", "Indexes in memory", |used| used.indexes),
    ("index_hits", "Times that an index was in memory", |used| used.index_hits),
    ("index_misses", "Times that an index had to be made", |used| used.index_misses),
    ("chat_calls", "Requests to the chat model, of work that is done", |used| used.chat.calls),
    ("chat_tokens_read", "Tokens that it read", |used| used.chat.read),
    ("chat_tokens_said", "Tokens that it said", |used| used.chat.said),
    ("chat_over_budget", "Requests not sent, as a person's budget was used up", |used| used.over_budget),
];

/// A route and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Ended {
    method: String,
    route: String,
    status: u16,
}

/// The counters.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    seconds: Family<Ended, Histogram>,
    waiting: Gauge,
    deriving: Gauge,
    deriving_age: Gauge<f64, AtomicU64>,
    memory_failed: Counter,
    streams: Gauge,
    connections: Gauge,
    /// Read off the engine when somebody asks.
    used: Vec<(Gauge, Reading)>,
}

/// Something that goes on while this lives.
#[derive(Debug)]
pub(crate) struct Ongoing(Gauge);

impl Ongoing {
    fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }

    /// How many of its kind go on.
    pub(crate) fn count(&self) -> usize {
        usize::try_from(self.0.get()).unwrap_or(0)
    }
}

impl Drop for Ongoing {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("kithkin");
        let histogram: fn() -> Histogram = || Histogram::new(exponential_buckets(0.0005, 2.0, 18));
        let metrics = Self {
            seconds: Family::new_with_constructor(histogram),
            waiting: Gauge::default(),
            deriving: Gauge::default(),
            deriving_age: Gauge::default(),
            memory_failed: Counter::default(),
            streams: Gauge::default(),
            connections: Gauge::default(),
            used: Vec::new(),
            registry: Registry::default(),
        };
        registry.register("request_seconds", "Time until the answer began", metrics.seconds.clone());
        registry.register("requests_waiting", "Requests that wait for their turn", metrics.waiting.clone());
        registry.register("persons_deriving", "Persons with memories or vectors to be made", metrics.deriving.clone());
        registry.register("deriving_age_seconds", "How long the first of them waits", metrics.deriving_age.clone());
        let about = "Requests to the proxy that went on without memory, as it failed";
        registry.register("proxy_memory_failures", about, metrics.memory_failed.clone());
        registry.register("proxy_streams", "Answers of the proxy that are under way", metrics.streams.clone());
        registry.register("connections", "Connections that are open", metrics.connections.clone());
        let used = USED.map(|(name, about, of)| {
            let gauge = Gauge::default();
            registry.register(name, about, gauge.clone());
            (gauge, of)
        });
        Self { registry, used: used.into(), ..metrics }
    }

    /// A request waits for its turn.
    pub(crate) fn waiting(&self) -> Ongoing {
        Ongoing::new(&self.waiting)
    }

    /// An answer of the proxy is under way.
    pub(crate) fn stream(&self) -> Ongoing {
        Ongoing::new(&self.streams)
    }

    /// A connection is open.
    pub(crate) fn connection(&self) -> Ongoing {
        Ongoing::new(&self.connections)
    }

    /// A request to the proxy went on without memory.
    pub(crate) fn memory_failed(&self) {
        self.memory_failed.inc();
    }

    /// A request was answered.
    pub(crate) fn ended(&self, method: &str, route: &str, status: u16, took: Duration) {
        let ended = Ended { method: method.to_owned(), route: route.to_owned(), status };
        self.seconds.get_or_create(&ended).observe(took.as_secs_f64());
    }

    /// All of them as text.
    pub(crate) fn text(&self, background: &Background, usage: &Usage) -> String {
        for (gauge, of) in &self.used {
            gauge.set(i64::try_from(of(usage)).unwrap_or(i64::MAX));
        }
        let (persons, age) = background.waiting();
        self.deriving.set(i64::try_from(persons).unwrap_or(i64::MAX));
        self.deriving_age.set(age.as_secs_f64());
        let mut out = String::new();
        // Writing to a string does not fail.
        let _ = text::encode(&mut out, &self.registry);
        out
    }
}
