//! The compiler's counters: how often the program came to each of its places.

/// All of them; none without `-C instrument-coverage` and `--cfg ewsd_coverage`.
#[cfg(ewsd_coverage)]
pub fn all() -> &'static mut [u64] {
    unsafe extern "C" {
        fn __llvm_profile_begin_counters() -> *mut u64;
        fn __llvm_profile_end_counters() -> *mut u64;
    }
    // SAFETY: the runtime that `-C instrument-coverage` links in says where its counters lie, which is for as long as the
    // process lives. Nobody else holds a reference; the instrumented code writes them through its own addresses, and only this
    // thread runs such code while it looks at them (one that watches is not instrumented enough to matter: a count that it
    // raises is a count).
    unsafe {
        let (begin, end) = (__llvm_profile_begin_counters(), __llvm_profile_end_counters());
        let length = usize::try_from(end.offset_from(begin)).unwrap_or(0);
        std::slice::from_raw_parts_mut(begin, length)
    }
}

#[cfg(not(ewsd_coverage))]
pub fn all() -> &'static mut [u64] {
    &mut []
}
