//! A place on this machine that answers every call alike, and counts them.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub struct Published {
    pub url: String,
    calls: Arc<AtomicUsize>,
}

impl Published {
    /// Where this body is answered with this status.
    pub fn new(status: u16, body: String) -> Self {
        Self::raw(format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()))
    }

    /// Where these bytes are the answer; without any the connection stays open.
    pub fn raw(answer: String) -> Self {
        let (listener, calls) = (TcpListener::bind("127.0.0.1:0").unwrap(), Arc::new(AtomicUsize::new(0)));
        let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let counted = calls.clone();
        std::thread::spawn(move || {
            let mut open = Vec::new();
            for stream in listener.incoming() {
                let (mut stream, mut asked) = (stream.unwrap(), [0; 4096]);
                counted.fetch_add(1, Ordering::SeqCst);
                let _ = stream.read(&mut asked);
                if answer.is_empty() {
                    open.push(stream);
                } else {
                    let _ = stream.write_all(answer.as_bytes());
                }
            }
        });
        Self { url, calls }
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        reqwest::Url::parse(&self.url).unwrap().port().unwrap()
    }

    /// How often it was called.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}
