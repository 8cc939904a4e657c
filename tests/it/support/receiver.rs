//! Somebody who is told of changes: an address that keeps what comes, and answers as the test says.

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::Value;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A message as it came.
#[derive(Debug, Clone)]
pub struct Message {
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Message {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(other, _)| other == name).map_or("", |(_, value)| value)
    }

    pub fn event(&self) -> Value {
        serde_json::from_str(&self.body).expect("a message is JSON")
    }
}

#[derive(Default)]
struct State {
    asked: AtomicUsize,
    messages: Mutex<Vec<Message>>,
    /// The status to answer with, and after how long.
    answer: Mutex<(u16, Duration)>,
}

pub struct Receiver {
    pub url: String,
    state: Arc<State>,
    server: ServerHandle,
}

async fn receive(state: web::Data<Arc<State>>, request: HttpRequest, body: String) -> HttpResponse {
    let text = |value: &actix_web::http::header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let headers = request.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let (status, delay) = *state.answer.lock().expect("it is never held for long");
    state.asked.fetch_add(1, Ordering::Relaxed);
    actix_web::rt::time::sleep(delay).await;
    state.messages.lock().expect("it is never held for long").push(Message { headers, body });
    let mut answer = HttpResponse::build(StatusCode::from_u16(status).expect("a status"));
    answer.insert_header(("location", "/elsewhere")).finish()
}

impl Receiver {
    pub fn start() -> Self {
        Self::at("127.0.0.1:0")
    }

    /// One that listens at this address.
    pub fn at(address: &str) -> Self {
        let state = Arc::new(State::default());
        let shared = state.clone();
        let app = move || App::new().app_data(web::Data::new(shared.clone())).default_service(web::to(receive));
        let server = HttpServer::new(app).workers(1).bind(address).expect("a free port");
        let url = format!("http://{}/changes", server.addrs()[0]);
        let server = server.disable_signals().run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        let receiver = Self { url, state, server: handle };
        receiver.answer(200);
        receiver
    }

    /// Goes away: from then on nobody listens at its address, which is returned.
    pub async fn go_away(self) -> String {
        self.server.stop(false).await;
        self.url.trim_start_matches("http://").trim_end_matches("/changes").to_owned()
    }

    /// Answers so from now on.
    pub fn answer(&self, status: u16) {
        self.answer_after(status, Duration::ZERO);
    }

    pub fn answer_after(&self, status: u16, delay: Duration) {
        *self.state.answer.lock().expect("it is never held for long") = (status, delay);
    }

    /// How many messages came, those that are not answered yet too.
    pub fn asked(&self) -> usize {
        self.state.asked.load(Ordering::Relaxed)
    }

    /// Everything that came and was answered.
    pub fn messages(&self) -> Vec<Message> {
        self.state.messages.lock().expect("it is never held for long").clone()
    }

    /// What became of what, of all that came.
    pub fn told(&self) -> Vec<String> {
        let told = |message: &Message| {
            let event = message.event();
            let word = |name: &str| event[name].as_str().unwrap_or("-").to_owned();
            format!("{} {}", word("type"), word("subject"))
        };
        self.messages().iter().map(told).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}
