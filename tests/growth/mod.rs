//! Whether work grows in proportion to its input, by measuring: octets asked of the allocator, octets that come out, rows of
//! a database, and the processor time of the thread (and of whoever works for it) where none of them tells: a scan that goes
//! over the same octets again allocates nothing. `make growth` builds with the compiler's counters and counts steps as well,
//! the same number in every run: how often the program came to any of its places.
//!
//! A binary of its own includes this file by `#[path]`, names `Counting` its `#[global_allocator]`, and calls `linear`
//! with a table of units. The clock on the wall is not asked: what else runs on the machine changes nothing.

#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing)]

mod counters;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// Work on twice the input may be so many times the work, and the time.
const MOST: f64 = 2.2;
/// Doublings measured.
const DOUBLINGS: usize = 3;
/// Times each size is run; the least counts.
const ROUNDS: usize = 5;
/// How often the smallest size is doubled where the first round looked faster than linear.
const LARGER: usize = 2;
/// The square over all doublings takes 64 times the time: nothing else on the machine makes so much of eight times the work,
/// and there is no need to look again.
const SURE: f64 = 40.0;
/// The least time that is compared: work that takes less is run more often.
const LEAST: Duration = Duration::from_millis(5);
/// Octets of the smallest input.
const SMALLEST: usize = 8 << 10;
/// Allocations below this are buffers of a fixed size and their like.
const FEW: f64 = 4096.0;
/// Fewer steps are those of beginning and ending.
const FEW_STEPS: f64 = 16384.0;
/// Fewer rows are those of the account, its folders and their like.
const FEW_ROWS: f64 = 64.0;

thread_local! {
    /// Octets asked for in all.
    static ASKED: Cell<u64> = const { Cell::new(0) };
    /// Octets held now, and the most of them since that was last asked.
    static HELD: Cell<i64> = const { Cell::new(0) };
    static HIGHEST: Cell<i64> = const { Cell::new(0) };
}

/// The system's allocator, which adds up what each thread asks of it and gives back.
pub struct Counting;

fn count(octets: i64) {
    // A thread that ends has no counters any more.
    let _ = HELD.try_with(|held| {
        held.set(held.get() + octets);
        let _ = HIGHEST.try_with(|highest| highest.set(highest.get().max(held.get())));
    });
    if let Ok(octets @ 1..) = u64::try_from(octets) {
        let _ = ASKED.try_with(|asked| asked.set(asked.get() + octets));
    }
}

// SAFETY: every call is handed on as it came to the system's allocator; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: the caller's promise is this one's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        // SAFETY: the caller's promise is this one's.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as i64 - layout.size() as i64);
        // SAFETY: the caller's promise is this one's.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// What repeats: `before`, so many times `unit`, `after`. `{n}` in the unit is the number of the repetition.
#[derive(Clone, Copy)]
pub struct Unit<'a> {
    pub before: &'a str,
    pub unit: &'a str,
    pub after: &'a str,
}

impl<'a> From<&'a str> for Unit<'a> {
    fn from(unit: &'a str) -> Self {
        Unit { before: "", unit, after: "" }
    }
}

impl<'a> From<(&'a str, &'a str, &'a str)> for Unit<'a> {
    fn from((before, unit, after): (&'a str, &'a str, &'a str)) -> Self {
        Unit { before, unit, after }
    }
}

impl Unit<'_> {
    fn times(&self, count: usize) -> String {
        let repeated = match self.unit.split_once("{n}") {
            Some((left, right)) => (0..count).map(|number| format!("{left}{number}{right}")).collect(),
            None => self.unit.repeat(count),
        };
        [self.before, &repeated, self.after].concat()
    }
}

/// What one run took.
#[derive(Clone, Copy, Debug)]
struct Cost {
    asked: f64,
    out: f64,
    /// None where nobody counts them.
    steps: f64,
    rows: f64,
    time: f64,
}

/// Who works for this thread elsewhere: rows looked at or written so far, and the processor time that took.
pub type Others<'a> = &'a dyn Fn() -> (u64, Duration);

/// Steps taken so far, by whichever thread.
fn steps() -> u64 {
    counters::all().iter().fold(0, |sum, count| sum.wrapping_add(*count))
}

fn thread_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap().into()
}

