//! All pages on one thread.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use mio::{Events, Poll};

use crate::page::{Heard, Page};

/// All pages.
pub(crate) struct Crowd {
    poll: Poll,
    events: Events,
    pub(crate) pages: Vec<Page>,
    server: SocketAddr,
    dice: u64,
    /// What the server refused, first of all.
    pub(crate) refusal: Option<String>,
}

impl Crowd {
    pub(crate) fn new(pages: Vec<Page>, server: SocketAddr) -> io::Result<Self> {
        let poll = Poll::new()?;
        Ok(Self {
            poll,
            events: Events::with_capacity(1_024),
            pages,
            server,
            dice: 0x9E37_79B9,
            refusal: None,
        })
    }

    pub(crate) fn ready(&self) -> usize {
        self.pages.iter().filter(|page| page.is_ready()).count()
    }

    /// Lets a page connect.
    pub(crate) fn connect(&mut self, index: usize) -> io::Result<()> {
        let Some(page) = self.pages.get_mut(index) else { return Ok(()) };
        page.connect(self.server, self.poll.registry())
    }

    /// Carries on until `until` or `done`, which sees every push with the page that got it.
    pub(crate) fn run(
        &mut self,
        until: Instant,
        mut done: impl FnMut(&Self, usize, &str) -> bool,
    ) -> io::Result<()> {
        let mut heard = Vec::new();
        loop {
            let now = Instant::now();
            if now >= until || self.refusal.is_some() {
                return Ok(());
            }
            self.retry(now)?;
            self.poll.poll(&mut self.events, Some(Duration::from_millis(5).min(until - now)))?;
            let indices: Vec<_> = self.events.iter().map(|event| event.token().0).collect();
            for index in indices {
                if let Some(page) = self.pages.get_mut(index) {
                    page.handle_event(&mut heard);
                }
                for news in std::mem::take(&mut heard) {
                    match news {
                        Heard::Ready => {
                            if done(self, index, "") {
                                return Ok(());
                            }
                        }
                        Heard::Push(text) => {
                            if done(self, index, &text) {
                                return Ok(());
                            }
                        }
                        Heard::Lost => self.lost(index),
                        Heard::Refused(reason) => self.refusal = Some(reason),
                    }
                }
            }
        }
    }

    fn lost(&mut self, index: usize) {
        // xorshift: pages must not come back in step.
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        let chance = (self.dice >> 11) as f64 / (1_u64 << 53) as f64;
        if let Some(page) = self.pages.get_mut(index) {
            page.schedule_retry(Instant::now(), chance);
        }
    }

    fn retry(&mut self, now: Instant) -> io::Result<()> {
        for index in 0..self.pages.len() {
            let is_due = self.pages.get(index).and_then(|page| page.retry_at).is_some_and(|at| at <= now);
            if is_due {
                self.connect(index)?;
            }
        }
        Ok(())
    }
}
