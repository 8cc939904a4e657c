//! Who writes to SQLite. It has one writer; those of this process come one after the other, in the order they asked, so
//! that a long change made in steps lets short ones in between, which SQLite's own waiting does not promise.

use super::conn::DatabaseUrl;
use crate::error::{Code, Error, Result};
use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// The turn to write: of everyone at once on PostgreSQL, of one at a time on SQLite.
pub struct Turn {
    single: bool,
    queue: Mutex<Queue>,
    moved: Condvar,
}

#[derive(Default)]
struct Queue {
    next: u64,
    serving: u64,
    /// Those who gave up before they were served.
    gone: BTreeSet<u64>,
}

impl Queue {
    fn advance(&mut self) {
        self.serving += 1;
        while self.gone.remove(&self.serving) {
            self.serving += 1;
        }
    }
}

/// Writing, until it is dropped.
pub struct Taken(Option<Arc<Turn>>);

impl Turn {
    pub fn new(url: &DatabaseUrl) -> Self {
        Self { single: matches!(url, DatabaseUrl::Sqlite(_)), queue: Mutex::default(), moved: Condvar::new() }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the turn.
    ///
    /// # Errors
    /// `overloaded` where it does not come in time.
    pub fn take(self: &Arc<Self>, until: Instant) -> Result<Taken> {
        if !self.single {
            return Ok(Taken(None));
        }
        let mut queue = self.queue();
        let mine = queue.next;
        queue.next += 1;
        while queue.serving != mine {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                queue.gone.insert(mine);
                return Err(Error::new(Code::Overloaded).context("another change took too long"));
            }
            queue = self.moved.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(Taken(Some(self.clone())))
    }

    /// Whether somebody waits for the turn, or has it.
    pub fn is_wanted(&self) -> bool {
        let queue = self.queue();
        queue.serving != queue.next
    }

    /// The turn, where nobody has it.
    pub fn take_now(self: &Arc<Self>) -> Option<Taken> {
        let mut queue = self.queue();
        let free = self.single && queue.serving == queue.next;
        free.then(|| {
            queue.next += 1;
            Taken(Some(self.clone()))
        })
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if let Some(turn) = &self.0 {
            turn.queue().advance();
            turn.moved.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn turn() -> Arc<Turn> {
        Arc::new(Turn::new(&DatabaseUrl::Sqlite("a".to_owned())))
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(5)
    }

    #[test]
    fn turns_come_in_the_order_they_were_asked_for() {
        let turn = turn();
        let first = turn.take(soon()).unwrap();
        let (served, order) = std::sync::mpsc::channel();
        let mut waiting = Vec::new();
        for number in 0..5 {
            let (own, served) = (turn.clone(), served.clone());
            waiting.push(std::thread::spawn(move || {
                let _taken = own.take(soon()).unwrap();
                served.send(number).unwrap();
            }));
            while turn.queue().next != number + 2 {
                std::thread::yield_now();
            }
        }
        drop(first);
        waiting.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(order.try_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn who_gives_up_waiting_holds_up_nobody() {
        let turn = turn();
        let first = turn.take(soon()).unwrap();
        assert!(turn.take(Instant::now()).is_err() && turn.take_now().is_none());
        drop(first);
        assert!(turn.take_now().is_some() && turn.take(soon()).is_ok());
    }
}
