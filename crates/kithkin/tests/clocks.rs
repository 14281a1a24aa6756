//! Clocks that jump or are wrong: what was erased and told again is told again, and what was said to one node is found by
//! another, whatever time it is said to be.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use kithkin::{Clock, Forget, Kithkin, Millis, Now, Recall, Remember, Scope};

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

/// Two nodes on one store, of which one's clock is wrong: each finds at once what was said to the other.
#[test]
fn a_node_with_a_wrong_clock_hides_nothing() {
    let check = |wrong: Millis| {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("a.db");
        let node = |builder: kithkin::Builder, at: Millis| {
            let clock = Told::default();
            clock.0.store(at, Ordering::Relaxed);
            builder.clock_object(Arc::new(clock)).start()
        };
        let right = node(Kithkin::create(&place).unwrap(), 1_790_000_000_000);
        let other = node(Kithkin::open(&place).unwrap(), wrong);
        let ann = Scope::new("t".parse().unwrap(), "ann".parse().unwrap());
        for (told, asked, text) in
            [(&right, &other, "My cat is called Minka."), (&other, &right, "My horse is called Pepper.")]
        {
            told.person(&ann).remember(&Remember::new(text)).unwrap();
            let method = Some(Kithkin::method("bm25").unwrap());
            let question = Recall { method, ..Recall::new(text, Now::Clock) };
            let found = asked.person(&ann).recall(&question).unwrap();
            assert!(found.evidence.iter().any(|turn| turn.text == text), "{wrong}: {text}");
        }
    };
    check(0);
    check(1_000_000_000_000);
    check(4_000_000_000_000);
}
