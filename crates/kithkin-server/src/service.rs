//! What all requests share: the store, how much of it is used at once, and what runs behind.

use std::sync::Arc;
use std::time::Duration;

use kithkin::{Kithkin, Person, Retention, Scope, TenantId};
use tokio::sync::Semaphore;

use crate::background::{Background, Kept};
use crate::keys::{Key, Keys, Refused};
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::proxy::Upstream;
use crate::serve::Limits;

/// Calls of the facade that run at once. Recalls keep the processors busy; writes wait for the disk.
const AT_ONCE: usize = 32;
/// Calls that wait at most; more are turned away.
const WAITING: usize = 1_024;
/// So long after it was written nothing is derived of what is said to the proxy.
const REPLY_FIRST: Duration = Duration::from_millis(20);

/// What a service is made of.
#[derive(Debug)]
pub struct Settings {
    /// Whose persons are served.
    pub tenant: TenantId,
    /// The model behind the proxy; without one there is no proxy.
    pub upstream: Option<Upstream>,
    /// Who may use it; without keys, whoever reaches it.
    pub keys: Option<Keys>,
    /// Tokens that the block of memories takes at most in a request to the proxy, where the request does not say.
    pub memory_tokens: usize,
    /// What a client may take of it.
    pub limits: Limits,
    /// The folder with past runs of the lab, for its page.
    pub lab: Option<std::path::PathBuf>,
    /// How long turns, feedback and disclosures are kept of the tenants that are served.
    pub retention: Vec<Retention>,
    /// A folder for receipts of what is erased by them; without one there are none.
    pub retention_receipts: Option<std::path::PathBuf>,
}

impl Settings {
    /// The settings of a service without a proxy.
    pub fn new(tenant: TenantId) -> Self {
        let limits = Limits::default();
        let (retention, retention_receipts) = (Vec::new(), None);
        Self {
            tenant,
            upstream: None,
            keys: None,
            memory_tokens: 1_500,
            limits,
            lab: None,
            retention,
            retention_receipts,
        }
    }
}

/// A service over one store. A clone is the same service.
#[derive(Debug, Clone)]
pub struct Service(Arc<State>);

#[derive(Debug)]
struct State {
    kithkin: Arc<Kithkin>,
    settings: Settings,
    running: Semaphore,
    background: Background,
    metrics: Metrics,
}

impl Service {
    /// A service; what is still to be derived is taken up at once.
    pub fn new(kithkin: Kithkin, settings: Settings) -> Self {
        let kithkin = Arc::new(kithkin);
        let mut tenants = settings.keys.as_ref().map(Keys::tenants).unwrap_or_default();
        tenants.insert(settings.tenant.clone());
        let kept = Kept {
            tenants: tenants.into_iter().collect(),
            rules: settings.retention.clone(),
            receipts: settings.retention_receipts.clone(),
        };
        let background = Background::start(Arc::clone(&kithkin), kept);
        let metrics = Metrics::new();
        Self(Arc::new(State { kithkin, settings, running: Semaphore::new(AT_ONCE), background, metrics }))
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    pub(crate) fn background(&self) -> &Background {
        &self.0.background
    }

    /// What the engine uses.
    pub(crate) fn usage(&self) -> kithkin::Usage {
        self.0.kithkin.usage()
    }

    /// Whether callers need a key.
    pub(crate) fn has_keys(&self) -> bool {
        self.0.settings.keys.is_some()
    }

    /// The name of the chat model, where there is one.
    pub(crate) fn chat_name(&self) -> Option<&str> {
        self.0.kithkin.chat_name()
    }

    /// The key that a caller gives.
    pub(crate) async fn key(&self, secret: String) -> Result<Key, Problem> {
        let state = Arc::clone(&self.0);
        // A key that is seen for the first time takes as long as its hash does.
        let checked = tokio::task::spawn_blocking(move || state.settings.keys.as_ref().map(|keys| keys.check(&secret)));
        match checked.await {
            Ok(Some(Ok(key))) => Ok(key),
            Ok(Some(Err(Refused::TooFast))) => {
                Err(Problem::too_many("the key is used more often in a second than it is good for; slow down"))
            }
            Ok(Some(Err(Refused::TooMany))) => Err(Problem::too_many("too many wrong keys were sent; wait a second")),
            Ok(Some(Err(Refused::Unknown)) | None) => {
                Err(Problem::unauthorised("the key is not one of this service, or no longer"))
            }
            Err(_panicked) => Err(Problem::internal()),
        }
    }

    /// Runs work on a thread that may block. Work that has begun is done even if nobody waits for it any more.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Kithkin) -> Result<T, kithkin::Error> + Send + 'static,
    ) -> Result<T, Problem> {
        let waiting = self.0.metrics.waiting();
        if waiting.count() > WAITING {
            return Err(Problem::busy(format!("more than {WAITING} requests wait; try again later")));
        }
        let _permit = self.0.running.acquire().await.map_err(|_closed| Problem::internal())?;
        drop(waiting);
        let kithkin = Arc::clone(&self.0.kithkin);
        match tokio::task::spawn_blocking(move || work(&kithkin)).await {
            Ok(done) => Ok(done?),
            Err(panicked) => {
                tracing::error!(error = %panicked, "the work of a request panicked");
                Err(Problem::internal())
            }
        }
    }

    /// The same for one person.
    pub(crate) async fn person<T: Send + 'static>(
        &self,
        scope: &Scope,
        work: impl FnOnce(&Person<'_>) -> Result<T, kithkin::Error> + Send + 'static,
    ) -> Result<T, Problem> {
        let scope = scope.clone();
        self.run(move |kithkin| work(&kithkin.person(&scope))).await
    }

    /// Something was written down of a person: what follows from it is derived behind.
    pub(crate) fn written(&self, scope: &Scope) {
        self.0.background.add(scope.clone(), Duration::ZERO);
    }

    /// The same, of what is written while somebody waits for a reply: they have the processors first.
    pub(crate) fn written_meanwhile(&self, scope: &Scope) {
        self.0.background.add(scope.clone(), REPLY_FIRST);
    }

    /// Ends what runs behind. What is not derived by then is taken up by the next service.
    pub(crate) fn stop(&self) {
        self.0.background.stop();
    }
}
