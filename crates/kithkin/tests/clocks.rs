//! A clock that jumps: what was erased and told again is told again, whatever time it is said to be.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use kithkin::{Clock, Forget, Kithkin, Millis, Now, Remember, Scope};

#[derive(Debug, Default)]
struct Told(AtomicI64);

impl Clock for Told {
    fn now(&self) -> Millis {
        self.0.load(Ordering::Relaxed)
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

#[test]
fn a_receipt_goes_by_places() {
    let check = |erased_at: Millis, told_at: Millis| {
        let clock = Arc::new(Told::default());
        let kithkin = Kithkin::in_memory().clock_object(Arc::clone(&clock) as Arc<dyn Clock>).start();
        let ann = kithkin.person(&Scope::new("t".parse().unwrap(), "ann".parse().unwrap()));
        let say = |id: &str, text: &str| {
            let id = Some(id.parse().unwrap());
            ann.remember(&Remember { id, ..Remember::new(text) }).unwrap();
        };
        clock.0.store(erased_at, Ordering::Relaxed);
        say("1", "My dog is called Rex.");
        say("2", "My dog is called Rex.");
        let what = Forget::Turns(vec!["1".parse().unwrap()], None);
        let receipt = ann.forget_with_receipt(&what, Now::Clock).unwrap().receipt.unwrap();
        clock.0.store(told_at, Ordering::Relaxed);
        say("1", "My dog is called Rex.");
        say("3", "My dog is called Rex.");
        let found = kithkin.verify_erasure(&receipt).unwrap();
        assert!(found.gone, "{erased_at} and {told_at}: {:?}", found.findings);
        assert_eq!((found.told_again, found.same_words), (1, 1), "{erased_at} and {told_at}");
    };
    let (early, late) = (1_000_000_000_000, 1_700_000_000_000);
    check(early, early);
    check(early, late);
    check(late, early);
}
