//! `sunup down`: undoes exactly what `up` did, from the journal; also after a run that was killed.

use std::path::Path;
use std::process::ExitCode;

use crate::cli::Down;
use crate::journal::{self, Entry, Undo};
use crate::kernel::{Kernel, KernelError};
use crate::profile::handover::ExitPolicy;
use crate::state;

/// Undoes it. Exit code 0: nothing of sunup is left (of the links named); 1: something could not be undone; 2: no such link.
pub(super) fn run(arguments: &Down) -> ExitCode {
    crate::log::start(arguments.verbose);
    match down(arguments) {
        Ok(code) => code,
        Err(error) => {
            log::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn down(arguments: &Down) -> Result<ExitCode, KernelError> {
    let entries = match journal::read(&arguments.root) {
        Ok(entries) => journal::fold(entries),
        Err(error) => {
            log::error!("what was done cannot be read: {}/journal: {error}", journal::FOLDER);
            return Ok(ExitCode::FAILURE);
        }
    };
    let mut kernel = Kernel::open()?;
    kernel.require_permission()?;
    let Some(chosen) = choose(&mut kernel, arguments, &entries)? else { return Ok(ExitCode::from(2)) };
    let (now, later): (Vec<Entry>, Vec<Entry>) = entries.into_iter().partition(|entry| chosen.has(entry));
    // What is left of links that are not named: the host's own things stay as long as one does.
    let rest = later.iter().any(|entry| entry.ifindex != 0);
    let (now, later) = if rest { (now, later) } else { whole(now, later) };
    let (mut undone, mut all) = (vec![true; now.len()], true);
    let mut fail = |index: usize| {
        all = false;
        undone.iter_mut().skip(index).take(1).for_each(|one| *one = false);
    };
    for (index, error) in kernel.undo(&now)? {
        log::warn!("{error}");
        fail(index);
    }
    for (index, error) in state::undo::restore(&arguments.root, &now) {
        log::warn!("{}: {}", error.path.display(), error.error);
        fail(index);
    }
    let failed: Vec<&Entry> = now.iter().zip(&undone).filter(|(_, undone)| !**undone).map(|(entry, _)| entry).collect();
    let stays = |entry: &Entry, undone: bool| !undone || failed.iter().any(|failed| needs(failed, entry));
    let left = now.iter().zip(&undone).filter(|(entry, undone)| stays(entry, **undone)).map(|(entry, _)| entry.clone());
    let left: Vec<Entry> = left.chain(later).collect();
    let finished = finish(&arguments.root, &left, &chosen);
    Ok(if all && finished { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// True if `failed`, a file that could not be given back, is given back another time only with `entry`: what was written there, and
/// the folders it is in.
fn needs(failed: &Entry, entry: &Entry) -> bool {
    match (&failed.undo, &entry.undo) {
        (Undo::File(_), Undo::Wrote(_)) => failed.object == entry.object,
        (Undo::File(_), Undo::Directory) => Path::new(&failed.object).starts_with(&entry.object),
        _ => false,
    }
}

/// Without anything of a link left, the rest goes too; in the order of the journal, which sorts by nothing else.
fn whole(now: Vec<Entry>, later: Vec<Entry>) -> (Vec<Entry>, Vec<Entry>) {
    (later.into_iter().chain(now).collect(), Vec::new())
}

/// False if the journal still says what is done already.
fn finish(root: &Path, left: &[Entry], chosen: &Chosen) -> bool {
    let finished = state::undo::finish(root, left).inspect_err(|error| log::warn!("{}: {error}", journal::FOLDER));
    if let (false, Chosen::Links(links)) = (left.is_empty(), chosen) {
        let links: Vec<u32> = links.iter().map(|(ifindex, _)| *ifindex).collect();
        state::amend::mark_down(root, &links);
    }
    finished.is_ok()
}

/// Which entries are undone.
enum Chosen {
    /// All.
    All,
    /// Those of these links, by index and name.
    Links(Vec<(u32, String)>),
}

impl Chosen {
    fn has(&self, entry: &Entry) -> bool {
        match self {
            Self::All => true,
            Self::Links(links) => links
                .iter()
                .any(|(ifindex, name)| entry.ifindex == *ifindex || entry.object.starts_with(&format!("link {name} "))),
        }
    }
}

/// The links whose exit policy is flush; all, if all that sunup remembers are.
fn flushed(arguments: &Down) -> Chosen {
    let remembered = state::memory::read(&arguments.root);
    let (flush, stay): (Vec<_>, Vec<_>) = remembered.into_iter().partition(|link| link.exit == ExitPolicy::Flush);
    match (flush.is_empty(), stay.is_empty()) {
        (false, true) => Chosen::All,
        _ => Chosen::Links(flush.into_iter().map(|link| (link.ifindex, link.name)).collect()),
    }
}

/// The links named. `None`: one of them is none of sunup's; said.
fn choose(kernel: &mut Kernel, arguments: &Down, entries: &[Entry]) -> Result<Option<Chosen>, KernelError> {
    if arguments.flush {
        return Ok(Some(flushed(arguments)));
    }
    if arguments.links.is_empty() {
        return Ok(Some(Chosen::All));
    }
    let snapshot = kernel.survey()?;
    let mut chosen = Vec::new();
    for name in &arguments.links {
        let found = snapshot.links.iter().find(|link| link.name == *name).map(|link| link.ifindex);
        match found.filter(|ifindex| entries.iter().any(|entry| entry.ifindex == *ifindex)) {
            Some(ifindex) => chosen.push((ifindex, name.clone())),
            None => {
                eprintln!("sunup: {name}: sunup has made nothing of such a link; 'sunup status' names those it has");
                return Ok(None);
            }
        }
    }
    Ok(Some(Chosen::Links(chosen)))
}
