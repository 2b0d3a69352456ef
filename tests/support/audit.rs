//! Audit logs that tests look into.

use std::{io, sync::Mutex};

use turingbox::audit::{Audit, Record};

/// Keeps what is written.
#[derive(Default)]
pub struct Records(pub Mutex<Vec<Record>>);

impl Audit for Records {
    fn record(&self, record: &Record) -> io::Result<()> {
        self.0.lock().unwrap().push(record.clone());
        Ok(())
    }
}

/// Can't be written any more.
pub struct Full;

impl Audit for Full {
    fn record(&self, _: &Record) -> io::Result<()> {
        Err(io::ErrorKind::StorageFull.into())
    }
}
