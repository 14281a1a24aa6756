//! A layer between SQLite and the system's files, the default one of this process once [`install`] was called.
//!
//! Each call counts as one at which a fault may strike (`faults.rs`), and each write is noted until it is synced
//! (`disk.rs`). All else is the system's own layer, which does the work; nothing is really synced, since what the power
//! takes is decided by the list of what was not. Files are as SQLite wants them: a record that begins with the table of its
//! methods, here followed by what is kept beside the file, and then by the record of the layer below.
#![allow(unsafe_code)]

use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use rusqlite::ffi::{self, SQLITE_OK, sqlite3_file, sqlite3_filename, sqlite3_int64, sqlite3_io_methods, sqlite3_vfs};

use crate::disk::{self, Unsynced};
use crate::faults::{self, Kind};

/// The layer below.
static BELOW: AtomicPtr<sqlite3_vfs> = AtomicPtr::new(std::ptr::null_mut());

/// Files whose writes the power may take: not those that have no name.
const KEPT: c_int = ffi::SQLITE_OPEN_MAIN_DB | ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_WAL;

/// An open file; the record of the layer below follows it.
#[repr(C)]
struct File {
    base: sqlite3_file,
    /// From `Box::into_raw`; null for a file that has no name.
    unsynced: *mut Unsynced,
}

const METHODS: sqlite3_io_methods = sqlite3_io_methods {
    // Without mapped memory: what is written there would pass by.
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// The table that all files point to. It is only read.
struct Table(sqlite3_io_methods);

// SAFETY: it holds addresses of functions, which any thread may read.
unsafe impl Sync for Table {}

static TABLE: Table = Table(METHODS);

/// Whether a sync says that it is done and does nothing.
static LIES: AtomicBool = AtomicBool::new(false);

/// Makes this layer the default one; on a disk that lies, nothing that is said to be synced is.
///
/// # Errors
/// SQLite does not take it.
pub(crate) fn install(lies: bool) -> anyhow::Result<()> {
    LIES.store(lies, Ordering::Relaxed);
    // SAFETY: a null name asks for the default layer, which lives as long as the process; what is registered is leaked, so
    // that it does so, too. It is a copy of the layer below, whose functions for names, time and chance take no notice of
    // which layer they are called for; the two that do are replaced.
    let taken = unsafe {
        let below = ffi::sqlite3_vfs_find(std::ptr::null());
        anyhow::ensure!(!below.is_null(), "SQLite has no layer for files");
        BELOW.store(below, Ordering::Release);
        let header = c_int::try_from(size_of::<File>())?;
        let layer = Box::leak(Box::new(sqlite3_vfs {
            iVersion: 2,
            szOsFile: header + (*below).szOsFile,
            pNext: std::ptr::null_mut(),
            zName: c"torture".as_ptr(),
            xOpen: Some(open),
            xDelete: Some(delete),
            ..*below
        }));
        ffi::sqlite3_vfs_register(layer, 1)
    };
    anyhow::ensure!(taken == SQLITE_OK, "SQLite does not take the layer: {taken}");
    Ok(())
}

/// The record of the layer below.
///
/// # Safety
/// `file` is one that SQLite has allocated for this layer.
unsafe fn below(file: *mut sqlite3_file) -> *mut sqlite3_file {
    // SAFETY: SQLite allocates `szOsFile` bytes, which are a `File` and the record below; both are aligned to 8 bytes.
    unsafe { file.cast::<File>().add(1).cast() }
}

/// Calls a method of the layer below. It is for blocks of unsafe code, with a file that is open.
macro_rules! pass {
    ($file:expr, $method:ident $(, $value:expr)*) => {{
        let file = below($file);
        match (*(*file).pMethods).$method {
            Some(method) => method(file $(, $value)*),
            None => ffi::SQLITE_IOERR,
        }
    }};
}

/// Ends the process where this layer itself fails: nothing that it would say of the store were true.
#[allow(clippy::print_stderr, reason = "the process that reads this ends the run")]
fn broken(what: &str, error: &std::io::Error) -> c_int {
    eprintln!("the layer below the store failed at {what}: {error}");
    std::process::abort()
}

unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    name: sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    let vfs = BELOW.load(Ordering::Acquire);
    // SAFETY: SQLite hands in a record of `szOsFile` bytes, and a name that lives as long as the file, with its parameters
    // behind it, as the layer below wants both. `xClose` is called for what has methods, and for nothing else.
    unsafe {
        (*file).pMethods = std::ptr::null();
        if faults::step().is_some() {
            return ffi::SQLITE_CANTOPEN;
        }
        let Some(open) = (*vfs).xOpen else { return ffi::SQLITE_CANTOPEN };
        let opened = open(vfs, name, below(file), flags, out);
        if opened != SQLITE_OK {
            return opened;
        }
        let kept = flags & KEPT != 0 && !name.is_null();
        let unsynced = kept.then(|| Unsynced::of(path_of(name.cast())));
        (*file.cast::<File>()).unsynced = match unsynced {
            None => std::ptr::null_mut(),
            Some(Ok(unsynced)) => Box::into_raw(Box::new(unsynced)),
            Some(Err(error)) => return broken("opening", &error),
        };
        (*file).pMethods = &raw const TABLE.0;
        opened
    }
}