/// The cost of running so often: what is small enough to stay in the processor's caches is run many times, for a size that
/// does not is measured by its memory.
fn measure(input: &str, often: u32, work: &impl Fn(&str) -> usize, others: Others) -> Cost {
    let (rows, elsewhere) = others();
    let (asked, before, time) = (ASKED.get(), steps(), thread_time());
    let out: usize = (0..often).map(|_| work(input)).sum();
    let (asked, time) = (ASKED.get() - asked, thread_time() - time);
    let steps = steps().wrapping_sub(before);
    let (rows, elsewhere) = {
        let (now, taken) = others();
        (now - rows, taken - elsewhere)
    };
    let each = |count: u64| count as f64 / f64::from(often);
    let time = (time + elsewhere).as_secs_f64();
    Cost { asked: each(asked), out: each(out as u64), steps: each(steps), rows: each(rows), time }
}

/// The most octets that `work` holds at one time, beside what was there before.
pub fn peak<T>(work: impl FnOnce() -> T) -> usize {
    let before = HELD.get();
    HIGHEST.set(before);
    drop(work());
    usize::try_from(HIGHEST.get() - before).unwrap_or(0)
}

/// The units for which `work`, which answers the octets that it made, grows faster than its input; one line for each.
pub fn faster_than_linear<'a>(
    units: impl IntoIterator<Item = impl Into<Unit<'a>>>,
    work: impl Fn(&str) -> usize,
) -> Vec<String> {
    faster_than_linear_with(units, work, &|| (0, Duration::ZERO))
}

/// The same of work that others do a part of.
pub fn faster_than_linear_with<'a>(
    units: impl IntoIterator<Item = impl Into<Unit<'a>>>,
    work: impl Fn(&str) -> usize,
    others: Others,
) -> Vec<String> {
    units.into_iter().filter_map(|unit| grows(unit.into(), &work, others)).collect()
}

/// None: in proportion.
fn grows(unit: Unit<'_>, work: &impl Fn(&str) -> usize, others: Others) -> Option<String> {
    let count = SMALLEST.div_ceil(unit.unit.len());
    let once = measure(&unit.times(count), 1, work, others).time.max(1e-6);
    let often = (LEAST.as_secs_f64() / once).ceil() as u32;
    let mut told = None;
    for rounds in 1..=ROUNDS {
        // Larger inputs too, where what grows faster shows more and what else the machine does shows less.
        let larger = (rounds - 1).min(LARGER);
        let costs = costs(unit, count << larger, (often >> larger).max(1), work, others, rounds);
        told = counts_grow(&costs).or_else(|| time_grows(&costs));
        if told.is_none() || ends(&costs, |cost| cost.time) > SURE {
            break;
        }
    }
    told.map(|told| format!("{:?} {count} times: {told}", unit.unit))
}

/// The least cost of each size.
fn costs(
    unit: Unit<'_>,
    count: usize,
    often: u32,
    work: &impl Fn(&str) -> usize,
    others: Others,
    rounds: usize,
) -> Vec<Cost> {
    let inputs: Vec<String> = (0..=DOUBLINGS).map(|doubling| unit.times(count << doubling)).collect();
    let least = |input: &String| {
        let runs = (0..rounds).map(|_| measure(input, often, work, others));
        runs.min_by(|a, b| a.time.total_cmp(&b.time)).unwrap()
    };
    inputs.iter().map(least).collect()
}

/// Over all doublings: one of them alone may fall together with what else the machine does.
fn time_grows(costs: &[Cost]) -> Option<String> {
    (ends(costs, |cost| cost.time) > MOST.powi(DOUBLINGS as i32)).then(|| format!("processor time {costs:?}"))
}

fn counts_grow(costs: &[Cost]) -> Option<String> {
    // Buffers that double in size are twice as large for little more: the first and the last tell.
    let most = MOST.powi(DOUBLINGS as i32);
    let asked = ends(costs, |cost| cost.asked.max(FEW));
    if asked > 2.0 * most {
        return Some(format!("octets allocated {costs:?}"));
    }
    ratio("octets written", costs, |cost| cost.out.max(FEW))
        .or_else(|| ratio("steps", costs, |cost| cost.steps.max(FEW_STEPS)))
        .or_else(|| ratio("rows", costs, |cost| cost.rows.max(FEW_ROWS)))
}

/// The largest by the smallest.
fn ends(costs: &[Cost], of: impl Fn(&Cost) -> f64) -> f64 {
    of(costs.last().unwrap()) / of(costs.first().unwrap())
}

fn ratio(what: &str, costs: &[Cost], of: impl Fn(&Cost) -> f64) -> Option<String> {
    let over = costs.windows(2).any(|pair| of(&pair[1]) > MOST * of(&pair[0]));
    over.then(|| format!("{what} {costs:?}"))
}
