//! Clients that are slow, silent, gone, old or absurd cost a bounded amount, and others are served meanwhile. Over sockets.
//!
//! Limits are set low here; what is waited for is that they hold at all, not when.

use std::net::SocketAddr;
use std::time::Duration;

use kithkin::Kithkin;
use kithkin_server::{Limits, Service, Settings, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::harness::settings;

/// Longer than any limit that a test sets; a wait that lasts as long has failed.
const LONG: Duration = Duration::from_secs(60);

/// A limit that is soon reached.
const SOON: Duration = Duration::from_millis(300);

/// A service over an empty store on a free port, until it is told to stop.
struct Served {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
}

async fn served(limits: Limits) -> Served {
    let service = Service::new(Kithkin::in_memory().start(), Settings { limits, ..settings() });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let ended = tokio::spawn(serve(listener, service, async { drop(stopped.await) }));
    Served { address, stop, ended }
}

impl Served {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes and reads until the service closes the connection.
    async fn answer(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        // The service may answer and close before all is sent.
        let _ = stream.write_all(bytes).await;
        rest(&mut stream).await
    }

    /// A request that has nothing to do with the others is answered.
    async fn serves(&self) {
        let answer = self.answer(&get("/v1/persons", "")).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    async fn stops(self) {
        let _ = self.stop.send(());
        tokio::time::timeout(LONG, self.ended).await.unwrap().unwrap();
    }
}

/// What comes until the connection ends, in whichever way.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(LONG, stream.read_to_end(&mut bytes)).await;
    assert!(read.is_ok(), "the connection stays open after {:?}", String::from_utf8_lossy(&bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A request whose answer is the last of its connection, unless its headers say otherwise.
fn get(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n").into_bytes()
}

fn post(path: &str, length: usize, body: &str) -> Vec<u8> {
    let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n");
    format!("{head}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes()
}

const TURNS: &str = "/v1/persons/ann/turns";

fn turn(text: &str) -> String {
    format!("{{\"turns\": [{{\"text\": \"{text}\"}}]}}")
}

/// Sends a byte again and again for as long as the connection takes it.
async fn dribble(mut stream: TcpStream, byte: u8) -> String {
    let (mut reading, mut writing) = stream.split();
    let mut told = Vec::new();
    let sending = async {
        while writing.write_all(&[byte]).await.is_ok() {
            tokio::time::sleep(SOON / 20).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        read = tokio::time::timeout(LONG, reading.read_to_end(&mut told)) => {
            assert!(read.is_ok(), "the connection stays open after {:?}", String::from_utf8_lossy(&told));
        }
        () = sending => {}
    }
    String::from_utf8_lossy(&told).into_owned()
}

#[tokio::test]
async fn heads_that_do_not_end_are_not_waited_for() {
    let served = served(Limits { connections: 8, head: SOON, ..Limits::default() }).await;
    let mut held = Vec::new();
    for begun in ["", "G", "GET /livez HTTP/1.1\r\n", "GET /livez HTTP/1.1\r\nHost: "] {
        for _ in 0..2 {
            let mut stream = served.connect().await;
            stream.write_all(begun.as_bytes()).await.unwrap();
            held.push(tokio::spawn(dribble(stream, b'a')));
        }
    }
    // All places are taken; the next is served once they are free again.
    served.serves().await;
    for slow in held {
        let told = slow.await.unwrap();
        assert!(!told.contains(" 200 "), "{told}");
    }
    let mut silent = served.connect().await;
    assert_eq!(rest(&mut silent).await, "");
    let mut idle = served.connect().await;
    idle.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    assert!(
        rest(&mut idle).await.ends_with("alive\n"),
        "a connection that was of use ends as well when nothing follows"
    );
    served.stops().await;
}

#[tokio::test]
async fn bodies_that_do_not_end_are_not_waited_for() {
    let check = async |limits: Limits, body: &str, status: &str| {
        let served = served(limits).await;
        let mut stream = served.connect().await;
        stream.write_all(&post(TURNS, 100_000, body)).await.unwrap();
        let told = dribble(stream, b' ').await;
        assert!(told.starts_with(&format!("HTTP/1.1 {status}")), "{told}");
        served.serves().await;
        let kept = served.answer(&get(TURNS, "")).await;
        assert!(!kept.contains("half"), "{kept}");
        served.stops().await;
    };
    check(Limits { body: SOON, ..Limits::default() }, &turn("half a"), "408").await;
    check(Limits { body: SOON, ..Limits::default() }, "", "408").await;
}

#[tokio::test]
async fn a_body_that_pauses_is_not_waited_for() {
    let served = served(Limits { pause: SOON, ..Limits::default() }).await;
    let told = served.answer(&post(TURNS, 100_000, &turn("half a"))).await;
    assert!(told.starts_with("HTTP/1.1 400"), "{told}");
    served.serves().await;
    served.stops().await;
}

/// How many files this process may have open.
fn files() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap_or_default();
    line.split_whitespace().nth(3).and_then(|soft| soft.parse().ok()).unwrap_or(256)
}

#[tokio::test]
async fn thousands_of_idle_connections_hinder_nobody() {
    let served = served(Limits::default()).await;
    // Both ends of each are in this process.
    let count = (files().saturating_sub(200) / 2).min(9_900);
    let mut idle = Vec::with_capacity(count);
    for _ in 0..count {
        idle.push(served.connect().await);
    }
    served.serves().await;
    let metrics = served.answer(&get("/metrics", "")).await;
    assert!(metrics.contains(&format!("kithkin_connections {}", count + 1)), "{count}: {metrics}");
    drop(idle);
    served.serves().await;
    served.stops().await;
}

#[tokio::test]
async fn clients_that_hang_up_leave_nothing_behind() {
    let served = served(Limits::default()).await;
    let whole = post(TURNS, turn("gone").len(), &turn("gone"));
    let head = whole.len() - turn("gone").len();
    for end in [1, head / 2, head, head + 4, whole.len() - 1] {
        for _ in 0..50 {
            let mut stream = served.connect().await;
            stream.write_all(&whole[..end]).await.unwrap();
        }
    }
    served.serves().await;
    let kept = served.answer(&get("/v1/persons", "")).await;
    assert!(kept.contains("\"persons\":[]"), "what was not sent whole is not remembered: {kept}");
    // One that leaves when all is sent may or may not be heard; the service goes on.
    for _ in 0..50 {
        served.connect().await.write_all(&whole).await.unwrap();
    }
    served.serves().await;
    served.stops().await;
}

#[tokio::test]
async fn half_closed_connections_come_to_an_end() {
    let served = served(Limits::default()).await;
    let whole = post(TURNS, turn("x").len(), &turn("x"));
    for end in [0, 10, whole.len() - 3, whole.len()] {
        let mut stream = served.connect().await;
        stream.write_all(&whole[..end]).await.unwrap();
        stream.shutdown().await.unwrap();
        let told = rest(&mut stream).await;
        assert!(end == whole.len() || !told.contains(" 201 "), "{told}");
    }
    served.serves().await;
    served.stops().await;
}

#[tokio::test]
async fn old_clients_are_answered() {
    let served = served(Limits::default()).await;
    let told = served.answer(b"GET /livez HTTP/1.0\r\n\r\n").await;
    assert!(told.starts_with("HTTP/1.0 200") && told.ends_with("alive\n"), "{told}");
    let body = turn("My dog is called Rex.");
    let head =
        format!("POST {TURNS} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
    let told = served.answer((head + &body).as_bytes()).await;
    assert!(told.starts_with("HTTP/1.0 201"), "{told}");
    // Chunks are of HTTP/1.1; what has no length ends with its connection.
    let told = served.answer(b"GET /v1/persons/ann/export HTTP/1.0\r\n\r\n").await;
    assert!(told.contains("Rex") && !told.to_lowercase().contains("transfer-encoding"), "{told}");
    let told = served.answer(b"GET /livez HTTP/9.9\r\n\r\n").await;
    assert!(!told.contains(" 200 "), "{told}");
    served.stops().await;
}

#[tokio::test]
async fn absurd_heads_are_refused() {
    let served = served(Limits::default()).await;
    let many: String = (0..1_000).map(|n| format!("X-{n}: 1\r\n")).collect();
    let check = async |bytes: Vec<u8>, status: &str| {
        let told = served.answer(&bytes).await;
        assert!(told.starts_with(&format!("HTTP/1.1 {status}")), "{told}");
    };
    check(get("/livez", &format!("X-Large: {}\r\n", "a".repeat(60_000))), "200").await;
    check(get("/livez", &format!("X-Large: {}\r\n", "a".repeat(1 << 20))), "431").await;
    check(get("/livez", &many), "431").await;
    check(get(&format!("/{}", "a".repeat(70_000)), ""), "431").await;
    check(b"\0\x01\x02 / HTTP/1.1\r\n\r\n".to_vec(), "400").await;
    check(get("/livez", "Content-Length: 99999999999999999999999\r\n"), "400").await;
    served.serves().await;
    served.stops().await;
}

#[tokio::test]
async fn answers_that_nobody_reads_are_given_up() {
    let served = served(Limits { unread: SOON, ..Limits::default() }).await;
    // Far more than the buffers of a connection hold.
    for _ in 0..20 {
        let body = turn(&"word ".repeat(400_000));
        let told = served.answer(&post(TURNS, body.len(), &body)).await;
        assert!(told.starts_with("HTTP/1.1 201"), "{told}");
    }
    // As many as may work at once: while they wait for their readers, nobody else is served.
    let mut unread = Vec::new();
    for _ in 0..32 {
        let mut stream = served.connect().await;
        stream.write_all(&get("/v1/persons/ann/export", "")).await.unwrap();
        let mut begun = [0; 10_000];
        stream.read_exact(&mut begun).await.unwrap();
        unread.push(stream);
    }
    served.serves().await;
    served.stops().await;
}

#[tokio::test]
async fn idle_connections_do_not_keep_a_service_from_stopping() {
    let served = served(Limits { head: LONG * 10, ..Limits::default() }).await;
    let mut idle = Vec::new();
    for n in 0..20 {
        let mut stream = served.connect().await;
        if n % 2 == 0 {
            stream.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
            let mut buffer = [0; 4096];
            assert!(stream.read(&mut buffer).await.unwrap() > 0);
        }
        idle.push(stream);
    }
    served.stops().await;
}