/// # Safety
/// `name` ends with a zero byte and lives as long as the result is used.
unsafe fn path_of<'a>(name: *const c_char) -> &'a Path {
    // SAFETY: as the caller says.
    Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(name) }.to_bytes()))
}

/// The list beside the file, if it has one.
///
/// # Safety
/// `file` is open, and not closed while the result is used.
unsafe fn unsynced<'a>(file: *mut sqlite3_file) -> Option<&'a Unsynced> {
    // SAFETY: as the caller says; the pointer is null or comes from a box that `close` takes back.
    unsafe { (*file.cast::<File>()).unsynced.as_ref() }
}

unsafe extern "C" fn delete(_: *mut sqlite3_vfs, name: *const c_char, sync_folder: c_int) -> c_int {
    if faults::step().is_some() {
        return ffi::SQLITE_IOERR_DELETE;
    }
    // SAFETY: SQLite hands in a name that ends with a zero byte.
    match disk::delete(unsafe { path_of(name) }, sync_folder != 0) {
        Ok(()) => SQLITE_OK,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => ffi::SQLITE_IOERR_DELETE_NOENT,
        Err(error) => broken("deleting", &error),
    }
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: SQLite closes a file once, and does not use it afterwards.
    unsafe {
        let unsynced = (*file.cast::<File>()).unsynced;
        if !unsynced.is_null() {
            drop(Box::from_raw(unsynced));
        }
        pass!(file, xClose)
    }
}

unsafe extern "C" fn read(file: *mut sqlite3_file, into: *mut c_void, amount: c_int, at: sqlite3_int64) -> c_int {
    if faults::step().is_some() {
        return ffi::SQLITE_IOERR_READ;
    }
    // SAFETY: what SQLite hands in is handed on.
    unsafe { pass!(file, xRead, into, amount, at) }
}

/// The bytes of an open file from a place on, at most so many, and how long it is.
///
/// # Safety
/// `file` is open.
unsafe fn content(file: *mut sqlite3_file, at: u64, most: u64) -> Result<(Vec<u8>, u64), c_int> {
    let mut size: sqlite3_int64 = 0;
    // SAFETY: as the caller says; the buffer is as long as is said.
    unsafe {
        match pass!(file, xFileSize, &raw mut size) {
            SQLITE_OK => {}
            failed => return Err(failed),
        }
        let size = size.cast_unsigned();
        let mut bytes = vec![0; usize::try_from(size.saturating_sub(at).min(most)).unwrap_or(0)];
        let amount = c_int::try_from(bytes.len()).unwrap_or(c_int::MAX);
        if amount > 0 {
            match pass!(file, xRead, bytes.as_mut_ptr().cast(), amount, at.cast_signed()) {
                SQLITE_OK => {}
                failed => return Err(failed),
            }
        }
        Ok((bytes, size))
    }
}

/// Writes, and notes what was there.
///
/// # Safety
/// As of the method `xWrite`.
unsafe fn put(file: *mut sqlite3_file, data: *const c_void, amount: c_int, at: sqlite3_int64) -> c_int {
    // SAFETY: as the caller says: `data` is `amount` bytes long.
    unsafe {
        let Some(list) = unsynced(file) else { return pass!(file, xWrite, data, amount, at) };
        let after = std::slice::from_raw_parts(data.cast::<u8>(), usize::try_from(amount).unwrap_or(0));
        let (before, size) = match content(file, at.cast_unsigned(), after.len() as u64) {
            Ok(content) => content,
            Err(failed) => return failed,
        };
        let place = (at.cast_unsigned(), size);
        let written = list.write(place, &before, after, || pass!(file, xWrite, data, amount, at));
        written.unwrap_or_else(|error| broken("writing", &error))
    }
}

