//! The fuzzers' way in: any bytes become name servers that answer over time.

use std::time::Duration;

use super::{Client, Config, Input, Query, Transmit};
use crate::proto::{Instant, Output};

/// How long a look-up may take here.
const LIMIT: Duration = Duration::from_secs(20);

/// What is asked for; and so that each order of candidates is met.
const NAMES: [&str; 4] = ["vpn", "vpn.example", "vpn.example.", "a.b.c.d.e.example"];

/// A look-up and what came of it.
struct Run {
    client: Client,
    now: Instant,
    asked: Vec<Transmit>,
    /// How often an end was told.
    ends: usize,
}

/// The first three bytes are the name, the number of servers and of search domains. Then steps: what happens, to which question, how many
/// bytes, and the bytes. Panics if something that must always hold does not.
#[allow(clippy::missing_panics_doc, reason = "a panic is how a fuzzer is told")]
pub fn drive(data: &[u8]) {
    let Some((&[name, servers, search], mut rest)) = data.split_first_chunk() else { return };
    let servers = (0..servers % 12).map(|n| ([192, 0, 2, n], 53).into()).collect();
    let search = (0..search % 9).map(|n| format!("d{n}.example")).collect();
    let start = Instant::from_millis(1_000);
    let config = Config { servers, search, deadline: start + LIMIT, seed: u64::from(name) };
    let name = NAMES.iter().cycle().nth(usize::from(name)).copied().unwrap_or_default();
    let mut run = Run { client: Client::new(name, config, start), now: start, asked: Vec::new(), ends: 0 };
    run.drain();
    while let Some((&[step, which, length], more)) = rest.split_first_chunk() {
        let (bytes, more) = more.split_at(more.len().min(usize::from(length)));
        rest = more;
        run.step(step, which, bytes);
        run.drain();
    }
    run.now = start + LIMIT;
    run.client.handle(run.now, Input::Timeout);
    run.drain();
    assert_eq!(run.ends, 1, "it ends, and once");
    assert_eq!(run.client.poll(), Output::WaitUntil(None), "and then it is quiet");
}

impl Run {
    fn step(&mut self, step: u8, which: u8, bytes: &[u8]) {
        let asked = self.asked.iter().rev().nth(usize::from(which) % 8).cloned();
        match (step % 8, asked) {
            (0, _) => self.now = self.now + Duration::from_millis(u64::from(which) * 20),
            (1, Some(asked)) => self.client.handle(self.now, Input::Failed(asked.query)),
            (2, Some(asked)) => self.client.handle(self.now, Input::Answer(asked.query, bytes)),
            (3, _) => self.client.handle(self.now, Input::Answer(Query(which.into()), bytes)),
            (_, Some(asked)) => {
                let answer = answer(&asked.payload, bytes);
                self.client.handle(self.now, Input::Answer(asked.query, &answer));
            }
            (_, None) => {}
        }
        self.client.handle(self.now, Input::Timeout);
    }

    fn drain(&mut self) {
        for _ in 0..100 {
            match self.client.poll() {
                Output::Transmit(transmit) => {
                    assert!(self.ends == 0, "nothing is asked after the end");
                    assert!(
                        (18..=300).contains(&transmit.payload.len()) && transmit.payload.get(4..6) == Some(&[0, 1])
                    );
                    assert!(self.asked.iter().all(|other| other.query != transmit.query), "every question has a name");
                    self.asked.push(transmit);
                }
                Output::Event(result) => {
                    self.ends += 1;
                    assert!(result.is_ok_and(|all| matches!(all.len(), 1..=32)) || self.ends == 1);
                }
                Output::WaitUntil(Some(until)) => return assert!(until > self.now, "it waits for the past"),
                Output::WaitUntil(None) => return assert!(self.ends == 1, "it waits for nothing"),
            }
        }
        panic!("it does not end");
    }
}

/// The question turned into an answer: code of the answer (16: cut off), number of records, then the records themselves.
fn answer(question: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut answer = question.to_vec();
    let (&[code, records], rest) = bytes.split_first_chunk().unwrap_or((&[0, 0], &[]));
    for (at, value) in [(2, 0x81 | ((code >> 3) & 2)), (3, 0x80 | (code % 6)), (7, records)] {
        answer.iter_mut().skip(at).take(1).for_each(|byte| *byte = value);
    }
    answer.extend(rest);
    answer
}