unsafe extern "C" fn write(file: *mut sqlite3_file, data: *const c_void, amount: c_int, at: sqlite3_int64) -> c_int {
    let kind = faults::step_of_write();
    let part = match kind {
        None => amount,
        Some(Kind::Error) => return ffi::SQLITE_IOERR_WRITE,
        Some(_) => amount / 2,
    };
    // SAFETY: what SQLite hands in is handed on, or the first half of it.
    let written = unsafe { put(file, data, part, at) };
    match kind {
        Some(Kind::Torn) => faults::die(),
        Some(Kind::Full) => ffi::SQLITE_FULL,
        Some(_) => ffi::SQLITE_IOERR_WRITE,
        None => written,
    }
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, to: sqlite3_int64) -> c_int {
    if faults::step().is_some() {
        return ffi::SQLITE_IOERR_TRUNCATE;
    }
    // SAFETY: SQLite hands in a file that is open.
    unsafe {
        let Some(list) = unsynced(file) else { return pass!(file, xTruncate, to) };
        let (before, size) = match content(file, to.cast_unsigned(), u64::MAX) {
            Ok(content) => content,
            Err(failed) => return failed,
        };
        let done = list.truncate((to.cast_unsigned(), size), &before, || pass!(file, xTruncate, to));
        done.unwrap_or_else(|error| broken("truncating", &error))
    }
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, _: c_int) -> c_int {
    if faults::step().is_some() {
        return ffi::SQLITE_IOERR_FSYNC;
    }
    if LIES.load(Ordering::Relaxed) {
        return SQLITE_OK;
    }
    // SAFETY: SQLite hands in a file that is open.
    let Some(list) = (unsafe { unsynced(file) }) else { return SQLITE_OK };
    match list.synced() {
        Ok(()) => SQLITE_OK,
        Err(error) => broken("syncing", &error),
    }
}

unsafe extern "C" fn file_size(file: *mut sqlite3_file, size: *mut sqlite3_int64) -> c_int {
    if faults::step().is_some() {
        return ffi::SQLITE_IOERR_FSTAT;
    }
    // SAFETY: what SQLite hands in is handed on.
    unsafe { pass!(file, xFileSize, size) }
}

unsafe extern "C" fn lock(file: *mut sqlite3_file, level: c_int) -> c_int {
    if faults::step().is_some() {
        return ffi::SQLITE_IOERR_LOCK;
    }
    // SAFETY: what SQLite hands in is handed on.
    unsafe { pass!(file, xLock, level) }
}

// A lock is given back whatever happens, or nobody could go on; the process may end before it is.
unsafe extern "C" fn unlock(file: *mut sqlite3_file, level: c_int) -> c_int {
    faults::step();
    // SAFETY: what SQLite hands in is handed on.
    unsafe { pass!(file, xUnlock, level) }
}

unsafe extern "C" fn check_reserved_lock(file: *mut sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: what SQLite hands in is handed on.
    unsafe { pass!(file, xCheckReservedLock, out) }
}

unsafe extern "C" fn file_control(file: *mut sqlite3_file, op: c_int, argument: *mut c_void) -> c_int {
    // SAFETY: what SQLite hands in is handed on.
    unsafe { pass!(file, xFileControl, op, argument) }
}

unsafe extern "C" fn sector_size(file: *mut sqlite3_file) -> c_int {
    // SAFETY: what SQLite hands in is handed on.
    unsafe { pass!(file, xSectorSize) }
}

unsafe extern "C" fn device_characteristics(file: *mut sqlite3_file) -> c_int {
    // SAFETY: what SQLite hands in is handed on.
    unsafe { pass!(file, xDeviceCharacteristics) }
}

unsafe extern "C" fn shm_map(
    file: *mut sqlite3_file,
    page: c_int,
    size: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    match faults::step() {
        Some(Kind::Full) => return ffi::SQLITE_IOERR_SHMSIZE,
        Some(_) => return ffi::SQLITE_IOERR_SHMMAP,
        None => {}
    }
    // SAFETY: what SQLite hands in is handed on.
    unsafe { pass!(file, xShmMap, page, size, extend, out) }
}

unsafe extern "C" fn shm_lock(file: *mut sqlite3_file, at: c_int, count: c_int, flags: c_int) -> c_int {
    let fails = faults::step().is_some();
    // As of other locks: it is given back whatever happens.
    if fails && flags & ffi::SQLITE_SHM_UNLOCK == 0 {
        return ffi::SQLITE_IOERR_SHMLOCK;
    }
    // SAFETY: what SQLite hands in is handed on.
    unsafe { pass!(file, xShmLock, at, count, flags) }
}

unsafe extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    faults::step();
    // SAFETY: what SQLite hands in is handed on.
    unsafe {
        let file = below(file);
        if let Some(barrier) = (*(*file).pMethods).xShmBarrier {
            barrier(file);
        }
    }
}

unsafe extern "C" fn shm_unmap(file: *mut sqlite3_file, delete: c_int) -> c_int {
    // SAFETY: what SQLite hands in is handed on.
    unsafe { pass!(file, xShmUnmap, delete) }
}
